//===- FusedProblem.cpp - Kernels with fusions and their truth ------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FusedProblem.h"

#include "lacuna/Runtime/Tensor.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <stdexcept>
#include <string>

namespace lacuna::testing {

namespace {

constexpr float kUnwritten = std::numeric_limits<float>::quiet_NaN();

std::vector<float> randomFloats(size_t count, uint32_t seed) {
  std::mt19937 engine(seed);
  std::uniform_real_distribution<float> draw(-1, 1);
  std::vector<float> values(count);
  for (float &value : values)
    value = draw(engine);
  return values;
}

GuardedArray<float> blocked(const TensorShape &shape,
                            const std::vector<float> &plain, Flush flush) {
  Tensor tensor(shape);
  toBlocked(plain.data(), tensor);
  return {tensor.data(), shape.floats(), flush};
}

/// Not by GoogleTest, which device_check does without.
void verifyInside(bool intact, const Kernel &kernel, const char *memory) {
  if (!intact)
    throw std::runtime_error(kernel.name + " wrote beside " + memory);
}

/// Adds up a kernel's statistics, without the lanes of padding images.
std::vector<float> sumsOf(const StreamLayout &layout, int64_t images,
                          const GuardedArray<float> &statistics) {
  int64_t lanes = layout.schedule.lanes, rows = layout.tileRows();
  std::vector<float> sums;
  for (int64_t c = 0; c < layout.targetChannels; ++c)
    for (int64_t kind = 0; kind < 2; ++kind) {
      double sum = 0;
      for (int64_t image = 0; image < images; ++image)
        for (int64_t row = 0; row < rows; ++row) {
          int64_t slot = (image / lanes * rows + row) * layout.targetChannels;
          sum += statistics[((slot + c) * 2 + kind) * lanes + image % lanes];
        }
      sums.push_back(float(sum));
    }
  return sums;
}

} // namespace

FusedProblem::FusedProblem(const ProblemShape &shape, Operation operation,
                           const Fusion &fusion)
    : layer(shape), operation(operation), fusion(fusion) {
  auto channels = size_t(layer.geometry.inChannels);
  scale = randomFloats(channels, 4);
  shift = randomFloats(channels, 5);
  mean = randomFloats(channels, 3);
  addend = randomFloats(layer.input.size(), 1);
  output = randomFloats(layer.input.size(), 2);
}

size_t FusedProblem::inputChannel(size_t element) const {
  return element / size_t(layer.inputPlane()) %
         size_t(layer.geometry.inChannels);
}

bool FusedProblem::passed(size_t element) const {
  size_t c = inputChannel(element);
  return (fusion.normResidual
              ? output[element]
              : std::fma(layer.input[element], scale[c], shift[c])) > 0;
}

FusedResult<double> FusedProblem::truth() const {
  LayerProblem problem = layer;
  if (fusion.normalise)
    for (size_t i = 0; i < problem.input.size(); ++i) {
      size_t c = inputChannel(i);
      problem.input[i] =
          std::max(std::fma(problem.input[i], scale[c], shift[c]), 0.0f);
    }
  FusedResult<double> result{problem.truth(operation, fusion.bias), {}};
  for (size_t i = 0; i < result.values.size(); ++i) {
    if (fusion.accumulate)
      result.values[i] += double(addend[i]);
    if (fusion.normGradient && !passed(i))
      result.values[i] = 0;
  }
  if (!fusion.statistics && !fusion.normGradient)
    return result;
  bool forward = operation == Operation::Forward;
  const Geometry &g = layer.geometry;
  auto channels = size_t(forward ? g.outChannels : g.inChannels);
  auto plane = size_t(forward ? layer.outputPlane() : layer.inputPlane());
  result.sums.resize(channels * 2);
  for (size_t i = 0; i < result.values.size(); ++i) {
    size_t c = i / plane % channels;
    double value = result.values[i];
    result.sums[2 * c] += value;
    result.sums[2 * c + 1] +=
        value * (forward ? value : double(layer.input[i]) - double(mean[c]));
  }
  return result;
}

FusedResult<float> FusedProblem::run(const Kernel &kernel, ThreadPool &pool,
                                     Flush flush) const {
  const StreamLayout &layout = kernel.layout;
  const Geometry &g = layer.geometry;
  int64_t lanes = layout.schedule.lanes, images = layer.images;
  TensorShape inputs{images, g.inChannels, g.input.height, g.input.width,
                     lanes};
  TensorShape outputs{images, g.outChannels, g.output().height,
                      g.output().width, lanes};
  auto unwritten = [&](int64_t count) {
    return GuardedArray<float>(count, kUnwritten, flush);
  };
  GuardedArray<float> input = blocked(inputs, layer.input, flush);
  GuardedArray<float> gradient = blocked(outputs, layer.gradient, flush);
  GuardedArray<float> normOutput = blocked(inputs, output, flush);
  GuardedArray<float> bias(layer.bias, flush), scales(scale, flush),
      shifts(shift, flush), means(mean, flush);

  Streams streams = packStreams(layout, layer.active);
  GuardedArray<int32_t> offsets(streams.offsets, flush);
  GuardedArray<uint16_t> indices(streams.indices, flush);
  GuardedArray<float> values(streams.values(), 0, flush);
  for (int64_t i = 0; i < values.size(); ++i)
    values[i] = layer.weights[streams.valueOrder[size_t(i)]];
  bool toWeights = operation == Operation::GradWeight;
  bool toInput = operation == Operation::GradInput;
  const TensorShape &targets = toInput ? inputs : outputs;
  GuardedArray<float> target = blocked(
      targets,
      fusion.accumulate
          ? addend
          : std::vector<float>(toInput ? addend.size() : layer.gradient.size(),
                               kUnwritten),
      flush);
  GuardedArray<float> weightGradient = unwritten(streams.values());
  GuardedArray<float> laneSums = unwritten(streams.values() * lanes);
  // They need not be cleared.
  GuardedArray<float> statistics =
      unwritten(layout.statisticsFloats(inputs.blocks()));
  std::vector<GuardedArray<float>> scratches;
  for (int thread = 0; thread < pool.threads(); ++thread)
    scratches.push_back(unwritten(layout.scratchFloats()));

  lacuna_kernel_operands operands{};
  operands.source = toInput ? gradient.data() : input.data();
  operands.gradient = gradient.data();
  operands.values = values.data();
  operands.offsets = offsets.data();
  operands.indices = indices.data();
  operands.bias = bias.data();
  operands.source_scale = scales.data();
  operands.source_shift = shifts.data();
  operands.statistics = statistics.data();
  operands.result = toWeights ? weightGradient.data() : target.data();
  operands.lanes = laneSums.data();
  operands.norm_input = input.data();
  operands.norm_output = normOutput.data();
  operands.norm_mean = means.data();
  operands.batch_blocks = inputs.blocks();
  pool.run(layout.workItems(inputs.blocks()),
           [&](int thread, int64_t begin, int64_t end) {
             lacuna_kernel_operands own = operands;
             own.scratch = scratches[size_t(thread)].data();
             kernel.entry(&own, begin, end);
           });

  for (const GuardedArray<float> *written :
       {&target, &weightGradient, &laneSums, &statistics})
    verifyInside(written->intact(), kernel, "an operand");
  for (const GuardedArray<float> &scratch : scratches)
    verifyInside(scratch.intact(), kernel, "its scratch");

  FusedResult<float> result;
  if (toWeights) {
    result.values.resize(size_t(streams.values()));
    for (int64_t i = 0; i < streams.values(); ++i)
      result.values[streams.valueOrder[size_t(i)]] = weightGradient[i];
  } else {
    result.values.resize(toInput ? layer.input.size() : layer.gradient.size());
    Tensor written(targets);
    std::copy_n(target.data(), target.size(), written.data());
    fromBlocked(written, result.values.data());
  }
  if (fusion.statistics || fusion.normGradient)
    result.sums = sumsOf(layout, images, statistics);
  return result;
}

double FusedProblem::error(const Kernel &kernel, ThreadPool &pool) const {
  FusedResult<double> expected = truth();
  double error = 0;
  for (Flush flush : {Flush::Begin, Flush::End}) {
    FusedResult<float> found = run(kernel, pool, flush);
    error = std::max({error, relativeError(found.values, expected.values),
                      relativeError(found.sums, expected.sums)});
  }
  return error;
}

} // namespace lacuna::testing
