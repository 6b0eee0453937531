//===- Selection.h - Choosing among units --------------------- -*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_RUNTIME_METHODS_SELECTION_H
#define LACUNA_RUNTIME_METHODS_SELECTION_H

#include "lacuna/Runtime/Parameter.h"
#include "lacuna/Runtime/Random.h"

#include <cstdint>
#include <vector>

namespace lacuna {

/// A score, and how many are above it.
struct RankedScore {
  double score;
  int64_t above;
};

/// The score that `rank` of these, counted from the largest, are not below.
/// Overwrites them. 1 <= rank <= size.
RankedScore rankedScore(std::vector<double> &scores, int64_t rank);

/// The indices below `count` that `isChosen` chooses, ascending. Every index is
/// written, and overwritten by the next unless it is chosen: a branch could not
/// tell which are.
template <typename Predicate>
std::vector<uint32_t> indicesWhere(size_t count, Predicate isChosen) {
  std::vector<uint32_t> indices(count + 1);
  size_t next = 0;
  for (size_t i = 0; i < count; ++i) {
    indices[next] = static_cast<uint32_t>(i);
    next += isChosen(i) ? 1 : 0;
  }
  indices.resize(next);
  return indices;
}

/// Writes the indices in [first, last) of scores above `limit`, and of the
/// first `ties` that equal it, ascending, and one more that does not count.
/// Returns where that one is.
uint32_t *takeLargest(const std::vector<double> &scores, size_t first,
                      size_t last, double limit, int64_t ties,
                      uint32_t *indices);

/// Indices of the `count` largest scores, ascending; ties go to the lower
/// index.
std::vector<uint32_t> largest(const std::vector<double> &scores, int64_t count);

/// Indices of `count` scores, ascending: of every group [starts[g],
/// starts[g + 1]) the same number of its largest, and the remainder from the
/// groups whose next score is the largest. Ties go to the lower index.
std::vector<uint32_t> largestBalanced(const std::vector<double> &scores,
                                      const std::vector<size_t> &starts,
                                      int64_t count);

/// Throws UserError naming the parameter and the unit when a score is not
/// finite: such scores have no order.
void verifyFinite(const SparseParameter &parameter,
                  const std::vector<double> &scores);

/// The slots that pruneToUnits() keeps. Verifies the scores.
std::vector<uint32_t> slotsToKeep(const SparseParameter &parameter,
                                  int64_t count,
                                  const std::vector<double> &scores);

/// `count` distinct numbers below `population`, uniform, ascending.
std::vector<uint32_t> sampleDistinct(RandomStream &stream, int64_t population,
                                     int64_t count);

/// `count` distinct numbers in [first, last) that are not in `taken`
/// (ascending, all inside the range), uniform, ascending.
std::vector<uint32_t> sampleUntaken(RandomStream &stream, uint32_t first,
                                    uint32_t last, const uint32_t *takenBegin,
                                    const uint32_t *takenEnd, int64_t count);

} // namespace lacuna

#endif // LACUNA_RUNTIME_METHODS_SELECTION_H
