//===- StreamLayoutTest.cpp - Known layouts, refused schedules ------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Kernel/StreamLayout.h"
#include "lacuna/Support/Error.h"

#include <gtest/gtest.h>

#include <functional>

namespace lacuna {
namespace {

Schedule schedule(int64_t panelRows = 1) {
  Schedule s;
  s.channelChunk = 4;
  s.panelRows = panelRows;
  return s;
}

Geometry layer(int64_t stride, Extent2d kernel = {3, 3},
               Extent2d padding = {1, 1}) {
  return Geometry::conv2d(6, 8, {8, 8}, kernel, {stride, stride}, padding);
}

TEST(StreamLayout, ForwardPacksTheTileAndItsBorder) {
  StreamLayout layout(Operation::Forward, layer(1), Structure::unstructured(),
                      schedule());
  EXPECT_EQ(layout.region, (Extent2d{6, 6}));
  EXPECT_EQ(layout.origin, (Extent2d{-1, -1}));
  EXPECT_EQ(layout.chunks, 2);
  EXPECT_EQ(layout.groups, 8);
  EXPECT_EQ(layout.scratchFloats(), 4 * 36 * 16);
  ASSERT_EQ(layout.phases.size(), 1u);
  // Taps lie in the region as they do in the kernel.
  EXPECT_EQ(layout.tapOffset(layout.phases[0], 0), 0);
  EXPECT_EQ(layout.tapOffset(layout.phases[0], 5), 6 + 2);
  EXPECT_EQ(layout.tileRows(), 2);
  EXPECT_EQ(layout.workItems(3), 6);
}

TEST(StreamLayout, RemaindersOfABatchArePowersOfTwo) {
  auto remainders = [](int64_t batchTile) {
    Schedule s = schedule();
    s.batchTile = batchTile;
    return StreamLayout(Operation::Forward, layer(1), Structure::unstructured(),
                        s)
        .remainderBlocks();
  };
  EXPECT_EQ(remainders(1), std::vector<int64_t>{});
  EXPECT_EQ(remainders(2), std::vector<int64_t>{1});
  EXPECT_EQ(remainders(4), (std::vector<int64_t>{2, 1}));
  EXPECT_EQ(remainders(5), (std::vector<int64_t>{4, 2, 1}));
  EXPECT_EQ(remainders(8), (std::vector<int64_t>{4, 2, 1}));
}

TEST(StreamLayout, StrideSpreadsThePixelsOfATile) {
  StreamLayout layout(Operation::Forward, layer(2), Structure::unstructured(),
                      schedule());
  EXPECT_EQ(layout.region, (Extent2d{9, 9}));
  EXPECT_EQ(layout.pixelStep, (Extent2d{2, 2}));
  EXPECT_EQ(layout.packStep, (Extent2d{1, 1}));
}

TEST(StreamLayout, KernelOfOneTapLeavesOutPixelsBetweenStrides) {
  StreamLayout layout(Operation::Forward, layer(2, {1, 1}, {0, 0}),
                      Structure::unstructured(), schedule());
  EXPECT_EQ(layout.region, (Extent2d{4, 4}));
  EXPECT_EQ(layout.pixelStep, (Extent2d{1, 1}));
  EXPECT_EQ(layout.packStep, (Extent2d{2, 2}));
}

TEST(StreamLayout, GradInputHasAPhaseForEachResidueOfTheStride) {
  StreamLayout layout(Operation::GradInput, layer(2), Structure::unstructured(),
                      schedule());
  ASSERT_EQ(layout.phases.size(), 4u);
  std::vector<int> taps;
  for (const StreamPhase &phase : layout.phases) {
    int reached = 0;
    for (int64_t tap = 0; tap < 9; ++tap)
      reached += layout.tapOffset(phase, tap).has_value();
    taps.push_back(reached);
  }
  // Each of the nine taps reaches exactly one phase.
  EXPECT_EQ(taps, (std::vector<int>{1, 2, 2, 4}));
  EXPECT_EQ(layout.sourceChannels, 8);
  EXPECT_EQ(layout.targetChannels, 6);
}

TEST(StreamLayout, GradInputOfOneTapLeavesMostPhasesEmpty) {
  StreamLayout layout(Operation::GradInput, layer(2, {1, 1}, {0, 0}),
                      Structure::unstructured(), schedule());
  ASSERT_EQ(layout.phases.size(), 4u);
  EXPECT_EQ(layout.phases[0].bodies.size(), 1u);
  for (size_t phase = 1; phase < 4; ++phase)
    EXPECT_TRUE(layout.phases[phase].bodies.empty());
}

TEST(StreamLayout, ItemFormsFollowSchemeAndLevel) {
  auto form = [](Operation operation, const Structure &structure, Level level) {
    Schedule s = schedule();
    s.level = level;
    return StreamLayout(operation, layer(1), structure, s).itemForm();
  };
  Structure block = Structure::block(4), channel = Structure::channel(),
            pattern = Structure::pattern(mestPatterns());
  EXPECT_EQ(form(Operation::Forward, block, Level::Specialised),
            ItemForm::Panel);
  EXPECT_EQ(form(Operation::GradInput, block, Level::Specialised),
            ItemForm::Column);
  EXPECT_EQ(form(Operation::GradWeight, pattern, Level::Specialised),
            ItemForm::Kernel);
  EXPECT_EQ(form(Operation::Forward, channel, Level::Specialised),
            ItemForm::Kernel);
  for (const Structure &structure : {block, channel, pattern})
    EXPECT_EQ(form(Operation::GradInput, structure, Level::Stream),
              ItemForm::Panel);
}

TEST(StreamLayout, LongBodiesAreCutIntoParts) {
  Schedule s = schedule();
  s.bodyTaps = 4;
  StreamLayout layout(Operation::Forward, layer(1), Structure::channel(), s);
  std::vector<size_t> taps;
  for (const StreamBody &body : layout.phases[0].bodies)
    taps.push_back(body.deltas.size());
  EXPECT_EQ(taps, (std::vector<size_t>{3, 3, 3}));
}

/// On a plane of 4x4: without padding, a channel is 16 vectors, not 36.
TEST(StreamLayout, WholePlanesMayLeaveOutTheirPadding) {
  Geometry g = Geometry::conv2d(8, 8, {4, 4}, {3, 3}, {1, 1}, {1, 1});
  Schedule s = schedule();
  s.tileHeight = s.tileWidth = 4;
  s.skipPadding = true;
  StreamLayout layout(Operation::Forward, g, Structure::unstructured(), s);
  EXPECT_EQ(layout.region, (Extent2d{4, 4}));
  ASSERT_EQ(layout.phases.size(), 1u);
  const std::vector<StreamBody> &bodies = layout.phases[0].bodies;
  ASSERT_EQ(bodies.size(), 9u);
  for (int64_t tap = 0; tap < 9; ++tap) {
    const StreamBody &body = bodies[size_t(tap)];
    EXPECT_EQ(body.tap, tap);
    EXPECT_EQ(body.deltas,
              (std::vector<int64_t>{4 * (tap / 3 - 1) + tap % 3 - 1}));
    EXPECT_EQ(body.shifts, (std::vector<Extent2d>{{tap / 3 - 1, tap % 3 - 1}}));
    EXPECT_EQ(layout.tapOffset(layout.phases[0], tap), body.deltas[0]);
  }
  EXPECT_FALSE(layout.reaches({-1, -1}, {0, 1}));
  EXPECT_FALSE(layout.reaches({-1, -1}, {1, 0}));
  EXPECT_TRUE(layout.reaches({-1, -1}, {1, 1}));
  EXPECT_TRUE(layout.reaches({1, 1}, {2, 2}));
  EXPECT_FALSE(layout.reaches({1, 1}, {3, 2}));
  EXPECT_FALSE(layout.reaches({1, 1}, {2, 3}));

  // Of a stride, every other pixel of the source.
  g = Geometry::conv2d(8, 8, {8, 8}, {3, 3}, {2, 2}, {1, 1});
  StreamLayout strided(Operation::Forward, g, Structure::unstructured(), s);
  EXPECT_EQ(strided.region, (Extent2d{8, 8}));
  EXPECT_FALSE(strided.reaches({-1, 0}, {0, 0}));
  EXPECT_TRUE(strided.reaches({-1, 0}, {1, 0}));
  EXPECT_TRUE(strided.reaches({1, 1}, {3, 3}));

  s.skipPadding = false;
  StreamLayout padded(Operation::Forward, g, Structure::unstructured(), s);
  EXPECT_TRUE(padded.reaches({-1, -1}, {0, 0}));
}

TEST(StreamLayout, WithoutPaddingTheTapsOfAPhaseAreItsBodies) {
  Geometry g = Geometry::conv2d(8, 8, {8, 8}, {3, 3}, {2, 2}, {1, 1});
  Schedule s = schedule();
  s.tileHeight = s.tileWidth = 4;
  s.channelChunk = 8;
  s.skipPadding = true;
  StreamLayout layout(Operation::GradInput, g, Structure::block(4), s);
  std::vector<size_t> bodies;
  for (const StreamPhase &phase : layout.phases) {
    bodies.push_back(phase.bodies.size());
    for (const StreamBody &body : phase.bodies) {
      // The rows of a block are consecutive source channels.
      ASSERT_EQ(body.deltas.size(), 4u);
      EXPECT_EQ(body.deltas[3] - body.deltas[0], 3 * 16);
    }
  }
  EXPECT_EQ(bodies, (std::vector<size_t>{1, 2, 2, 4}));
}

TEST(StreamLayout, OddPlanesHaveTails) {
  Geometry g = Geometry::conv2d(2, 2, {13, 8}, {3, 3}, {1, 1}, {1, 1});
  StreamLayout layout(Operation::Forward, g, Structure::unstructured(),
                      schedule());
  EXPECT_EQ(layout.wholeTiles(), (Extent2d{3, 2}));
  EXPECT_TRUE(layout.hasTailRows());
  EXPECT_FALSE(layout.hasTailColumns());
  EXPECT_EQ(layout.tileRows(), 4);
}

TEST(StreamLayout, WeightGradientsCutGroupsTheSameForAnyBatch) {
  StreamLayout layout(Operation::GradWeight, layer(1), Structure::channel(),
                      schedule());
  EXPECT_EQ(layout.groupParts(), 8);
  EXPECT_EQ(layout.workItems(1), 16);
  EXPECT_EQ(layout.workItems(100), 16);
}

TEST(StreamLayout, RefusesSchedulesThatCannotServe) {
  auto refusal = [](Operation operation, const Structure &structure,
                    const std::function<void(Schedule &)> &change) {
    Schedule s = schedule();
    change(s);
    try {
      StreamLayout(operation, layer(1), structure, s);
    } catch (const InternalError &error) {
      return std::string(error.what());
    }
    return std::string();
  };
  auto expect = [&](const char *rule, Operation operation,
                    const Structure &structure,
                    const std::function<void(Schedule &)> &change) {
    EXPECT_NE(refusal(operation, structure, change).find(rule),
              std::string::npos)
        << refusal(operation, structure, change);
  };
  auto rows = [](int64_t count) {
    return [count](Schedule &s) { s.panelRows = count; };
  };
  for (int64_t extent : {int64_t(0), int64_t(65537), int64_t(1) << 62})
    expect("extent below 1 or above 65536", Operation::Forward,
           Structure::dense(), rows(extent));
  expect("do not divide the target channels", Operation::Forward,
         Structure::dense(), rows(3));
  // Rows of a panel share one index, so only schemes with such rows have them.
  for (const Structure &structure :
       {Structure::unstructured(), Structure::channel(), Structure::block(2)})
    expect("panel rows must be 1, or divide", Operation::Forward, structure,
           rows(4));
  expect("panel rows must be 1, or divide", Operation::GradInput,
         Structure::block(2), rows(2));
  expect("straddles two channel chunks", Operation::GradInput,
         Structure::block(4), [](Schedule &s) { s.channelChunk = 3; });
  expect("only specialised kernels", Operation::Forward, Structure::dense(),
         [](Schedule &s) {
           s.skipPadding = true;
           s.level = Level::Stream;
         });
  // The tile is 4 x 4 of 8 x 8 pixels.
  expect("left out of whole planes alone", Operation::Forward,
         Structure::dense(), [](Schedule &s) { s.skipPadding = true; });
  expect("exceeds what 16-bit indices reach", Operation::Forward,
         Structure::dense(), [](Schedule &s) { s.tileHeight = 4000; });
}

TEST(StreamLayout, RefusesTilesWhoseSizeWrapsAround) {
  // 65536 rows of 65536 columns of 65536 batch blocks of 65536 channels.
  Schedule s = schedule();
  s.tileHeight = s.tileWidth = (1 << 16) - 2;
  s.batchTile = s.channelChunk = 1 << 16;
  EXPECT_THROW(
      StreamLayout(Operation::Forward,
                   Geometry::conv2d(1 << 16, 4, {4, 4}, {3, 3}, {1, 1}, {1, 1}),
                   Structure::dense(), s),
      InternalError);
}

} // namespace
} // namespace lacuna
