//===- TargetTest.cpp - Code for lesser CPUs than this one ----------------===//
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

#if defined(__x86_64__)

constexpr const char *kAvx2 = "x86-64-v3";

/// Eight lanes and half the registers: other tiles, panels and body lengths.
class Avx2Test : public ::testing::TestWithParam<NamedStructure> {};

Geometry layer(int64_t stride) {
  return Geometry::conv2d(21, 24, {9, 7}, {3, 3}, {stride, stride}, {1, 1});
}

TEST_P(Avx2Test, MatchesPlainLoops) {
  ASSERT_EQ(jitFor(kAvx2).lanes(), 8);
  for (int64_t stride : {1, 2})
    expectTruth(
        jitFor(kAvx2),
        LayerProblem({layer(stride), GetParam().structure, 19, 0.3, 41}),
        Level::Specialised);
  expectTruth(jitFor(kAvx2),
              LayerProblem({layer(1), GetParam().structure, 19, 0.3, 42}),
              Level::Stream);
}

INSTANTIATE_TEST_SUITE_P(All, Avx2Test,
                         ::testing::ValuesIn(structuresFor(layer(1))),
                         nameOf<NamedStructure>);

#endif // __x86_64__

TEST(HostTest, KernelsSayTheLanesTheyWereCompiledFor) {
  auto kernel = jitFor().get({Operation::Forward,
                              Geometry::linear(8, 4),
                              Structure::unstructured(),
                              {},
                              Level::Specialised});
  EXPECT_EQ(kernel->layout.schedule.lanes, jitFor().lanes());
}

} // namespace
} // namespace lacuna::testing
