//===- Budget.h - Sharing weights between layers -------------- -*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_RUNTIME_METHODS_BUDGET_H
#define LACUNA_RUNTIME_METHODS_BUDGET_H

#include "lacuna/Runtime/Method.h"

#include <cstdint>
#include <functional>
#include <vector>

namespace lacuna {

/// Weights of a layer that one unit holds. Patterns of a layer hold equally
/// many.
int64_t unitWeights(const SparseParameter &parameter);

/// Active weights of all layers.
int64_t activeWeights(const MethodContext &context);
/// Sparsity of all layers together, each being as sparse as asked for.
double overallSparsity(const MethodContext &context);
/// Weights of all layers that sparsity of the whole leaves.
int64_t weightsAtSparsity(const MethodContext &context, double sparsity);

/// Throws UserError when the layers cannot be as dense together as this
/// sparsity asks, because their patterns alone make them sparser, or when it
/// leaves less than a unit of each.
void verifyGlobalTarget(const MethodContext &context, double sparsity);
/// The same for what a method prunes to in its scope.
void verifyTarget(const MethodContext &context, const Method &method);

/// Activates every unit; kernels take the pattern that holds most of their
/// initial norm.
void activateAll(MethodContext &context);

/// Splits so many weights over layers in proportion to `shares` (evenly when
/// they are all zero), in whole units of `unitSizes` weights, at most
/// `capacities` units each. What full layers cannot take goes to the others;
/// what is left in the end is less than the smallest unit that is not full.
std::vector<int64_t> splitWeights(int64_t weights, std::vector<double> shares,
                                  const std::vector<int64_t> &unitSizes,
                                  const std::vector<int64_t> &capacities);

/// Keeps the units with the best scores of all layers, as many as have at most
/// `weights` weights in all, and at least one of each layer. `scores`: of each
/// layer's active units, comparable between layers. Within a layer pruneToUnits
/// decides, so patterns stay balanced.
void pruneGlobally(MethodContext &context, int64_t weights,
                   const std::vector<std::vector<double>> &scores);

/// Prunes by the method's scores and in its scope: each layer to
/// `sparsityNow(its sparsity)`, or all together to
/// `sparsityNow(that of the whole)`, units being compared by their norm a
/// weight.
void pruneInScope(MethodContext &context, const Method &method,
                  const std::function<double(double)> &sparsityNow);

} // namespace lacuna

#endif // LACUNA_RUNTIME_METHODS_BUDGET_H
