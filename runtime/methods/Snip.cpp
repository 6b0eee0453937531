//===- Snip.cpp - Pruning by connection sensitivity -----------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "InitialPruning.h"
#include "Methods.h"

#include <cmath>

namespace lacuna {

namespace {

/// Lee et al., "SNIP: single-shot network pruning based on connection
/// sensitivity", ICLR 2019. The sensitivity of a unit is the gradient of the
/// loss to a mask over it: |sum of w * g|, here for each of its weights.
class Snip : public InitialPruning {
public:
  explicit Snip(const MethodOptions &options) : InitialPruning(options) {}

  std::string name() const override { return "snip"; }

protected:
  std::vector<std::vector<double>>
  scores(MethodContext &context) const override {
    context.gradients->gradients(context.gradients->batch(), 1);
    std::vector<std::vector<double>> sensitivities;
    for (const MethodLayer &layer : context.layers) {
      const SparseParameter &weight = layer.weight();
      sensitivities.push_back(meanProducts(weight, weight.gradient()));
      for (double &sensitivity : sensitivities.back())
        sensitivity = std::abs(sensitivity);
    }
    return sensitivities;
  }
};

} // namespace

std::unique_ptr<Method> makeSnip(const MethodOptions &options) {
  return std::make_unique<Snip>(options);
}

} // namespace lacuna
