//===- OptimiserTest.cpp - Stochastic gradient descent --------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Runtime/Optimiser.h"

#include "lacuna/Support/Error.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace lacuna;

namespace {

TEST(LearningRate, FollowsItsSchedule) {
  auto cosine = [](int epoch) {
    return learningRateAt(RateSchedule::Cosine, 0.1, epoch, 160);
  };
  EXPECT_DOUBLE_EQ(cosine(0), 0.1);
  EXPECT_NEAR(cosine(80), 0.05, 1e-7);
  EXPECT_NEAR(cosine(160), 4e-8, 1e-12);
  EXPECT_GT(cosine(159), 4e-8);

  auto step = [](int epoch) {
    return learningRateAt(RateSchedule::Step, 0.1, epoch, 160);
  };
  EXPECT_DOUBLE_EQ(step(79), 0.1);
  EXPECT_DOUBLE_EQ(step(80), 0.01);
  EXPECT_DOUBLE_EQ(step(119), 0.01);
  EXPECT_DOUBLE_EQ(step(120), 0.001);
  EXPECT_EQ(learningRateAt(RateSchedule::Constant, 0.1, 159, 160), 0.1);
  EXPECT_THROW(parseRateSchedule("linear"), UserError);
  EXPECT_EQ(parseRateSchedule("step"), RateSchedule::Step);
}

TEST(Sgd, MatchesItsDefinition) {
  // Longer than one piece, with a tail.
  constexpr int64_t kSize = 3 * 4096 + 5;
  auto stepped = [](int threads) {
    ThreadPool pool(threads);
    Parameter parameter("p", kSize);
    for (int64_t i = 0; i < kSize; ++i) {
      parameter.values()[i] = std::sin(float(i));
      parameter.momentum()[i] = std::cos(float(i));
      parameter.gradient()[i] = std::sin(float(3 * i));
    }
    uint64_t before = parameter.version();
    sgdStep(pool, {&parameter}, {0.1, 0.9, 0.01});
    EXPECT_GT(parameter.version(), before);
    return std::vector<float>(parameter.values(), parameter.values() + kSize);
  };
  std::vector<float> one = stepped(1);
  for (int64_t i = 0; i < kSize; ++i) {
    double value = std::sin(float(i));
    double momentum =
        0.9 * std::cos(float(i)) + std::sin(float(3 * i)) + 0.01 * value;
    ASSERT_NEAR(one[i], value - 0.1 * momentum, 1e-6);
  }
  EXPECT_EQ(one, stepped(2));
  EXPECT_EQ(one, stepped(3));
}

} // namespace
