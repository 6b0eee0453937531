//===- Pruning.cpp - Dropping units ---------------------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Selection.h"

#include "lacuna/Runtime/Method.h"
#include "lacuna/Support/Error.h"

#include <algorithm>
#include <cmath>

namespace lacuna {

namespace {

/// The same number of kernels in every filter; the remainder goes to the
/// filters whose next kernel is the most important.
std::vector<uint32_t> balancedSlots(const SparseParameter &parameter,
                                    int64_t count,
                                    const std::vector<double> &scores) {
  int64_t filters = parameter.geometry().outChannels;
  int64_t kernels = parameter.geometry().inChannels;
  std::vector<std::vector<uint32_t>> slotsOfFilter(filters);
  const std::vector<uint32_t> &units = parameter.active().units;
  for (uint32_t slot = 0; slot < units.size(); ++slot)
    slotsOfFilter[units[slot] / kernels].push_back(slot);
  auto isBetter = [&](uint32_t a, uint32_t b) {
    return scores[a] != scores[b] ? scores[a] > scores[b] : a < b;
  };

  int64_t share = count / filters;
  std::vector<uint32_t> kept, next;
  for (std::vector<uint32_t> &slots : slotsOfFilter) {
    std::sort(slots.begin(), slots.end(), isBetter);
    verifyInvariant(static_cast<int64_t>(slots.size()) >= share,
                    "a filter has fewer kernels than its share");
    kept.insert(kept.end(), slots.begin(), slots.begin() + share);
    if (static_cast<int64_t>(slots.size()) > share)
      next.push_back(slots[share]);
  }
  int64_t remainder = count % filters;
  verifyInvariant(static_cast<int64_t>(next.size()) >= remainder,
                  "too few filters have a kernel above their share");
  std::sort(next.begin(), next.end(), isBetter);
  kept.insert(kept.end(), next.begin(), next.begin() + remainder);
  std::sort(kept.begin(), kept.end());
  return kept;
}

/// NaN has no place in an order, and sorting by it is undefined.
void verifyFinite(const SparseParameter &parameter,
                  const std::vector<double> &scores) {
  for (size_t slot = 0; slot < scores.size(); ++slot)
    if (!std::isfinite(scores[slot]))
      throw UserError("training: unit " +
                      std::to_string(parameter.active().units[slot]) + " of " +
                      parameter.name() + " has an importance of " +
                      std::to_string(scores[slot]) +
                      "; use a lower learning rate or a smaller lambda");
}

} // namespace

std::vector<uint32_t> slotsToKeep(const SparseParameter &parameter,
                                  int64_t count,
                                  const std::vector<double> &scores) {
  verifyFinite(parameter, scores);
  return parameter.structure().scheme == Scheme::Pattern
             ? balancedSlots(parameter, count, scores)
             : largest(scores, count);
}

bool pruneToUnits(SparseParameter &parameter, int64_t count,
                  const std::vector<double> &scores) {
  if (parameter.activeUnits() <= count)
    return false;
  parameter.prune(slotsToKeep(parameter, count, scores));
  verifyInvariant(parameter.activeUnits() == count,
                  "pruning left another number of units than asked for");
  return true;
}

} // namespace lacuna
