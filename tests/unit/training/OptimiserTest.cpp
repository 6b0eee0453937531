//===- OptimiserTest.cpp - SGD and Adam -----------------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Refusal.h"

#include "lacuna/Runtime/Optimiser.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace lacuna;
using namespace lacuna::testing;

namespace {

/// Longer than one piece, with a tail.
constexpr int64_t kSize = 3 * 4096 + 5;
constexpr int kSteps = 3;

double startOf(int64_t i) { return std::sin(double(i)); }
double gradientOf(int64_t i, int step) {
  return std::sin(3 * double(i) + step);
}

/// Values after kSteps steps, on any number of threads.
std::vector<float> stepped(const OptimiserOptions &options) {
  auto run = [&](int threads) {
    ThreadPool pool(threads);
    Parameter parameter("p", kSize);
    Optimiser optimiser({&parameter}, options);
    for (int64_t i = 0; i < kSize; ++i)
      parameter.values()[i] = float(startOf(i));
    for (int step = 0; step < kSteps; ++step) {
      for (int64_t i = 0; i < kSize; ++i)
        parameter.gradient()[i] = float(gradientOf(i, step));
      uint64_t before = parameter.version();
      optimiser.step(pool, options.learningRate);
      EXPECT_GT(parameter.version(), before);
    }
    EXPECT_EQ(optimiser.steps(), kSteps);
    return std::vector<float>(parameter.values(), parameter.values() + kSize);
  };
  std::vector<float> one = run(1);
  EXPECT_EQ(one, run(2));
  EXPECT_EQ(one, run(3));
  return one;
}

TEST(Sgd, MatchesItsDefinition) {
  for (bool nesterov : {false, true}) {
    OptimiserOptions options;
    options.weightDecay = 0.01;
    options.nesterov = nesterov;
    std::vector<float> got = stepped(options);
    for (int64_t i = 0; i < kSize; ++i) {
      double value = startOf(i), momentum = 0;
      for (int step = 0; step < kSteps; ++step) {
        double g = gradientOf(i, step) + 0.01 * value;
        momentum = 0.9 * momentum + g;
        value -= 0.1 * (nesterov ? g + 0.9 * momentum : momentum);
      }
      ASSERT_NEAR(got[size_t(i)], value, 2e-6) << nesterov;
    }
  }
}

TEST(Adam, MatchesItsDefinition) {
  OptimiserOptions options;
  options.kind = OptimiserKind::Adam;
  options.learningRate = 0.01;
  options.weightDecay = 0.02;
  std::vector<float> got = stepped(options);
  for (int64_t i = 0; i < kSize; ++i) {
    double value = startOf(i), m = 0, v = 0;
    for (int step = 0; step < kSteps; ++step) {
      double g = gradientOf(i, step) + 0.02 * value;
      m = 0.9 * m + 0.1 * g;
      v = 0.999 * v + 0.001 * g * g;
      double mean = m / (1 - std::pow(0.9, step + 1));
      double square = v / (1 - std::pow(0.999, step + 1));
      value -= 0.01 * mean / (std::sqrt(square) + 1e-8);
    }
    ASSERT_NEAR(got[size_t(i)], value, 5e-6);
  }
}

TEST(Adam, KeepsMomentsAtActivePositionsOnly) {
  Geometry geometry = Geometry::linear(40, 30);
  SparseParameter parameter("w", geometry, Structure::unstructured());
  OptimiserOptions options;
  options.kind = OptimiserKind::Adam;
  MemoryUsage before = memoryUsage();
  Optimiser optimiser({&parameter}, options);
  EXPECT_EQ(optimiser.stateNames().size(), 2u);
  parameter.activate({{3, 5, 8, 11}, {}});
  EXPECT_EQ(memoryUsage().of(MemoryKind::Optimiser) -
                before.of(MemoryKind::Optimiser),
            2 * 4 * 4);

  ThreadPool pool(1);
  for (int64_t i = 0; i < 4; ++i)
    parameter.gradient()[i] = float(i + 1);
  optimiser.step(pool, 0.01);
  float kept = parameter.state(1)[2];
  EXPECT_GT(kept, 0);
  parameter.prune({0, 2});
  parameter.grow({5}, {});
  // 3, 5 and 8: what 8 had moved with it, what 5 had is gone.
  EXPECT_EQ(parameter.state(1)[2], kept);
  EXPECT_EQ(parameter.state(0)[1], 0);
  EXPECT_EQ(parameter.state(1)[1], 0);
}

TEST(Optimiser, RefusesWhatMakesNoSense) {
  auto refused = [](auto change) {
    OptimiserOptions options;
    change(options);
    std::string text = refusal([&] { options.verify(); });
    return text.substr(0, text.find(':'));
  };
  using O = OptimiserOptions;
  EXPECT_EQ(refused([](O &) {}), "accepted");
  EXPECT_EQ(refused([](O &o) { o.learningRate = std::nan(""); }), "lr");
  EXPECT_EQ(refused([](O &o) { o.beta1 = 1; }), "beta1");
  EXPECT_EQ(refused([](O &o) { o.beta2 = -0.1; }), "beta2");
  EXPECT_EQ(refused([](O &o) { o.epsilon = 0; }), "epsilon");
  EXPECT_EQ(refused([](O &o) {
              o.nesterov = true;
              o.kind = OptimiserKind::Adam;
            }),
            "nesterov");
  EXPECT_EQ(refused([](O &o) {
              o.nesterov = true;
              o.momentum = 0;
            }),
            "nesterov");
  EXPECT_THROW(parseOptimiserKind("adagrad"), UserError);
}

} // namespace
