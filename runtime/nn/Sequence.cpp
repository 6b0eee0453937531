//===- Sequence.cpp - Layers one after the other --------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Runtime/Layer.h"

#include "lacuna/Support/Error.h"

namespace lacuna {

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
