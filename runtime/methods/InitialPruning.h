//===- InitialPruning.h - Pruning once, before training ------- -*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_RUNTIME_METHODS_INITIALPRUNING_H
#define LACUNA_RUNTIME_METHODS_INITIALPRUNING_H

#include "lacuna/Runtime/Method.h"

#include <vector>

namespace lacuna {

/// Scores the units of the dense network by gradients before training, and
/// keeps the best of all layers.
class InitialPruning : public Method {
public:
  void initialise(MethodContext &context) final;
  /// The ranking is global: only the sum of layers is what was asked for.
  void finish(MethodContext & /*context*/) final {}

protected:
  using Method::Method;

  /// Of each layer's units, which are all active and hold their initial
  /// weights, in order.
  virtual std::vector<std::vector<double>>
  scores(MethodContext &context) const = 0;

  /// Of each active unit, the mean of weight times factor over its weights.
  /// `factors`: one a weight, in their order.
  static std::vector<double> meanProducts(const SparseParameter &weight,
                                          const float *factors);
};

} // namespace lacuna

#endif // LACUNA_RUNTIME_METHODS_INITIALPRUNING_H
