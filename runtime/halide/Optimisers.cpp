//===- Optimisers.cpp - Steps of SGD and Adam -----------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "OperatorSupport.h"

namespace lacuna::operators {

namespace {

/// Values updated at a time: they and their state stay in L1 between the parts
/// of a step.
constexpr int64_t kChunk = 4096;

/// Calls body(first, count) for chunks that cover [0, size).
template <typename Body> void forEachChunk(int64_t size, const Body &body) {
  for (int64_t first = 0; first < size; first += kChunk)
    body(first, std::min(size - first, kChunk));
}

} // namespace

void sgdUpdate(float *values, float *momentum, const float *gradient,
               int64_t size, const SgdRule &rule) {
  const Pipelines &pipelines = pipelinesFor(hostLanes());
  forEachChunk(size, [&](int64_t first, int64_t count) {
    View<1> value = channelView(values + first, count);
    View<1> velocity = channelView(momentum + first, count);
    View<1> slope = channelView(gradient + first, count);
    verifyCall(pipelines.sgd_momentum(value, velocity, slope, rule.momentum,
                                      rule.weightDecay, velocity),
               "sgd_momentum");
    if (rule.nesterov)
      verifyCall(pipelines.sgd_nesterov_step(value, velocity, slope,
                                             rule.learningRate, rule.momentum,
                                             rule.weightDecay, value),
                 "sgd_nesterov_step");
    else
      verifyCall(pipelines.sgd_step(value, velocity, rule.learningRate, value),
                 "sgd_step");
  });
}

void adamUpdate(float *values, float *firstMoment, float *secondMoment,
                const float *gradient, int64_t size, const AdamRule &rule) {
  const Pipelines &pipelines = pipelinesFor(hostLanes());
  forEachChunk(size, [&](int64_t first, int64_t count) {
    View<1> value = channelView(values + first, count);
    View<1> mean = channelView(firstMoment + first, count);
    View<1> square = channelView(secondMoment + first, count);
    View<1> slope = channelView(gradient + first, count);
    auto share = [](double keep) { return static_cast<float>(1 - keep); };
    verifyCall(pipelines.adam_first(value, mean, slope,
                                    static_cast<float>(rule.beta1),
                                    share(rule.beta1), rule.weightDecay, mean),
               "adam_first");
    verifyCall(pipelines.adam_second(
                   value, square, slope, static_cast<float>(rule.beta2),
                   share(rule.beta2), rule.weightDecay, square),
               "adam_second");
    verifyCall(pipelines.adam_step(value, mean, square, rule.rate,
                                   rule.correction, rule.epsilon, value),
               "adam_step");
  });
}

} // namespace lacuna::operators
