//===- ActivationLayers.cpp - ReLU and pooling ----------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Runtime/FrozenNetwork.h"
#include "lacuna/Runtime/Layers.h"
#include "lacuna/Runtime/Operators.h"

namespace lacuna {

const Tensor &Relu::forward(RunContext &context, const Tensor &input) {
  operators::relu(context.pool, input, result);
  return result;
}

GradientPool::Lease Relu::backward(RunContext &context,
                                   GradientPool::Lease gradient) {
  operators::reluBackward(context.pool, result, *gradient);
  return gradient;
}

size_t Relu::freeze(FrozenNetwork &network, size_t input) const {
  return network.add(name(), {input}, FrozenRelu{});
}

const Tensor &MaxPool::forward(RunContext &context, const Tensor &input) {
  latestInput = &input;
  operators::maxPool(context.pool, input, window, result);
  return result;
}

GradientPool::Lease MaxPool::backward(RunContext &context,
                                      GradientPool::Lease gradient) {
  if (!inputGradientWanted)
    return {};
  GradientPool::Lease inputGradient =
      context.gradients.acquire(latestInput->shape());
  operators::maxPoolBackward(context.pool, *latestInput, result, *gradient,
                             window, *inputGradient);
  return inputGradient;
}

size_t MaxPool::freeze(FrozenNetwork &network, size_t input) const {
  return network.add(name(), {input}, FrozenMaxPool{window});
}

const Tensor &AveragePool::forward(RunContext &context, const Tensor &input) {
  inputShape = input.shape();
  operators::averagePool(context.pool, input, window, result);
  return result;
}

GradientPool::Lease AveragePool::backward(RunContext &context,
                                          GradientPool::Lease gradient) {
  if (!inputGradientWanted)
    return {};
  GradientPool::Lease inputGradient = context.gradients.acquire(inputShape);
  operators::averagePoolBackward(context.pool, *gradient, window, inputShape,
                                 *inputGradient);
  return inputGradient;
}

size_t AveragePool::freeze(FrozenNetwork &network, size_t input) const {
  return network.add(name(), {input}, FrozenAveragePool{window});
}

} // namespace lacuna
