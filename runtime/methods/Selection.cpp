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
  int64_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  constexpr uint64_t kSign = uint64_t(1) << 63;
  return uint64_t(bits) ^ (uint64_t(bits >> 63) | kSign);
}

/// Moves what is above a pivot, or not below it, to the front; how many that
/// are. Which scores do follows no pattern that a branch could learn.
template <typename Compare>
int64_t toFront(double *scores, int64_t count, double pivot, Compare compare) {
  int64_t front = 0;
  for (int64_t i = 0; i < count; ++i) {
    double score = scores[i];
    scores[i] = scores[front];
    scores[front] = score;
    front += compare(score, pivot) ? 1 : 0;
  }
  return front;
}

/// Exponent and leading bits sort most scores out in one pass; only those that
/// share them with the one wanted are left to choose from. Adjusts the rank.
std::vector<double> closeToRank(const std::vector<double> &scores,
                                int64_t &rank) {
  constexpr int kShift = 50;
  std::vector<uint32_t> histogram(size_t(1) << (64 - kShift));
  for (double score : scores)
    ++histogram[orderedBits(score) >> kShift];
  size_t bin = histogram.size() - 1;
  for (; rank > histogram[bin]; --bin)
    rank -= histogram[bin];
  std::vector<double> candidates(size_t(histogram[bin]) + 1);
  size_t next = 0;
  for (double score : scores) {
    candidates[next] = score;
    next += orderedBits(score) >> kShift == bin ? 1 : 0;
  }
  candidates.pop_back();
  return candidates;
}

} // namespace

double rankedScore(std::vector<double> &scores, int64_t rank) {
  constexpr int64_t kFew = 4;
  // A bound on bad luck with pivots; what is left then is chosen from anyway.
  int rounds = 64;
  double *first = scores.data();
  int64_t count = static_cast<int64_t>(scores.size());
  while (count > kFew && rounds-- > 0) {
    double a = first[0], b = first[count / 2], c = first[count - 1];
    double pivot = std::max(std::min(a, b), std::min(std::max(a, b), c));
    int64_t above = toFront(first, count, pivot, std::greater<double>());
    if (rank <= above) {
      count = above;
      continue;
    }
    first += above;
    rank -= above;
    count -= above;
    int64_t equal = toFront(first, count, pivot, std::greater_equal<double>());
    if (rank <= equal)
      return pivot;
    first += equal;
    rank -= equal;
    count -= equal;
  }
  std::nth_element(first, first + (rank - 1), first + count,
                   std::greater<double>());
  return first[rank - 1];
}

uint32_t *takeLargest(const std::vector<double> &scores, size_t first,
                      size_t last, double limit, int64_t ties,
                      uint32_t *indices) {
  // As in indicesWhere.
  size_t i = first;
  for (; i < last && ties > 0; ++i) {
    *indices = static_cast<uint32_t>(i);
    ties -= scores[i] == limit ? 1 : 0;
    indices += scores[i] >= limit ? 1 : 0;
  }
  for (; i < last; ++i) {
    *indices = static_cast<uint32_t>(i);
    indices += scores[i] > limit ? 1 : 0;
  }
  return indices;
}

std::vector<uint32_t> largest(const std::vector<double> &scores,
                              int64_t count) {
  int64_t total = static_cast<int64_t>(scores.size());
  verifyInvariant(count >= 0 && count <= total,
                  "more units are to be kept than there are");
  if (count == 0)
    return {};
  constexpr int64_t kFew = 4096;
  int64_t rank = count;
  std::vector<double> candidates =
      total > kFew ? closeToRank(scores, rank) : scores;
  double least = rankedScore(candidates, rank);
  int64_t ties = rank - std::count_if(candidates.begin(), candidates.end(),
                                      [&](double s) { return s > least; });
  std::vector<uint32_t> kept(static_cast<size_t>(count) + 1);
  takeLargest(scores, 0, scores.size(), least, ties, kept.data());
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
