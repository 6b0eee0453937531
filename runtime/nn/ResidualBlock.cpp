//===- ResidualBlock.cpp - A sum of two paths -----------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Runtime/Layers.h"
#include "lacuna/Runtime/Operators.h"
#include "lacuna/Support/Error.h"

namespace lacuna {

ResidualBlock::ResidualBlock(std::string name,
                             std::vector<std::unique_ptr<Layer>> mainLayers,
                             std::vector<std::unique_ptr<Layer>> shortcutLayers)
    : TwoPathLayer(std::move(name)) {
  BatchNorm *last = mainLayers.size() < 2
                        ? nullptr
                        : dynamic_cast<BatchNorm *>(mainLayers.back().get());
  if (!last || !last->hasRelu())
    throw UserError(this->name() + ": the main path must have at least two "
                                   "layers and end in a batch norm with ReLU, "
                                   "which adds the shortcut");
  mainLayers.back().release();
  sum.reset(last);
  mainLayers.pop_back();
  setPaths(std::move(mainLayers), std::move(shortcutLayers));
}

const Tensor &ResidualBlock::forward(RunContext &context, const Tensor &input) {
  const Tensor &residual = shortcut ? shortcut->forward(context, input) : input;
  return sum->forward(context, main->forward(context, input), &residual);
}

GradientPool::Lease ResidualBlock::backward(RunContext &context,
                                            GradientPool::Lease gradient) {
  sum->backwardRelu(context, *gradient);
  // The batch norm is the last to read what it normalised.
  Tensor *spare = main->spareOutput();
  GradientPool::Lease mainGradient =
      spare ? GradientPool::Lease::over(*spare)
            : context.gradients.acquire(gradient->shape());
  sum->backwardNorm(context, *gradient, *mainGradient);
  return backwardPaths(context, std::move(mainGradient), std::move(gradient));
}

SparseLayer *ResidualBlock::inputGradientWriter() {
  return (shortcut ? shortcut : main)->inputGradientWriter();
}

size_t ResidualBlock::freeze(FrozenNetwork &network, size_t input) const {
  size_t residual = shortcut ? shortcut->freeze(network, input) : input;
  return sum->freeze(network, main->freeze(network, input), &residual);
}

void ResidualBlock::forEachLeaf(const std::function<void(Layer &)> &visit) {
  TwoPathLayer::forEachLeaf(visit);
  visit(*sum);
}

void ResidualBlock::forEachParameter(
    const std::function<void(Parameter &)> &visit) {
  TwoPathLayer::forEachParameter(visit);
  sum->forEachParameter(visit);
}

} // namespace lacuna
