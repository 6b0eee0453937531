//===- Candidates.h - The best of many units ------------------ -*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_RUNTIME_METHODS_CANDIDATES_H
#define LACUNA_RUNTIME_METHODS_CANDIDATES_H

#include "lacuna/Runtime/Parameter.h"

#include <cstdint>
#include <limits>
#include <vector>

namespace lacuna {

/// The kernels of a pattern layer, each under one of its patterns, scored by
/// the squared norm of what the pattern holds.
class KernelScores {
public:
  explicit KernelScores(const SparseParameter &parameter);
  /// Takes the patterns that hold most of `count` kernels from `first` on.
  /// `values`: theirs, [kernel][kh][kw]. Ties go to the first pattern.
  void setBest(int64_t first, int64_t count, const float *values);
  /// Gives one kernel this pattern.
  void set(int64_t kernel, uint8_t pattern, const float *values);

  /// The largest, balanced over filters as in pruneToUnits().
  ActiveSet largest(int64_t count) const;

  std::vector<double> scores;
  std::vector<uint8_t> patternIds;

private:
  const std::vector<KernelPattern> &patterns;
  int64_t kernelsOfFilter, taps;
};

/// Keeps the best of a stream of units that is offered in ascending order. Ties
/// go to the lower unit.
class BestOf {
public:
  /// The score of a unit that is not to be kept. Others are finite.
  static constexpr double kNever = -std::numeric_limits<double>::infinity();

  explicit BestOf(int64_t count);
  /// Offers `size` units from `first` on.
  void offer(uint32_t first, const double *scores, int64_t size);
  /// The best ones, ascending; fewer than asked for if fewer were offered.
  std::vector<uint32_t> take();

private:
  void dropWorst();

  size_t count, capacity;
  /// What a unit must be above to be among the best of those offered so far.
  double limit = kNever;
  /// All that may be among the best, and room for one that is not.
  std::vector<double> heldScores;
  std::vector<uint32_t> heldUnits;
  size_t held = 0;
};

} // namespace lacuna

#endif // LACUNA_RUNTIME_METHODS_CANDIDATES_H
