//===- ResidualSum.cpp - A sum of two paths without a ReLU ----------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Runtime/FrozenNetwork.h"
#include "lacuna/Runtime/Layers.h"
#include "lacuna/Support/Error.h"

#include <algorithm>

namespace lacuna {

ResidualSum::ResidualSum(std::string name,
                         std::vector<std::unique_ptr<Layer>> mainLayers,
                         std::vector<std::unique_ptr<Layer>> shortcutLayers)
    : TwoPathLayer(std::move(name)), last(nullptr) {
  if (!mainLayers.empty()) {
    if (auto *fused = dynamic_cast<NormalisedConv *>(mainLayers.back().get()))
      last = &fused->convolution();
    else
      last = dynamic_cast<SparseLayer *>(mainLayers.back().get());
  }
  if (!last)
    throw UserError(this->name() + ": the main path must end in a convolution "
                                   "or a linear layer, to whose output the "
                                   "shortcut is added");
  setPaths(std::move(mainLayers), std::move(shortcutLayers));
}

const Tensor &ResidualSum::forward(RunContext &context, const Tensor &input) {
  const Tensor &residual = shortcut ? shortcut->forward(context, input) : input;
  main->forward(context, input);
  last->addToOutput(context.pool, residual);
  return last->output();
}

size_t ResidualSum::freeze(FrozenNetwork &network, size_t input) const {
  size_t residual = shortcut ? shortcut->freeze(network, input) : input;
  size_t sum = main->freeze(network, input);
  return network.add(name(), {sum, residual}, FrozenSum{});
}

GradientPool::Lease ResidualSum::backward(RunContext &context,
                                          GradientPool::Lease gradient) {
  // Both paths get the same gradient, and each may overwrite its own.
  GradientPool::Lease mainGradient =
      context.gradients.acquire(gradient->shape());
  const float *from = gradient->data();
  float *to = mainGradient->data();
  context.pool.run(gradient->shape().floats(),
                   [from, to](int, int64_t begin, int64_t end) {
                     std::copy(from + begin, from + end, to + begin);
                   });
  return backwardPaths(context, std::move(mainGradient), std::move(gradient));
}

} // namespace lacuna
