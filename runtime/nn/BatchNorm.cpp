//===- BatchNorm.cpp - Batch normalisation --------------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Runtime/FrozenNetwork.h"
#include "lacuna/Runtime/Layers.h"
#include "lacuna/Runtime/Operators.h"
#include "lacuna/Support/Error.h"

#include <algorithm>
#include <cmath>

namespace lacuna {

namespace {

constexpr double kEpsilon = 1e-5;
constexpr float kRunningShare = 0.1f;

/// Rows of the per-channel scratch.
enum ScratchRow {
  Mean,
  Variance,
  InverseDeviation,
  Scale,
  Shift,
  GradientFactor,
  InputFactor,
  Constant,
  ScratchRows
};

float inverseDeviationOf(float variance) {
  return static_cast<float>(1 / std::sqrt(double(variance) + kEpsilon));
}

} // namespace

BatchNorm::BatchNorm(std::string name, int64_t channels, bool relu,
                     float initialScale)
    : Layer(name), relu(relu), initialScale(initialScale),
      gamma(name + ".gamma", channels), beta(name + ".beta", channels),
      running(MemoryKind::Weights, 2 * channels),
      channelScratch(MemoryKind::Scratch, ScratchRows * channels) {
  initialise(0, 0);
}

void BatchNorm::initialise(uint64_t /*seed*/, uint32_t /*layer*/) {
  std::fill_n(gamma.values(), channels(), initialScale);
  std::fill_n(beta.values(), channels(), 0.0f);
  std::fill_n(running.data(), channels(), 0.0f);
  std::fill_n(running.data() + channels(), channels(), 1.0f);
}

void BatchNorm::forEachParameter(
    const std::function<void(Parameter &)> &visit) {
  visit(gamma);
  visit(beta);
}

void BatchNorm::visitState(StateVisitor &state) {
  StateVisitor::Scope scope(state, name());
  state.array("running_mean", running.data(), channels());
  state.array("running_variance", running.data() + channels(), channels());
  if (!state.loading())
    return;
  for (int64_t c = 0; c < channels(); ++c)
    if (!(runningVariance()[c] >= 0))
      state.refuse("running_variance",
                   "element " + std::to_string(c) + " is " +
                       std::to_string(runningVariance()[c]) +
                       ", must be at least 0");
}

size_t BatchNorm::freeze(FrozenNetwork &network, size_t input) const {
  return freeze(network, input, nullptr);
}

size_t BatchNorm::freeze(FrozenNetwork &network, size_t input,
                         const size_t *residual) const {
  FrozenAffine map;
  for (int64_t c = 0; c < channels(); ++c) {
    float scale = gamma.values()[c] * inverseDeviationOf(runningVariance()[c]);
    map.scale.push_back(scale);
    map.shift.push_back(beta.values()[c] - runningMean()[c] * scale);
  }
  size_t value = network.add(name(), {input}, std::move(map));
  if (residual)
    value = network.add(name(), {value, *residual}, FrozenSum{});
  return relu ? network.add(name(), {value}, FrozenRelu{}) : value;
}

operators::ChannelMap BatchNorm::channelMap() const {
  const float *rows = channelScratch.data();
  return {rows + Scale * channels(), rows + Shift * channels()};
}

operators::ChannelMap BatchNorm::prepare(RunContext &context,
                                         const Tensor &input) {
  Profile::Timer timer(context.profile, StepPart::BatchNorm, name());
  verifyInvariant(input.shape().channels == channels(),
                  "batch norm got another number of channels");
  int64_t count = channels();
  auto row = [&](ScratchRow r) { return channelScratch.data() + r * count; };
  const float *mean = runningMean(), *variance = runningVariance();
  if (context.training) {
    if (moments)
      moments->moments(row(Mean), row(Variance));
    else
      operators::batchStatistics(context.pool, input, row(Mean), row(Variance));
    mean = row(Mean);
    variance = row(Variance);
    const TensorShape &shape = input.shape();
    double samples = double(shape.images * shape.height * shape.width);
    for (int64_t c = 0; c < count; ++c)
      running[c] += kRunningShare * (mean[c] - running[c]);
    // A single sample, such as the last image of an epoch, says nothing of the
    // variance.
    if (samples > 1) {
      float unbias = static_cast<float>(samples / (samples - 1));
      for (int64_t c = 0; c < count; ++c) {
        float &runningV = running[count + c];
        runningV += kRunningShare * (variance[c] * unbias - runningV);
      }
    }
  }
  for (int64_t c = 0; c < count; ++c) {
    row(InverseDeviation)[c] = inverseDeviationOf(variance[c]);
    row(Scale)[c] = gamma.values()[c] * row(InverseDeviation)[c];
    row(Shift)[c] = beta.values()[c] - mean[c] * row(Scale)[c];
  }
  latestInput = &input;
  return channelMap();
}

const Tensor &BatchNorm::forward(RunContext &context, const Tensor &input,
                                 const Tensor *residual) {
  operators::ChannelMap map = prepare(context, input);
  Profile::Timer timer(context.profile, StepPart::BatchNorm, name());
  operators::scaleShift(context.pool, input, map.scale, map.shift, residual,
                        relu, result);
  return result;
}

void BatchNorm::backwardRelu(RunContext &context, Tensor &gradient) {
  Profile::Timer timer(context.profile, StepPart::BatchNorm, name());
  if (relu && !gradientSums)
    operators::reluBackward(context.pool, result, gradient);
}

void BatchNorm::takeGradientFrom(SparseLayer &consumer, bool residual) {
  verifyInvariant(relu, "only a rectified batch norm's gradient fuses");
  consumer.fuseNormGradient(*this, residual);
  gradientSums = &consumer;
}

void BatchNorm::backwardNorm(RunContext &context, const Tensor &gradient,
                             Tensor &inputGradient) {
  Profile::Timer timer(context.profile, StepPart::BatchNorm, name());
  verifyInvariant(context.training,
                  "batch norm's gradient needs the statistics of a batch");
  int64_t count = channels();
  auto row = [&](ScratchRow r) { return channelScratch.data() + r * count; };
  // Gradient sums go where the gradient of beta and gamma belong; the latter
  // still lacks its factor.
  if (gradientSums)
    gradientSums->gradientSums(beta.gradient(), gamma.gradient());
  else
    operators::batchNormReduce(context.pool, *latestInput, gradient, row(Mean),
                               beta.gradient(), gamma.gradient());
  const TensorShape &shape = latestInput->shape();
  double samples = double(shape.images * shape.height * shape.width);
  for (int64_t c = 0; c < count; ++c) {
    double inverse = row(InverseDeviation)[c], scale = row(Scale)[c];
    double inputFactor =
        -scale * inverse * inverse * double(gamma.gradient()[c]) / samples;
    row(GradientFactor)[c] = static_cast<float>(scale);
    row(InputFactor)[c] = static_cast<float>(inputFactor);
    row(Constant)[c] =
        static_cast<float>(-scale * double(beta.gradient()[c]) / samples -
                           inputFactor * double(row(Mean)[c]));
    gamma.gradient()[c] = static_cast<float>(gamma.gradient()[c] * inverse);
  }
  operators::affineCombine(context.pool, gradient, *latestInput,
                           row(GradientFactor), row(InputFactor), row(Constant),
                           inputGradient);
}

GradientPool::Lease BatchNorm::backward(RunContext &context,
                                        GradientPool::Lease gradient) {
  backwardRelu(context, *gradient);
  backwardNorm(context, *gradient, *gradient);
  return gradient;
}

} // namespace lacuna
