//===- StreamedResultTest.cpp - Results too large for the caches ----------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include <gtest/gtest.h>

#include "KernelRun.h"

namespace lacuna::testing {

namespace {

constexpr Extent2d kPlane{64, 64};

Geometry pointwise(int64_t inChannels, int64_t outChannels, int64_t stride) {
  return Geometry::conv2d(inChannels, outChannels, kPlane, {1, 1},
                          {stride, stride}, {0, 0});
}

/// One batch block of the largest tensor is as large as results must be that
/// go past the caches: 32 MiB, and 4 MiB where most of it are zeros between
/// them.
class StreamedResultTest : public ::testing::TestWithParam<Geometry> {};

TEST_P(StreamedResultTest, MatchesPlainLoops) {
  for (const Structure &structure :
       {Structure::unstructured(), Structure::block(4)}) {
    LayerProblem problem({GetParam(), structure, 3, 0.3, 51});
    expectTruth(jitFor(), problem, Level::Specialised);
  }
}

INSTANTIATE_TEST_SUITE_P(All, StreamedResultTest,
                         ::testing::Values(pointwise(4, 256, 1),
                                           pointwise(256, 4, 1),
                                           pointwise(32, 8, 2)));

} // namespace
} // namespace lacuna::testing
