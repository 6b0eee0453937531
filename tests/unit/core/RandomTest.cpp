//===- RandomTest.cpp - Counter-based random numbers ----------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Runtime/Random.h"

#include "lacuna/Support/Error.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <vector>

using namespace lacuna;

namespace {

using Words = std::array<uint32_t, 4>;

// The known answers for philox4x32, 10 rounds, of the Random123 distribution.
TEST(Random, KnownAnswers) {
  EXPECT_EQ(philox4x32({0, 0, 0, 0}, {0, 0}),
            (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox4x32({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
                       {0xffffffff, 0xffffffff}),
            (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
                       {0xa4093822, 0x299f31d0}),
            (Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Random, StreamWalksTheCounter) {
  RandomStream stream(0x123456789abcdef0, RandomPurpose::Growth, 7, 9);
  for (uint32_t i = 0; i < 3; ++i) {
    Words expected =
        philox4x32({i, static_cast<uint32_t>(RandomPurpose::Growth), 7, 9},
                   {0x9abcdef0, 0x12345678});
    for (uint32_t word : expected)
      EXPECT_EQ(stream.next(), word);
  }
}

TEST(Random, NamesMakeDifferentStreams) {
  std::set<uint32_t> first;
  for (uint64_t seed : {uint64_t(1), uint64_t(1) << 32})
    for (RandomPurpose purpose :
         {RandomPurpose::Initialisation, RandomPurpose::Shuffle})
      for (uint32_t a : {0u, 1u})
        for (uint32_t b : {0u, 1u})
          first.insert(RandomStream(seed, purpose, a, b).next());
  EXPECT_EQ(first.size(), 16u);
}

TEST(Random, BelowIsUniform) {
  RandomStream stream(3, RandomPurpose::Test);
  constexpr int kDraws = 60000;
  for (uint32_t bound : {1u, 2u, 3u, 6u, 10u}) {
    std::vector<int> seen(bound);
    for (int i = 0; i < kDraws; ++i) {
      uint32_t value = stream.below(bound);
      ASSERT_LT(value, bound);
      ++seen[value];
    }
    for (int count : seen)
      EXPECT_NEAR(count, double(kDraws) / bound, 5 * std::sqrt(kDraws));
  }
  EXPECT_THROW(stream.below(0), InternalError);
}

// With a bound of 3/4 of the words, an implementation that rejects none returns
// the multiples of three twice as often as others.
TEST(Random, BelowRejects) {
  RandomStream stream(4, RandomPurpose::Test);
  constexpr uint32_t kBound = 0xC0000000;
  constexpr int kDraws = 30000;
  int multiples = 0;
  for (int i = 0; i < kDraws; ++i)
    multiples += stream.below(kBound) % 3 == 0;
  EXPECT_NEAR(multiples, kDraws / 3, 500);
}

TEST(Random, UniformIsInRange) {
  RandomStream stream(5, RandomPurpose::Test);
  double sum = 0;
  constexpr int kDraws = 100000;
  for (int i = 0; i < kDraws; ++i) {
    float value = stream.uniform();
    ASSERT_GE(value, 0.0f);
    ASSERT_LT(value, 1.0f);
    sum += value;
  }
  EXPECT_NEAR(sum / kDraws, 0.5, 0.005);
}

TEST(Random, NormalHasItsMoments) {
  RandomStream stream(6, RandomPurpose::Test);
  double sum = 0, squares = 0, fourths = 0;
  constexpr int kDraws = 200000;
  for (int i = 0; i < kDraws; ++i) {
    double value = stream.normal();
    ASSERT_TRUE(std::isfinite(value));
    sum += value;
    squares += value * value;
    fourths += value * value * value * value;
  }
  EXPECT_NEAR(sum / kDraws, 0, 0.01);
  EXPECT_NEAR(squares / kDraws, 1, 0.02);
  EXPECT_NEAR(fourths / kDraws, 3, 0.15);
}

} // namespace
