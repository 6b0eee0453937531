//===- SchemeTest.cpp - Every scheme, level and operation -----------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include <gtest/gtest.h>

#include "Cases.h"
#include "KernelRun.h"

namespace lacuna::testing {

namespace {

Geometry layer(int64_t stride) {
  return Geometry::conv2d(5, 24, {9, 7}, {3, 3}, {stride, stride}, {1, 1});
}

class SchemeTest : public ::testing::TestWithParam<NamedStructure> {};

TEST_P(SchemeTest, MatchesPlainLoopsAtEveryLevelAndStride) {
  for (int64_t stride : {1, 2})
    for (Level level : kAllLevels)
      expectTruth(
          jitFor(),
          LayerProblem({layer(stride), GetParam().structure, 19, 0.3, 11}),
          level);
}

TEST_P(SchemeTest, MatchesPlainLoopsWithEverythingOrNothingActive) {
  for (double density : {0.0, 1.0})
    for (Level level : kAllLevels)
      expectTruth(
          jitFor(),
          LayerProblem({layer(1), GetParam().structure, 19, density, 12}),
          level);
}

TEST_P(SchemeTest, MatchesPlainLoopsForALinearLayer) {
  Geometry linear = Geometry::linear(150, 24);
  Structure structure = GetParam().structure;
  if (structure.scheme == Scheme::Pattern)
    structure.patterns = {{0}};
  for (Level level : kAllLevels)
    expectTruth(jitFor(), LayerProblem({linear, structure, 50, 0.3, 13}),
                level);
}

/// y is linear in x and in w, so <y, dy> = <x, dx> = <w, dw>. Unlike the plain
/// loops, this knows nothing of how a convolution is computed.
TEST_P(SchemeTest, GradientsAreAdjoint) {
  LayerProblem problem({layer(2), GetParam().structure, 19, 0.3, 14});
  auto result = [&](Operation operation) {
    return runKernel(*jitFor().get({operation,
                                    problem.geometry,
                                    problem.structure,
                                    {},
                                    Level::Specialised}),
                     problem);
  };
  auto dot = [](const std::vector<float> &a, const std::vector<float> &b) {
    double sum = 0;
    for (size_t i = 0; i < a.size(); ++i)
      sum += double(a[i]) * b[i];
    return sum;
  };
  double output = dot(result(Operation::Forward), problem.gradient);
  double input = dot(result(Operation::GradInput), problem.input);
  double weights = dot(result(Operation::GradWeight), problem.weights);
  double scale = double(problem.gradient.size()) * kTolerance;
  EXPECT_NEAR(output, input, scale);
  EXPECT_NEAR(output, weights, scale);
}

INSTANTIATE_TEST_SUITE_P(All, SchemeTest,
                         ::testing::ValuesIn(structuresFor(layer(1))),
                         nameOf<NamedStructure>);

} // namespace
} // namespace lacuna::testing
