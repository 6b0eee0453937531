//===- SelectionTest.cpp - Choosing among units ---------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Selection.h"
#include "Candidates.h"

#include "MethodTestSupport.h"

#include "lacuna/Support/Error.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>

using namespace lacuna;
using namespace lacuna::testing;

namespace {

/// `values` different scores among `count`, few enough for ties.
std::vector<double> drawScores(int64_t count, uint32_t values) {
  RandomStream stream(kSeed, RandomPurpose::Test, static_cast<uint32_t>(count),
                      values);
  std::vector<double> scores;
  for (int64_t i = 0; i < count; ++i)
    scores.push_back(stream.below(values) / 7.0);
  return scores;
}

TEST(Selection, RankedScoreAgreesWithSorting) {
  for (int64_t count : {1, 2, 16, 17, 300})
    for (uint32_t values : {1u, 2u, 10u, 1u << 30}) {
      std::vector<double> scores = drawScores(count, values), sorted = scores;
      std::sort(sorted.begin(), sorted.end(), std::greater<double>());
      for (bool presorted : {false, true})
        for (int64_t rank = 1; rank <= count; ++rank) {
          std::vector<double> shuffled = presorted ? sorted : scores;
          double expected = sorted[size_t(rank - 1)];
          RankedScore ranked = rankedScore(shuffled, rank);
          ASSERT_EQ(ranked.score, expected)
              << count << " scores, " << values << " values, rank " << rank;
          ASSERT_EQ(ranked.above,
                    std::count_if(sorted.begin(), sorted.end(),
                                  [&](double s) { return s > expected; }));
        }
    }
}

TEST(Selection, RankingScoresWithoutAnOrderEnds) {
  std::vector<double> scores(20, std::nan(""));
  EXPECT_THROW(rankedScore(scores, 7), InternalError);
}

TEST(Selection, LargestAgreesWithSorting) {
  for (int64_t count : {40, 10000})
    for (uint32_t values : {3u, 100u, 1u << 30}) {
      std::vector<double> scores = drawScores(count, values);
      std::vector<uint32_t> order(static_cast<size_t>(count));
      for (uint32_t i = 0; i < order.size(); ++i)
        order[i] = i;
      std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
        return scores[a] != scores[b] ? scores[a] > scores[b] : a < b;
      });
      for (int64_t kept : {int64_t(0), int64_t(1), count / 3, count}) {
        std::vector<uint32_t> expected(order.begin(), order.begin() + kept);
        std::sort(expected.begin(), expected.end());
        EXPECT_EQ(largest(scores, kept), expected)
            << kept << " of " << count << " scores, " << values << " values";
      }
    }
}

/// However the units are offered, ascending, descending or in between: the
/// worst are dropped many times on the way.
TEST(Selection, TheBestOfAStreamAreThoseOfASort) {
  constexpr int64_t kUnits = 40000, kFirst = 7;
  for (uint32_t values : {2u, 50u, 1u << 30})
    for (int order : {-1, 0, 1}) {
      std::vector<double> scores = drawScores(kUnits, values);
      if (order != 0)
        std::sort(scores.begin(), scores.end());
      if (order < 0)
        std::reverse(scores.begin(), scores.end());
      for (int64_t count : {int64_t(0), int64_t(1), int64_t(1000), kUnits}) {
        BestOf best(count);
        for (int64_t first = 0, size = 1; first < kUnits;
             first += size, size = std::min(3 * size, kUnits - first))
          best.offer(uint32_t(kFirst + first), scores.data() + first, size);
        std::vector<uint32_t> expected = largest(scores, count);
        for (uint32_t &unit : expected)
          unit += kFirst;
        EXPECT_EQ(best.take(), expected)
            << count << " units, " << values << " values, order " << order;
      }
    }
}

TEST(Selection, UnitsThatAreNeverTakenAreNot) {
  const double scores[] = {1, BestOf::kNever, 3, BestOf::kNever};
  BestOf best(3);
  best.offer(0, scores, 4);
  EXPECT_EQ(best.take(), (std::vector<uint32_t>{0, 2}));
}

TEST(Selection, FiltersKeepTheirShareAndTheBestOfTheRest) {
  Geometry geometry = conv(8);
  SparseParameter weights = parameterOf(geometry, Scheme::Pattern);
  ActiveSet all;
  for (uint32_t unit = 0; unit < 64; ++unit) {
    all.units.push_back(unit);
    all.patternIds.push_back(0);
  }
  weights.activate(all);
  for (uint32_t values : {2u, 5u, 1u << 30})
    for (int64_t count : {8, 9, 21, 63, 64}) {
      std::vector<double> scores = drawScores(64, values);
      // By the words of docs/methods.md: the same number in every filter, then
      // the most important of the next ones; ties go to the lower unit.
      std::vector<uint32_t> expected, next;
      auto isBetter = [&](uint32_t a, uint32_t b) {
        return scores[a] != scores[b] ? scores[a] > scores[b] : a < b;
      };
      for (uint32_t filter = 0; filter < 8; ++filter) {
        std::vector<uint32_t> own;
        for (uint32_t kernel = 0; kernel < 8; ++kernel)
          own.push_back(filter * 8 + kernel);
        std::sort(own.begin(), own.end(), isBetter);
        expected.insert(expected.end(), own.begin(), own.begin() + count / 8);
        if (count / 8 < 8)
          next.push_back(own[size_t(count / 8)]);
      }
      std::sort(next.begin(), next.end(), isBetter);
      expected.insert(expected.end(), next.begin(), next.begin() + count % 8);
      std::sort(expected.begin(), expected.end());
      EXPECT_EQ(slotsToKeep(weights, count, scores), expected)
          << count << " kernels, " << values << " values";
    }
}

TEST(Selection, SamplesAreUniform) {
  // Every untaken number is drawn as often: 4000 draws of 3 out of 12.
  const std::vector<uint32_t> taken{100, 104, 105, 115};
  std::vector<int> drawn(16, 0);
  for (uint32_t round = 0; round < 4000; ++round) {
    RandomStream stream(kSeed, RandomPurpose::Test, round);
    std::vector<uint32_t> samples = sampleUntaken(
        stream, 100, 116, taken.data(), taken.data() + taken.size(), 3);
    ASSERT_EQ(samples.size(), 3u);
    ASSERT_TRUE(std::is_sorted(samples.begin(), samples.end()));
    for (uint32_t sample : samples)
      ++drawn.at(sample - 100);
  }
  for (uint32_t number = 0; number < 16; ++number)
    if (std::count(taken.begin(), taken.end(), number + 100) > 0)
      EXPECT_EQ(drawn[number], 0);
    else // Deviation 27.
      EXPECT_NEAR(drawn[number], 1000, 140) << number;
}

} // namespace
