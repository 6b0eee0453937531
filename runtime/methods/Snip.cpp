//===- Snip.cpp - Pruning by connection sensitivity -----------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Budget.h"
#include "Methods.h"

#include "lacuna/Support/Error.h"

#include <cmath>

namespace lacuna {

namespace {

/// Lee et al., "SNIP: single-shot network pruning based on connection
/// sensitivity", ICLR 2019. The sensitivity of a unit is the gradient of the
/// loss to a mask over it: |sum of w * g|, here for each of its weights.
class Snip : public Method {
public:
  explicit Snip(const MethodOptions &options) : Method(options) {}

  std::string name() const override { return "snip"; }

  void initialise(MethodContext &context) override {
    verifyInvariant(context.gradients != nullptr,
                    "snip was given no gradients to start from");
    verifyGlobalTarget(context, options.sparsity);
    activateAll(context);
    context.gradients->reset();
    context.gradients->gradients(context.gradients->batch(), 1);
    std::vector<std::vector<double>> scores;
    for (const MethodLayer &layer : context.layers)
      scores.push_back(sensitivities(layer.weight()));
    pruneGlobally(context, weightsAtSparsity(context, options.sparsity),
                  scores);
  }

  /// The ranking is global: only the sum of layers is what was asked for.
  void finish(MethodContext & /*context*/) override {}

private:
  static std::vector<double> sensitivities(const SparseParameter &weight) {
    std::vector<int64_t> starts = weight.unitStarts();
    std::vector<double> scores;
    for (size_t slot = 0; slot + 1 < starts.size(); ++slot) {
      double sum = 0;
      for (int64_t i = starts[slot]; i < starts[slot + 1]; ++i)
        sum += double(weight.values()[i]) * double(weight.gradient()[i]);
      scores.push_back(std::abs(sum) / double(starts[slot + 1] - starts[slot]));
    }
    return scores;
  }
};

} // namespace

std::unique_ptr<Method> makeSnip(const MethodOptions &options) {
  return std::make_unique<Snip>(options);
}

} // namespace lacuna
