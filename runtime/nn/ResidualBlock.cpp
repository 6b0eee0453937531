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
    : Layer(std::move(name)) {
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
  main =
      std::make_unique<Sequence>(this->name() + ".main", std::move(mainLayers));
  if (!shortcutLayers.empty())
    shortcut = std::make_unique<Sequence>(this->name() + ".shortcut",
                                          std::move(shortcutLayers));
  // Whichever path writes its gradient last adds it to the other's.
  (shortcut ? shortcut : main)->expectAddend();
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
  if (!shortcut)
    return main->backwardOnto(context, std::move(mainGradient),
                              std::move(gradient));
  // The main path writes every pixel; a strided shortcut then touches few.
  mainGradient = main->backward(context, std::move(mainGradient));
  return shortcut->backwardOnto(context, std::move(gradient),
                                std::move(mainGradient));
}

SparseLayer *ResidualBlock::inputGradientWriter() {
  return (shortcut ? shortcut : main)->inputGradientWriter();
}

void ResidualBlock::skipInputGradient() {
  inputGradientWanted = false;
  main->skipInputGradient();
  if (shortcut)
    shortcut->skipInputGradient();
}

void ResidualBlock::forEachLeaf(const std::function<void(Layer &)> &visit) {
  if (shortcut)
    shortcut->forEachLeaf(visit);
  main->forEachLeaf(visit);
  visit(*sum);
}

void ResidualBlock::forEachParameter(
    const std::function<void(Parameter &)> &visit) {
  if (shortcut)
    shortcut->forEachParameter(visit);
  main->forEachParameter(visit);
  sum->forEachParameter(visit);
}

} // namespace lacuna
