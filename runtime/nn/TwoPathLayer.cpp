//===- TwoPathLayer.cpp - Two paths from one input ------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Runtime/Layers.h"

namespace lacuna {

void TwoPathLayer::setPaths(
    std::vector<std::unique_ptr<Layer>> mainLayers,
    std::vector<std::unique_ptr<Layer>> shortcutLayers) {
  main = std::make_unique<Sequence>(name() + ".main", std::move(mainLayers));
  if (!shortcutLayers.empty())
    shortcut = std::make_unique<Sequence>(name() + ".shortcut",
                                          std::move(shortcutLayers));
  // Whichever path writes its gradient last adds it to the other's.
  (shortcut ? shortcut : main)->expectAddend();
}

GradientPool::Lease
TwoPathLayer::backwardPaths(RunContext &context,
                            GradientPool::Lease mainGradient,
                            GradientPool::Lease shortcutGradient) {
  if (!shortcut)
    return main->backwardOnto(context, std::move(mainGradient),
                              std::move(shortcutGradient));
  // The main path writes every pixel; a strided shortcut then touches few.
  mainGradient = main->backward(context, std::move(mainGradient));
  return shortcut->backwardOnto(context, std::move(shortcutGradient),
                                std::move(mainGradient));
}

void TwoPathLayer::skipInputGradient() {
  inputGradientWanted = false;
  main->skipInputGradient();
  if (shortcut)
    shortcut->skipInputGradient();
}

void TwoPathLayer::forEachLeaf(const std::function<void(Layer &)> &visit) {
  if (shortcut)
    shortcut->forEachLeaf(visit);
  main->forEachLeaf(visit);
}

void TwoPathLayer::forEachParameter(
    const std::function<void(Parameter &)> &visit) {
  if (shortcut)
    shortcut->forEachParameter(visit);
  main->forEachParameter(visit);
}

} // namespace lacuna
