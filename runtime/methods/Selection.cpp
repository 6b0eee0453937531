//===- Selection.cpp - Choosing among units -------------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Selection.h"

#include "lacuna/Support/Error.h"

#include <algorithm>
#include <cstring>
#include <functional>

namespace lacuna {

namespace {

/// Unsigned numbers in the order of doubles, zeros of both signs equal.
uint64_t orderedBits(double value) {
  value += 0.0;
  uint64_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  constexpr uint64_t kSign = uint64_t(1) << 63;
  return bits & kSign ? ~bits : bits | kSign;
}

/// The score that `rank` scores, counted from the largest, are not below.
double rankedScore(const std::vector<double> &scores, int64_t rank) {
  // Exponent and leading bits sort most scores out in one pass; only those that
  // share them with the one wanted are left to choose from.
  constexpr int kShift = 48;
  constexpr size_t kFew = 4096;
  std::vector<double> candidates;
  if (scores.size() <= kFew) {
    candidates = scores;
  } else {
    std::vector<uint32_t> histogram(size_t(1) << (64 - kShift));
    for (double score : scores)
      ++histogram[orderedBits(score) >> kShift];
    size_t bin = histogram.size() - 1;
    for (; rank > histogram[bin]; --bin)
      rank -= histogram[bin];
    candidates.reserve(histogram[bin]);
    for (double score : scores)
      if (orderedBits(score) >> kShift == bin)
        candidates.push_back(score);
  }
  std::nth_element(candidates.begin(), candidates.begin() + (rank - 1),
                   candidates.end(), std::greater<double>());
  return candidates[size_t(rank - 1)];
}

} // namespace

std::vector<uint32_t> largest(const std::vector<double> &scores,
                              int64_t count) {
  int64_t total = static_cast<int64_t>(scores.size());
  verifyInvariant(count >= 0 && count <= total,
                  "more units are to be kept than there are");
  if (count == 0)
    return {};
  double least = rankedScore(scores, count);
  int64_t above = std::count_if(scores.begin(), scores.end(),
                                [&](double score) { return score > least; });
  int64_t ties = count - above;
  // Every slot is written, and overwritten by the next unless it counts: a
  // branch could not tell which do.
  std::vector<uint32_t> kept(static_cast<size_t>(count) + 1);
  size_t next = 0;
  for (int64_t i = 0; i < total; ++i) {
    double score = scores[size_t(i)];
    bool tied = score == least && ties > 0;
    ties -= tied ? 1 : 0;
    kept[next] = static_cast<uint32_t>(i);
    next += static_cast<size_t>((score > least) | tied);
  }
  kept.pop_back();
  return kept;
}

std::vector<uint32_t> sampleDistinct(RandomStream &stream, int64_t population,
                                     int64_t count) {
  verifyInvariant(count >= 0 && count <= population,
                  "more units are to be drawn than there are");
  // Floyd's algorithm: one draw a sample, whatever the population. The chosen
  // are read off their bits in order, which spares sorting them.
  constexpr int64_t kBits = 64;
  std::vector<uint64_t> chosen(static_cast<size_t>(population / kBits + 1));
  auto choose = [&](int64_t number) {
    uint64_t &word = chosen[size_t(number / kBits)];
    uint64_t bit = uint64_t(1) << (number % kBits);
    bool isNew = !(word & bit);
    word |= bit;
    return isNew;
  };
  for (int64_t last = population - count; last < population; ++last)
    if (!choose(stream.below(static_cast<uint32_t>(last + 1))))
      choose(last);
  std::vector<uint32_t> samples(static_cast<size_t>(count));
  size_t next = 0;
  for (size_t word = 0; word < chosen.size(); ++word)
    for (uint64_t bits = chosen[word]; bits != 0; bits &= bits - 1)
      samples[next++] =
          static_cast<uint32_t>(int64_t(word) * kBits + __builtin_ctzll(bits));
  return samples;
}

std::vector<uint32_t> sampleUntaken(RandomStream &stream, uint32_t first,
                                    uint32_t last, const uint32_t *takenBegin,
                                    const uint32_t *takenEnd, int64_t count) {
  std::vector<uint32_t> samples = sampleDistinct(
      stream, int64_t(last - first) - (takenEnd - takenBegin), count);
  // A sample is a rank among the untaken: as many taken ones as lie below shift
  // it up.
  uint32_t shift = first;
  for (uint32_t &sample : samples) {
    while (takenBegin != takenEnd && *takenBegin <= sample + shift) {
      ++takenBegin;
      ++shift;
    }
    sample += shift;
  }
  return samples;
}

} // namespace lacuna
