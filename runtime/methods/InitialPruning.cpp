//===- InitialPruning.cpp - Pruning once, before training -----------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "InitialPruning.h"

#include "Budget.h"

#include "lacuna/Support/Error.h"

namespace lacuna {

void InitialPruning::initialise(MethodContext &context) {
  verifyInvariant(context.gradients != nullptr,
                  "pruning before training was given no gradients");
  verifyGlobalTarget(context, options.sparsity);
  activateAll(context);
  context.gradients->reset();
  pruneGlobally(context, weightsAtSparsity(context, options.sparsity),
                scores(context));
}

std::vector<double> InitialPruning::meanProducts(const SparseParameter &weight,
                                                 const float *factors) {
  std::vector<int64_t> starts = weight.unitStarts();
  std::vector<double> means;
  means.reserve(starts.size() - 1);
  for (size_t slot = 0; slot + 1 < starts.size(); ++slot) {
    double sum = 0;
    for (int64_t i = starts[slot]; i < starts[slot + 1]; ++i)
      sum += double(weight.values()[i]) * double(factors[i]);
    means.push_back(sum / double(starts[slot + 1] - starts[slot]));
  }
  return means;
}

} // namespace lacuna
