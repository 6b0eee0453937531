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
#include <limits>

namespace lacuna {

namespace {

/// A filter keeps its kernels above `limit`, and the first `ties` of those that
/// equal it.
struct FilterCut {
  size_t first, last; ///< Its slots.
  double limit;
  int64_t ties;
};

/// The same number of kernels in every filter; the remainder goes to the
/// filters whose next kernel is the most important.
std::vector<FilterCut> balancedCuts(const SparseParameter &parameter,
                                    int64_t count,
                                    const std::vector<double> &scores) {
  int64_t filters = parameter.geometry().outChannels;
  int64_t kernels = parameter.geometry().inChannels;
  const std::vector<uint32_t> &units = parameter.active().units;
  int64_t share = count / filters, remainder = count % filters;
  std::vector<FilterCut> cuts;
  std::vector<size_t> next;
  std::vector<double> ranked;
  size_t first = 0;
  for (int64_t filter = 0; filter < filters; ++filter) {
    // Units ascend, so the slots of a filter follow one another.
    size_t last = first;
    while (last < units.size() && units[last] < (filter + 1) * kernels)
      ++last;
    int64_t held = int64_t(last - first);
    verifyInvariant(held >= share, "a filter has fewer kernels than its share");
    FilterCut cut{first, last, -std::numeric_limits<double>::infinity(), 0};
    if (held > share) {
      // The best kernel beyond the share, and all that are better.
      ranked.assign(scores.begin() + int64_t(first),
                    scores.begin() + int64_t(last));
      RankedScore best = rankedScore(ranked, share + 1);
      cut.limit = best.score;
      cut.ties = share - best.above;
      next.push_back(cuts.size());
    }
    cuts.push_back(cut);
    first = last;
  }
  verifyInvariant(static_cast<int64_t>(next.size()) >= remainder,
                  "too few filters have a kernel above their share");
  std::nth_element(next.begin(), next.begin() + remainder, next.end(),
                   [&](size_t a, size_t b) {
                     return cuts[a].limit != cuts[b].limit
                                ? cuts[a].limit > cuts[b].limit
                                : a < b;
                   });
  for (int64_t i = 0; i < remainder; ++i)
    ++cuts[next[size_t(i)]].ties;
  return cuts;
}

std::vector<uint32_t> balancedSlots(const SparseParameter &parameter,
                                    int64_t count,
                                    const std::vector<double> &scores) {
  std::vector<uint32_t> kept(static_cast<size_t>(count) + 1);
  uint32_t *next = kept.data();
  for (const FilterCut &cut : balancedCuts(parameter, count, scores))
    next = takeLargest(scores, cut.first, cut.last, cut.limit, cut.ties, next);
  kept.pop_back();
  return kept;
}

} // namespace

void verifyFinite(const SparseParameter &parameter,
                  const std::vector<double> &scores) {
  // All of them without a branch for each, then the first that is not.
  unsigned finite = 1;
  for (double score : scores)
    finite &= std::isfinite(score) ? 1 : 0;
  for (size_t slot = 0; finite == 0 && slot < scores.size(); ++slot)
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
