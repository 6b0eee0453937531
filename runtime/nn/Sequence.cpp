//===- Sequence.cpp - Layers one after the other --------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Runtime/Layer.h"

#include "lacuna/Runtime/FrozenNetwork.h"
#include "lacuna/Runtime/Operators.h"
#include "lacuna/Support/Error.h"

namespace lacuna {

GradientPool::Lease Layer::backwardOnto(RunContext &context,
                                        GradientPool::Lease gradient,
                                        GradientPool::Lease addend) {
  GradientPool::Lease result = backward(context, std::move(gradient));
  if (result)
    operators::accumulate(context.pool, *addend, *result);
  return result;
}

size_t Layer::freeze(FrozenNetwork & /*network*/, size_t /*input*/) const {
  throw UserError(name() + ": a layer of this kind cannot be frozen for "
                           "inference");
}

Sequence::Sequence(std::string name, std::vector<std::unique_ptr<Layer>> layers)
    : Layer(std::move(name)), layers(std::move(layers)) {
  if (this->layers.empty())
    throw UserError(this->name() + ": has no layers, must have at least one");
}

const Tensor &Sequence::forward(RunContext &context, const Tensor &input) {
  const Tensor *current = &input;
  for (const std::unique_ptr<Layer> &layer : layers)
    current = &layer->forward(context, *current);
  return *current;
}

GradientPool::Lease Sequence::backward(RunContext &context,
                                       GradientPool::Lease gradient) {
  for (auto layer = layers.rbegin(); layer != layers.rend(); ++layer)
    gradient = (*layer)->backward(context, std::move(gradient));
  return gradient;
}

GradientPool::Lease Sequence::backwardOnto(RunContext &context,
                                           GradientPool::Lease gradient,
                                           GradientPool::Lease addend) {
  for (size_t i = layers.size() - 1; i > 0; --i)
    gradient = layers[i]->backward(context, std::move(gradient));
  return layers.front()->backwardOnto(context, std::move(gradient),
                                      std::move(addend));
}

size_t Sequence::freeze(FrozenNetwork &network, size_t input) const {
  for (const std::unique_ptr<Layer> &layer : layers)
    input = layer->freeze(network, input);
  return input;
}

void Sequence::skipInputGradient() { layers.front()->skipInputGradient(); }

void Sequence::forEachLeaf(const std::function<void(Layer &)> &visit) {
  for (const std::unique_ptr<Layer> &layer : layers)
    layer->forEachLeaf(visit);
}

void Sequence::forEachParameter(const std::function<void(Parameter &)> &visit) {
  for (const std::unique_ptr<Layer> &layer : layers)
    layer->forEachParameter(visit);
}

} // namespace lacuna
