//===- Candidates.h - The best of many units ------------------ -*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_RUNTIME_METHODS_CANDIDATES_H
#define LACUNA_RUNTIME_METHODS_CANDIDATES_H

#include "lacuna/Kernel/Structure.h"

#include <cstdint>
#include <vector>

namespace lacuna {

/// A unit that might be active.
struct Candidate {
  double score;
  uint32_t unit;
  uint8_t pattern;
};

/// Ties go to the lower unit.
inline bool isBetter(const Candidate &a, const Candidate &b) {
  return a.score != b.score ? a.score > b.score : a.unit < b.unit;
}

/// A kernel under one of its patterns, scored by what the pattern holds:
/// `squareOf(tap)` of each of its taps.
template <typename SquareOf>
Candidate withPattern(const std::vector<KernelPattern> &patterns, uint32_t unit,
                      uint8_t pattern, const SquareOf &squareOf) {
  double sum = 0;
  for (uint8_t tap : patterns[pattern])
    sum += squareOf(tap);
  return {sum, unit, pattern};
}

/// Under the pattern that holds most. Ties go to the first.
template <typename SquareOf>
Candidate bestPattern(const std::vector<KernelPattern> &patterns, uint32_t unit,
                      const SquareOf &squareOf) {
  Candidate best = withPattern(patterns, unit, 0, squareOf);
  for (size_t p = 1; p < patterns.size(); ++p) {
    Candidate next = withPattern(patterns, unit, uint8_t(p), squareOf);
    if (next.score > best.score)
      best = next;
  }
  return best;
}

/// Keeps the best of a stream of candidates.
class BestOf {
public:
  explicit BestOf(int64_t capacity);
  void offer(const Candidate &candidate);
  std::vector<Candidate> &candidates() { return heap; }

private:
  size_t capacity;
  std::vector<Candidate> heap; ///< The worst in front.
};

ActiveSet activeSetOf(std::vector<Candidate> chosen, bool patterned);

} // namespace lacuna

#endif // LACUNA_RUNTIME_METHODS_CANDIDATES_H
