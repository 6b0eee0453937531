//===- Selection.cpp - Choosing among units -------------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Selection.h"

#include "lacuna/Support/Error.h"

#include <algorithm>
#include <functional>
#include <limits>

namespace lacuna {

namespace {

double medianOfThree(double a, double b, double c) {
  return std::max(std::min(a, b), std::min(std::max(a, b), c));
}

/// Moves the scores that belong to the front; how many they are. Which do
/// follows no pattern that a branch could learn.
template <typename Belongs>
int64_t moveToFront(double *scores, int64_t count, Belongs belongs) {
  int64_t front = 0;
  for (int64_t i = 0; i < count; ++i) {
    double score = scores[i];
    scores[front] = score;
    front += belongs(score) ? 1 : 0;
  }
  return front;
}

/// A group keeps its scores above `limit`, and the first `ties` of those that
/// equal it.
struct GroupCut {
  size_t first, last;
  double limit;
  int64_t ties;
};

std::vector<GroupCut> balancedCuts(const std::vector<double> &scores,
                                   const std::vector<size_t> &starts,
                                   int64_t count) {
  int64_t groups = static_cast<int64_t>(starts.size()) - 1;
  int64_t share = count / groups, remainder = count % groups;
  std::vector<GroupCut> cuts;
  std::vector<size_t> next;
  std::vector<double> ranked;
  for (size_t group = 0; group + 1 < starts.size(); ++group) {
    size_t first = starts[group], last = starts[group + 1];
    int64_t held = static_cast<int64_t>(last - first);
    verifyInvariant(held >= share, "a filter has fewer kernels than its share");
    GroupCut cut{first, last, -std::numeric_limits<double>::infinity(), 0};
    if (held > share) {
      // The best score beyond the share, and all that are better.
      ranked.assign(scores.begin() + int64_t(first),
                    scores.begin() + int64_t(last));
      RankedScore best = rankedScore(ranked, share + 1);
      cut.limit = best.score;
      cut.ties = share - best.above;
      next.push_back(group);
    }
    cuts.push_back(cut);
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

} // namespace

RankedScore rankedScore(std::vector<double> &scores, int64_t rank) {
  double *left = scores.data();
  int64_t count = static_cast<int64_t>(scores.size()), above = 0;
  // A bound on bad luck with pivots.
  for (int rounds = 64;; --rounds) {
    verifyInvariant(rank >= 1 && rank <= count,
                    "scores without an order were ranked");
    if (rounds == 0)
      std::sort(left, left + count, std::greater<double>());
    double pivot =
        rounds == 0 ? left[rank - 1]
                    : medianOfThree(left[0], left[count / 2], left[count - 1]);
    int64_t greater = 0, notLess = 0;
    for (int64_t i = 0; i < count; ++i) {
      greater += left[i] > pivot ? 1 : 0;
      notLess += left[i] >= pivot ? 1 : 0;
    }
    if (rank <= greater) {
      count = moveToFront(left, count, [&](double s) { return s > pivot; });
      continue;
    }
    if (rank <= notLess)
      return {pivot, above + greater};
    count = moveToFront(left, count, [&](double s) { return s < pivot; });
    above += notLess;
    rank -= notLess;
  }
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
  std::vector<double> candidates = scores;
  RankedScore least = rankedScore(candidates, count);
  std::vector<uint32_t> kept(static_cast<size_t>(count) + 1);
  takeLargest(scores, 0, scores.size(), least.score, count - least.above,
              kept.data());
  kept.pop_back();
  return kept;
}

std::vector<uint32_t> largestBalanced(const std::vector<double> &scores,
                                      const std::vector<size_t> &starts,
                                      int64_t count) {
  std::vector<uint32_t> kept(static_cast<size_t>(count) + 1);
  uint32_t *next = kept.data();
  for (const GroupCut &cut : balancedCuts(scores, starts, count))
    next = takeLargest(scores, cut.first, cut.last, cut.limit, cut.ties, next);
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
