//===- Normalisation.cpp - Batch norm: sums and affine maps ---------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "OperatorSupport.h"

namespace lacuna::operators {

namespace {

/// Channels whose lane sums fit in a small array on the stack.
constexpr int64_t kChannelChunk = 16;
constexpr int64_t kMaxKinds = 2;

/// Lane sums of one chunk of channels: [channel][kind][lane].
using LaneSums =
    std::array<double, kChannelChunk * kMaxKinds * kMaxPipelineLanes>;

/// (lane, pixel, channel, block).
View<4> blocksView(const float *data, const TensorShape &shape,
                   int64_t channels, int64_t blocks) {
  return {data,
          {{{shape.lanes, 1},
            {shape.height * shape.width, shape.lanes},
            {channels, shape.plane()},
            {blocks, shape.block()}}}};
}

View<3> planesView(const float *data, const TensorShape &shape,
                   int64_t channels) {
  return {data,
          {{{shape.lanes, 1},
            {shape.height * shape.width, shape.lanes},
            {channels, shape.plane()}}}};
}

/// Adds neighbours in a fixed tree; destroys the lanes.
double sumOfLanes(double *lanes, int64_t count) {
  for (int64_t half = count / 2; half > 0; half /= 2)
    for (int64_t i = 0; i < half; ++i)
      lanes[i] += lanes[i + half];
  return lanes[0];
}

/// For every channel, calls store(channel, sums) with the sums of `kinds`
/// quantities over images and pixels. call(first float, first channel,
/// channels, blocks, lane sums) runs a pipeline over whole blocks.
template <typename Call, typename Store>
void reduceChannels(ThreadPool &pool, const TensorShape &shape, int64_t kinds,
                    const Call &call, const Store &store) {
  int64_t lanes = shape.lanes;
  int64_t fullBlocks = shape.images / lanes, tailImages = shape.images % lanes;
  int64_t blocksPerCall =
      std::max<int64_t>(1, kMaxFloatsPerCall / shape.block());
  int64_t channelsPerCall =
      std::clamp<int64_t>(kMaxFloatsPerCall / shape.plane(), 1, kChannelChunk);

  auto reduceChunk = [&](int64_t first, int64_t channels) {
    LaneSums total{}, part;
    int64_t used = channels * kinds * lanes;
    for (int64_t block = 0; block < fullBlocks; block += blocksPerCall) {
      int64_t blocks = std::min(blocksPerCall, fullBlocks - block);
      call(block * shape.block() + first * shape.plane(), first, channels,
           blocks, part.data());
      for (int64_t i = 0; i < used; ++i)
        total[static_cast<size_t>(i)] += part[static_cast<size_t>(i)];
    }
    if (tailImages) {
      call(fullBlocks * shape.block() + first * shape.plane(), first, channels,
           1, part.data());
      for (int64_t i = 0; i < used; ++i)
        if (i % lanes < tailImages)
          total[static_cast<size_t>(i)] += part[static_cast<size_t>(i)];
    }
    for (int64_t c = 0; c < channels; ++c) {
      std::array<double, kMaxKinds> sums{};
      for (int64_t kind = 0; kind < kinds; ++kind)
        sums[static_cast<size_t>(kind)] =
            sumOfLanes(total.data() + (c * kinds + kind) * lanes, lanes);
      store(first + c, sums);
    }
  };

  pool.run(shape.channels, [&](int, int64_t begin, int64_t end) {
    for (; begin < end; begin += channelsPerCall)
      reduceChunk(begin, std::min(channelsPerCall, end - begin));
  });
}

View<3> sumsView(double *sums, int64_t lanes, int64_t kinds, int64_t channels) {
  return {sums, {{{lanes, 1}, {kinds, lanes}, {channels, kinds * lanes}}}};
}

} // namespace

void batchStatistics(ThreadPool &pool, const Tensor &input, float *mean,
                     float *variance) {
  const TensorShape &shape = input.shape();
  Operands operands("batchStatistics");
  operands.require(shape.images > 0, "there are no images");
  operands.requirePlane(shape);
  const Pipelines &pipelines = pipelinesFor(shape.lanes);
  double count = static_cast<double>(shape.images) *
                 static_cast<double>(shape.height * shape.width);
  reduceChannels(
      pool, shape, 2,
      [&](int64_t offset, int64_t, int64_t channels, int64_t blocks,
          double *sums) {
        verifyCall(
            pipelines.channel_moments(
                blocksView(input.data() + offset, shape, channels, blocks),
                sumsView(sums, shape.lanes, 2, channels)),
            "channel_moments");
      },
      [&](int64_t channel, const std::array<double, kMaxKinds> &sums) {
        double average = sums[0] / count;
        double spread = sums[1] / count - average * average;
        mean[channel] = static_cast<float>(average);
        // Rounding may take a constant channel just below zero. NaN stays.
        variance[channel] = static_cast<float>(spread < 0 ? 0 : spread);
      });
}

void batchNormReduce(ThreadPool &pool, const Tensor &input,
                     const Tensor &gradient, const float *mean,
                     float *gradientSum, float *gradientDot) {
  const TensorShape &shape = input.shape();
  Operands operands("batchNormReduce");
  operands.requireSameShape(input, gradient);
  operands.requirePlane(shape);
  const Pipelines &pipelines = pipelinesFor(shape.lanes);
  reduceChannels(
      pool, shape, 2,
      [&](int64_t offset, int64_t first, int64_t channels, int64_t blocks,
          double *sums) {
        View<4> source =
            blocksView(input.data() + offset, shape, channels, blocks);
        View<4> slope =
            blocksView(gradient.data() + offset, shape, channels, blocks);
        View<1> centre = channelView(mean + first, channels);
        View<3> result = sumsView(sums, shape.lanes, 2, channels);
        verifyCall(pipelines.batch_norm_sums(source, slope, centre, result),
                   "batch_norm_sums");
      },
      [&](int64_t channel, const std::array<double, kMaxKinds> &sums) {
        gradientSum[channel] = static_cast<float>(sums[0]);
        gradientDot[channel] = static_cast<float>(sums[1]);
      });
}

void channelSum(ThreadPool &pool, const Tensor &gradient, float *sum) {
  const TensorShape &shape = gradient.shape();
  Operands("channelSum").requirePlane(shape);
  const Pipelines &pipelines = pipelinesFor(shape.lanes);
  reduceChannels(
      pool, shape, 1,
      [&](int64_t offset, int64_t, int64_t channels, int64_t blocks,
          double *sums) {
        verifyCall(
            pipelines.channel_sums(
                blocksView(gradient.data() + offset, shape, channels, blocks),
                sumsView(sums, shape.lanes, 1, channels)),
            "channel_sums");
      },
      [&](int64_t channel, const std::array<double, kMaxKinds> &sums) {
        sum[channel] = static_cast<float>(sums[0]);
      });
}

void scaleShift(ThreadPool &pool, const Tensor &input, const float *scale,
                const float *shift, const Tensor *residual, bool relu,
                Tensor &output) {
  const TensorShape shape = input.shape();
  Operands operands("scaleShift");
  operands.requirePlane(shape);
  if (residual)
    operands.requireSameShape(input, *residual);
  const Pipelines &pipelines = pipelinesFor(shape.lanes);
  output.reshape(shape);
  forEachChannelRange(
      pool, shape, [&](int64_t block, int64_t first, int64_t channels) {
        int64_t offset = block * shape.block() + first * shape.plane();
        View<3> source = planesView(input.data() + offset, shape, channels);
        View<3> result = planesView(output.data() + offset, shape, channels);
        View<1> factor = channelView(scale + first, channels);
        View<1> addend = channelView(shift + first, channels);
        if (residual) {
          auto pipeline =
              relu ? pipelines.scale_shift_add_relu : pipelines.scale_shift_add;
          verifyCall(
              pipeline(source, factor, addend,
                       planesView(residual->data() + offset, shape, channels),
                       result),
              "scale_shift_add");
        } else {
          auto pipeline =
              relu ? pipelines.scale_shift_relu : pipelines.scale_shift;
          verifyCall(pipeline(source, factor, addend, result), "scale_shift");
        }
      });
}

void affineCombine(ThreadPool &pool, const Tensor &gradient,
                   const Tensor &input, const float *a, const float *b,
                   const float *c, Tensor &inputGradient) {
  const TensorShape shape = input.shape();
  Operands operands("affineCombine");
  operands.requireSameShape(gradient, input);
  operands.requirePlane(shape);
  const Pipelines &pipelines = pipelinesFor(shape.lanes);
  inputGradient.reshape(shape);
  forEachChannelRange(
      pool, shape, [&](int64_t block, int64_t first, int64_t channels) {
        int64_t offset = block * shape.block() + first * shape.plane();
        auto valid = static_cast<int32_t>(
            std::min(shape.lanes, shape.images - block * shape.lanes));
        View<3> slope = planesView(gradient.data() + offset, shape, channels);
        View<3> source = planesView(input.data() + offset, shape, channels);
        View<3> result =
            planesView(inputGradient.data() + offset, shape, channels);
        View<1> rowA = channelView(a + first, channels);
        View<1> rowB = channelView(b + first, channels);
        View<1> rowC = channelView(c + first, channels);
        verifyCall(pipelines.affine_combine(slope, source, rowA, rowB, rowC,
                                            valid, result),
                   "affine_combine");
      });
}

} // namespace lacuna::operators
