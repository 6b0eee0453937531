//===- Growth.h - Activating units ---------------------------- -*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_RUNTIME_METHODS_GROWTH_H
#define LACUNA_RUNTIME_METHODS_GROWTH_H

#include "lacuna/Runtime/Parameter.h"
#include "lacuna/Runtime/Random.h"

#include <functional>

namespace lacuna {

/// Units that bring those in these slots, ascending, to `count`: by rank among
/// all others. See growToUnits().
ActiveSet drawRanks(const SparseParameter &parameter,
                    const std::vector<uint32_t> &takenSlots, int64_t count,
                    RandomStream &stream);

/// Drops all units but those in these slots, ascending, and activates others
/// until `count` are active, if fewer are: growToUnits() after a choice of what
/// to keep. Those just dropped may return, empty. Returns the units kept.
std::vector<uint32_t> redrawUnits(SparseParameter &parameter,
                                  const std::vector<uint32_t> &keptSlots,
                                  int64_t count, RandomStream &stream);

/// Calls visit(first, last) with the range of values of each active unit that
/// is not in `before`.
void forEachGrown(const SparseParameter &parameter,
                  const std::vector<uint32_t> &before,
                  const std::function<void(int64_t, int64_t)> &visit);

/// Gives filters that have grown since `before` random weights with the
/// deviation of the others. Batch norm divides by the deviation of a filter's
/// output: one that starts from zero would multiply its first gradient by
/// 1 / sqrt(1e-5). Other schemes are left as they are.
void startGrownFilters(SparseParameter &parameter,
                       const std::vector<uint32_t> &before,
                       RandomStream &stream);

} // namespace lacuna

#endif // LACUNA_RUNTIME_METHODS_GROWTH_H
