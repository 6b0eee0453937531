//===- Candidates.cpp - The best of many units ----------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Candidates.h"

#include <algorithm>

namespace lacuna {

BestOf::BestOf(int64_t capacity) : capacity(static_cast<size_t>(capacity)) {
  heap.reserve(this->capacity);
}

void BestOf::offer(const Candidate &candidate) {
  if (heap.size() == capacity) {
    if (capacity == 0 || !isBetter(candidate, heap.front()))
      return;
    std::pop_heap(heap.begin(), heap.end(), isBetter);
    heap.pop_back();
  }
  heap.push_back(candidate);
  std::push_heap(heap.begin(), heap.end(), isBetter);
}

ActiveSet activeSetOf(std::vector<Candidate> chosen, bool patterned) {
  std::sort(
      chosen.begin(), chosen.end(),
      [](const Candidate &a, const Candidate &b) { return a.unit < b.unit; });
  ActiveSet active;
  for (const Candidate &candidate : chosen) {
    active.units.push_back(candidate.unit);
    if (patterned)
      active.patternIds.push_back(candidate.pattern);
  }
  return active;
}

} // namespace lacuna
