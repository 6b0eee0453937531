//===- RateScheduleTest.cpp - How the learning rate changes ---------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Runtime/RateSchedule.h"

#include "lacuna/Support/Error.h"

#include <gtest/gtest.h>

using namespace lacuna;

namespace {

RateSchedule shaped(RateShape shape) {
  RateSchedule schedule;
  schedule.shape = shape;
  return schedule;
}

TEST(RateSchedule, Cosine) {
  RateSchedule cosine = shaped(RateShape::Cosine);
  EXPECT_DOUBLE_EQ(cosine.at(0.1, 0, 160), 0.1);
  EXPECT_NEAR(cosine.at(0.1, 80, 160), 0.05, 1e-7);
  EXPECT_NEAR(cosine.at(0.1, 160, 160), 4e-8, 1e-12);
  EXPECT_GT(cosine.at(0.1, 159, 160), 4e-8);
  EXPECT_EQ(shaped(RateShape::Constant).at(0.1, 159, 160), 0.1);
}

TEST(RateSchedule, StepFallsAtHalfAndThreeQuartersOrPeriodically) {
  RateSchedule step = shaped(RateShape::Step);
  EXPECT_DOUBLE_EQ(step.at(0.1, 79, 160), 0.1);
  EXPECT_DOUBLE_EQ(step.at(0.1, 80, 160), 0.01);
  EXPECT_DOUBLE_EQ(step.at(0.1, 119, 160), 0.01);
  EXPECT_DOUBLE_EQ(step.at(0.1, 120, 160), 0.001);
  step.period = 30;
  step.factor = 0.2;
  EXPECT_DOUBLE_EQ(step.at(0.1, 29, 160), 0.1);
  EXPECT_DOUBLE_EQ(step.at(0.1, 30, 160), 0.02);
  EXPECT_NEAR(step.at(0.1, 90, 160), 0.1 * 0.008, 1e-12);
}

TEST(RateSchedule, MultiStepFallsAtItsMilestones) {
  RateSchedule schedule = shaped(RateShape::MultiStep);
  schedule.milestones = {80, 120};
  schedule.verify(160);
  EXPECT_DOUBLE_EQ(schedule.at(0.1, 79, 160), 0.1);
  EXPECT_DOUBLE_EQ(schedule.at(0.1, 80, 160), 0.01);
  EXPECT_DOUBLE_EQ(schedule.at(0.1, 120, 160), 0.001);
}

TEST(RateSchedule, WarmUpGrowsStepByStep) {
  RateSchedule schedule = shaped(RateShape::Constant);
  schedule.warmupEpochs = 2;
  EXPECT_DOUBLE_EQ(schedule.at(0.8, 0, 10, 0, 4), 0.1);
  EXPECT_DOUBLE_EQ(schedule.at(0.8, 0, 10, 3, 4), 0.4);
  EXPECT_DOUBLE_EQ(schedule.at(0.8, 1, 10, 3, 4), 0.8);
  EXPECT_DOUBLE_EQ(schedule.at(0.8, 2, 10, 0, 4), 0.8);
}

TEST(RateSchedule, RefusesWhatMakesNoSense) {
  auto refused = [](auto change) {
    RateSchedule schedule;
    change(schedule);
    try {
      schedule.verify(160);
    } catch (const UserError &error) {
      std::string text = error.what();
      return text.substr(0, text.find(':'));
    }
    return std::string("accepted");
  };
  using S = RateSchedule;
  EXPECT_EQ(refused([](S &) {}), "accepted");
  EXPECT_EQ(refused([](S &s) { s.milestones = {3}; }), "milestones");
  EXPECT_EQ(refused([](S &s) { s.shape = RateShape::MultiStep; }),
            "milestones");
  for (std::vector<int> bad :
       std::vector<std::vector<int>>{{0, 5}, {5, 5}, {7, 5}, {160}, {-1}})
    EXPECT_EQ(refused([&](S &s) {
                s.shape = RateShape::MultiStep;
                s.milestones = bad;
              }),
              "milestones");
  EXPECT_EQ(refused([](S &s) { s.period = 3; }), "step-period");
  EXPECT_EQ(refused([](S &s) { s.period = -3; }), "step-period");
  EXPECT_EQ(refused([](S &s) { s.factor = 0; }), "rate-factor");
  EXPECT_EQ(refused([](S &s) { s.warmupEpochs = -1; }), "warmup-epochs");
  EXPECT_EQ(refused([](S &s) { s.warmupEpochs = 161; }), "warmup-epochs");
  EXPECT_THROW(parseRateShape("linear"), UserError);
  EXPECT_EQ(parseRateShape("multi-step"), RateShape::MultiStep);
}

} // namespace
