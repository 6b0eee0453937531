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
#include <functional>

namespace lacuna {

namespace {

/// The same number of kernels in every filter; the remainder goes to the
/// filters whose next kernel is the most important.
std::vector<uint32_t> balancedSlots(const SparseParameter &parameter,
                                    int64_t count,
                                    const std::vector<double> &scores) {
  int64_t filters = parameter.geometry().outChannels;
  int64_t kernels = parameter.geometry().inChannels;
  const std::vector<uint32_t> &units = parameter.active().units;
  auto isBetter = [&](uint32_t a, uint32_t b) {
    return scores[a] != scores[b] ? scores[a] > scores[b] : a < b;
  };

  // Units ascend, so the slots of a filter follow one another.
  int64_t share = count / filters;
  std::vector<bool> kept(units.size(), false);
  std::vector<uint32_t> next;
  std::vector<double> ranked;
  size_t first = 0;
  for (int64_t filter = 0; filter < filters; ++filter) {
    size_t last = first;
    while (last < units.size() && units[last] < (filter + 1) * kernels)
      ++last;
    int64_t held = int64_t(last - first);
    verifyInvariant(held >= share, "a filter has fewer kernels than its share");
    if (held == share) {
      std::fill(kept.begin() + int64_t(first), kept.begin() + int64_t(last),
                true);
      first = last;
      continue;
    }
    // The best kernel beyond the share, and all that are better.
    ranked.assign(scores.begin() + int64_t(first),
                  scores.begin() + int64_t(last));
    std::nth_element(ranked.begin(), ranked.begin() + share, ranked.end(),
                     std::greater<double>());
    double limit = ranked[size_t(share)];
    int64_t ties =
        share - std::count_if(ranked.begin(), ranked.begin() + share,
                              [&](double score) { return score > limit; });
    bool found = false;
    for (size_t slot = first; slot < last; ++slot) {
      bool tied = scores[slot] == limit;
      kept[slot] = scores[slot] > limit || (tied && ties > 0);
      if (tied && ties-- == 0 && !found) {
        next.push_back(static_cast<uint32_t>(slot));
        found = true;
      }
    }
    first = last;
  }
  int64_t remainder = count % filters;
  verifyInvariant(static_cast<int64_t>(next.size()) >= remainder,
                  "too few filters have a kernel above their share");
  std::nth_element(next.begin(), next.begin() + remainder, next.end(),
                   isBetter);
  for (int64_t i = 0; i < remainder; ++i)
    kept[next[size_t(i)]] = true;
  std::vector<uint32_t> slots;
  slots.reserve(static_cast<size_t>(count));
  for (uint32_t slot = 0; slot < units.size(); ++slot)
    if (kept[slot])
      slots.push_back(slot);
  return slots;
}

/// NaN has no place in an order, and sorting by it is undefined.
} // namespace

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
