//===- Candidates.cpp - The best of many units ----------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Candidates.h"

#include "Selection.h"

#include <algorithm>

namespace lacuna {

static double square(float value) { return double(value) * double(value); }

KernelScores::KernelScores(const SparseParameter &parameter)
    : scores(static_cast<size_t>(parameter.units())), patternIds(scores.size()),
      patterns(parameter.structure().patterns),
      kernelsOfFilter(parameter.geometry().inChannels),
      taps(parameter.geometry().taps()) {}

void KernelScores::set(int64_t kernel, uint8_t pattern, const float *values) {
  double sum = 0;
  for (uint8_t tap : patterns[pattern])
    sum += square(values[tap]);
  scores[size_t(kernel)] = sum;
  patternIds[size_t(kernel)] = pattern;
}

void KernelScores::setBest(int64_t first, int64_t count, const float *values) {
  // Kernels side by side, so that they are summed and compared as vectors.
  constexpr int64_t kSideBySide = 128;
  std::vector<double> squares(size_t(taps * kSideBySide)), sums(kSideBySide);
  for (int64_t begin = 0; begin < count; begin += kSideBySide) {
    int64_t part = std::min(kSideBySide, count - begin);
    for (int64_t tap = 0; tap < taps; ++tap)
      for (int64_t k = 0; k < part; ++k)
        squares[size_t(tap * kSideBySide + k)] =
            square(values[(begin + k) * taps + tap]);
    double *best = scores.data() + first + begin;
    uint8_t *bestIds = patternIds.data() + first + begin;
    for (size_t p = 0; p < patterns.size(); ++p) {
      std::fill(sums.begin(), sums.end(), 0.0);
      for (uint8_t tap : patterns[p])
        for (int64_t k = 0; k < part; ++k)
          sums[size_t(k)] += squares[size_t(tap * kSideBySide + k)];
      for (int64_t k = 0; k < part; ++k) {
        double sum = sums[size_t(k)];
        bool better = p == 0 || sum > best[k];
        best[k] = better ? sum : best[k];
        bestIds[k] = better ? static_cast<uint8_t>(p) : bestIds[k];
      }
    }
  }
}

ActiveSet KernelScores::largest(int64_t count) const {
  std::vector<size_t> starts;
  for (size_t start = 0; start <= scores.size();
       start += size_t(kernelsOfFilter))
    starts.push_back(start);
  ActiveSet active;
  active.units = largestBalanced(scores, starts, count);
  active.patternIds.reserve(active.units.size());
  for (uint32_t kernel : active.units)
    active.patternIds.push_back(patternIds[kernel]);
  return active;
}

/// Units that are looked at between two checks of the room that is left.
static constexpr int64_t kPart = 2048;

/// Once as many are held that do not count as those that do, they go: a unit
/// that passes the limit costs the same however many are kept.
BestOf::BestOf(int64_t count)
    : count(static_cast<size_t>(count)),
      capacity(this->count + std::max(this->count, size_t(4 * kPart))),
      heldScores(capacity + 1), heldUnits(capacity + 1) {}

void BestOf::offer(uint32_t first, const double *scores, int64_t size) {
  for (int64_t begin = 0; count > 0 && begin < size; begin += kPart) {
    int64_t end = std::min(size, begin + kPart);
    if (capacity - held < static_cast<size_t>(end - begin))
      dropWorst();
    // As in indicesWhere.
    size_t next = held;
    for (int64_t i = begin; i < end; ++i) {
      heldScores[next] = scores[i];
      heldUnits[next] = first + static_cast<uint32_t>(i);
      next += scores[i] > limit ? 1 : 0;
    }
    held = next;
  }
}

void BestOf::dropWorst() {
  if (held <= count)
    return;
  heldScores.resize(held);
  std::vector<double> ranked = heldScores;
  RankedScore least = rankedScore(ranked, static_cast<int64_t>(count));
  std::vector<uint32_t> best(count + 1);
  takeLargest(heldScores, 0, held, least.score,
              static_cast<int64_t>(count) - least.above, best.data());
  heldScores.resize(capacity + 1);
  for (size_t i = 0; i < count; ++i) {
    heldScores[i] = heldScores[best[i]];
    heldUnits[i] = heldUnits[best[i]];
  }
  held = count;
  limit = least.score;
}

std::vector<uint32_t> BestOf::take() {
  if (count > 0)
    dropWorst();
  heldUnits.resize(held);
  return std::move(heldUnits);
}

} // namespace lacuna
