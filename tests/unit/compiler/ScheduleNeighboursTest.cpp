//===- ScheduleNeighboursTest.cpp - Legal, distinct, one step away --------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Compiler/ScheduleNeighbours.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace lacuna {
namespace {

Geometry conv(int64_t channels, Extent2d plane, int64_t stride = 1) {
  return Geometry::conv2d(channels, channels, plane, {3, 3}, {stride, stride},
                          {1, 1});
}

std::vector<Schedule> neighboursOf(const KernelRequest &request,
                                   const Target &target) {
  return neighbouringSchedules(request, target,
                               planKernel(request, target).schedule);
}

bool any(const std::vector<Schedule> &schedules, bool (*holds)(Schedule)) {
  return std::any_of(schedules.begin(), schedules.end(), holds);
}

/// Planning throws on a schedule that cannot serve, so doing it is the test.
TEST(ScheduleNeighbours, AllServeAndDiffer) {
  for (const char *cpu : {"x86-64-v3", "x86-64-v4", "cortex-a76"}) {
    Target target = crossTarget("", cpu);
    for (const Geometry &geometry :
         {conv(32, {32, 32}), conv(64, {7, 7}), conv(512, {2, 2}),
          conv(16, {16, 16}, 2), Geometry::linear(12, 36)})
      for (const Structure &structure :
           {Structure::dense(), Structure::unstructured(), Structure::block(4),
            Structure::pattern(connectivityPattern(geometry))})
        for (Operation operation : kAllOperations) {
          KernelRequest request{operation, geometry, structure};
          KernelPlan chosen = planKernel(request, target);
          std::set<std::string> keys{chosen.key};
          for (const Schedule &schedule : neighboursOf(request, target)) {
            KernelPlan plan = planKernel(request, target, schedule);
            EXPECT_TRUE(keys.insert(plan.key).second) << plan.text;
            EXPECT_EQ(schedule.lanes, chosen.schedule.lanes);
            EXPECT_EQ(schedule.level, chosen.schedule.level);
            EXPECT_LE(schedule.panelRows * schedule.panelPixels + 2,
                      target.description.vectorRegisters);
          }
          // Even a layer of one pixel has another chunk.
          EXPECT_GT(keys.size(), 1u) << chosen.name;
        }
  }
}

TEST(ScheduleNeighbours, EveryChoiceIsTried) {
  Target target = crossTarget("", "x86-64-v3");
  KernelRequest request{Operation::Forward, conv(64, {16, 16}),
                        Structure::block(4)};
  // Tile 4x4, panels of 4x2.
  std::vector<Schedule> found = neighboursOf(request, target);
  EXPECT_TRUE(any(found, [](Schedule s) { return s.tileHeight == 8; }));
  EXPECT_TRUE(any(found, [](Schedule s) { return s.tileHeight == 2; }));
  EXPECT_TRUE(any(found, [](Schedule s) { return s.tileWidth == 8; }));
  EXPECT_TRUE(any(found, [](Schedule s) { return s.batchTile == 2; }));
  EXPECT_TRUE(any(found, [](Schedule s) { return s.panelRows == 2; }));
  EXPECT_TRUE(any(found, [](Schedule s) { return s.panelPixels == 3; }));
  EXPECT_TRUE(any(found, [](Schedule s) { return s.channelChunk == 64; }));
  EXPECT_FALSE(any(found, [](Schedule s) { return s.chunkOuter; }));

  request.operation = Operation::GradWeight;
  Schedule chosen = planKernel(request, target).schedule;
  found = neighboursOf(request, target);
  EXPECT_TRUE(any(found, [](Schedule s) { return s.chunkOuter; }));
  for (const Schedule &s : found)
    EXPECT_TRUE(s.panelPixels == chosen.panelPixels ||
                s.panelRows != chosen.panelRows)
        << "a weight gradient has no panels of pixels";
}

TEST(ScheduleNeighbours, PaddingIsPackedOrLeftOutOfWholePlanes) {
  Target target = crossTarget("", "x86-64-v3");
  auto without = [&](Extent2d plane, const Structure &structure) {
    std::vector<Schedule> found =
        neighboursOf({Operation::Forward, conv(32, plane), structure}, target);
    return std::count_if(found.begin(), found.end(),
                         [](const Schedule &s) { return s.skipPadding; });
  };
  // Where it is packed, one neighbour leaves it out; where it is not, all but
  // one do.
  EXPECT_EQ(without({4, 8}, Structure::unstructured()), 1);
  Structure pattern = Structure::pattern(mestPatterns());
  std::vector<Schedule> found =
      neighboursOf({Operation::Forward, conv(32, {4, 8}), pattern}, target);
  EXPECT_EQ(without({4, 8}, pattern) + 1, int64_t(found.size()));
  // The whole plane would be more than a kernel may unroll.
  EXPECT_EQ(without({64, 64}, Structure::unstructured()), 0);
}

/// Tiles that divide the plane have neighbours that do.
TEST(ScheduleNeighbours, TilesGoOnDividingThePlane) {
  Target target = crossTarget("", "x86-64-v3");
  KernelRequest request{Operation::Forward, conv(32, {8, 24}),
                        Structure::unstructured()};
  for (const Schedule &s : neighboursOf(request, target)) {
    EXPECT_EQ(8 % s.tileHeight, 0);
    EXPECT_EQ(24 % s.tileWidth, 0);
  }
}

} // namespace
} // namespace lacuna
