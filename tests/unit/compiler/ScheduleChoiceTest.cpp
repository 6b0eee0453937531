//===- ScheduleChoiceTest.cpp - Schedules serve what they are chosen for --===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Compiler/ScheduleChoice.h"

#include "lacuna/Kernel/StreamLayout.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>

namespace lacuna {
namespace {

constexpr TargetDescription kAvx512{16, 32, 49152};
constexpr TargetDescription kAvx2{8, 16, 32768};
constexpr TargetDescription kNeon{4, 32, 65536};

TargetDescription streamingAvx2() {
  TargetDescription target = kAvx2;
  target.instructions.streamingStores = true;
  return target;
}

Geometry conv(int64_t channels, Extent2d plane, int64_t kernel = 3,
              int64_t stride = 1) {
  return Geometry::conv2d(channels, channels, plane, {kernel, kernel},
                          {stride, stride}, {kernel / 2, kernel / 2});
}

Schedule choose(const Geometry &geometry, const Structure &structure,
                Operation operation = Operation::Forward,
                const TargetDescription &target = kAvx512,
                Level level = Level::Specialised) {
  return chooseSchedule(operation, geometry, structure, level, target);
}

TEST(ScheduleChoice, TilesDividePlanesThatHaveDivisors) {
  for (int64_t extent : {4, 6, 8, 12, 14, 16, 28, 32}) {
    Schedule s = choose(conv(64, {extent, extent}), Structure::unstructured());
    EXPECT_EQ(extent % s.tileHeight, 0) << extent;
    EXPECT_EQ(extent % s.tileWidth, 0) << extent;
  }
}

TEST(ScheduleChoice, SixteenAccumulatorsMakeAFourByFourTile) {
  for (int64_t extent : {4, 8, 16, 32}) {
    Schedule s = choose(conv(64, {extent, extent}), Structure::unstructured());
    EXPECT_EQ(s.tileHeight, 4);
    EXPECT_EQ(s.tileWidth, 4);
    EXPECT_EQ(s.batchTile, 1);
  }
}

TEST(ScheduleChoice, SmallPlanesSpanBatchBlocks) {
  Schedule s = choose(conv(512, {2, 2}), Structure::unstructured());
  EXPECT_EQ(s.tileHeight * s.tileWidth, 4);
  EXPECT_EQ(s.batchTile, 4);
  EXPECT_EQ(
      choose(Geometry::linear(800, 500), Structure::unstructured()).batchTile,
      4);
}

/// Long thin tiles pack mostly border, tiny ones leave registers idle.
TEST(ScheduleChoice, PlanesWithoutUsefulDivisorsGetATail) {
  for (int64_t extent : {7, 31, 37}) {
    Geometry g = conv(8, {extent, extent});
    StreamLayout layout(Operation::Forward, g, Structure::unstructured(),
                        choose(g, Structure::unstructured()));
    EXPECT_GE(layout.schedule.tileHeight * layout.schedule.tileWidth, 9);
    EXPECT_TRUE(layout.hasTailRows() && layout.hasTailColumns());
  }
}

TEST(ScheduleChoice, PanelsFollowTheRowsOfTheScheme) {
  Geometry g = conv(64, {16, 16});
  EXPECT_EQ(choose(g, Structure::block(4)).panelRows, 4);
  EXPECT_EQ(choose(g, Structure::block(8)).panelRows, 4);
  EXPECT_EQ(choose(g, Structure::block(2)).panelRows, 2);
  EXPECT_EQ(choose(g, Structure::block(1)).panelRows, 1);
  EXPECT_EQ(choose(g, Structure::dense()).panelRows, 4);
  EXPECT_EQ(choose(g, Structure::unstructured()).panelRows, 1);
  EXPECT_EQ(choose(g, Structure::block(4), Operation::GradInput).panelRows, 1);
  EXPECT_EQ(
      choose(g, Structure::block(4), Operation::Forward, kAvx512, Level::Stream)
          .panelRows,
      1);
  Geometry prime = Geometry::conv2d(3, 7, {8, 8}, {3, 3}, {1, 1}, {1, 1});
  EXPECT_EQ(choose(prime, Structure::block(7)).panelRows, 7);
}

TEST(ScheduleChoice, ChunksShareTheChannelsEvenly) {
  Schedule s = choose(conv(64, {16, 16}), Structure::unstructured());
  EXPECT_EQ(s.channelChunk, 16);
  EXPECT_EQ(choose(conv(3, {16, 16}), Structure::unstructured()).channelChunk,
            3);
}

/// They wait for memory: a result that is complete at once is stored once.
TEST(ScheduleChoice, SparsePointwiseLayersTakeAllChannelsThatFitTheL1) {
  auto pointwise = [](int64_t in, int64_t out, int64_t extent) {
    return Geometry::conv2d(in, out, {extent, extent}, {1, 1}, {1, 1}, {0, 0});
  };
  auto chunk = [&](int64_t in, int64_t out, const Structure &structure,
                   Operation operation) {
    return choose(pointwise(in, out, 28), structure, operation, kAvx2)
        .channelChunk;
  };
  Structure unstructured = Structure::unstructured();
  EXPECT_EQ(chunk(128, 512, unstructured, Operation::Forward), 128);
  EXPECT_EQ(chunk(512, 128, unstructured, Operation::GradInput), 128);
  EXPECT_EQ(chunk(128, 512, Structure::block(4), Operation::Forward), 128);
  EXPECT_LT(chunk(128, 512, Structure::dense(), Operation::Forward), 128);

  auto large = [&](int64_t in, int64_t extent,
                   const TargetDescription &target) {
    return choose(pointwise(in, 64, extent), Structure::block(4),
                  Operation::Forward, target);
  };
  EXPECT_EQ(large(64, 56, streamingAvx2()).panelRows, 2);
  EXPECT_EQ(large(64, 56, kAvx2).panelRows, 4);
  EXPECT_EQ(large(64, 28, streamingAvx2()).panelRows, 4);
}

TEST(ScheduleChoice, ManySourceChannelsArePackedACacheLineAtATime) {
  auto pointwise = [](int64_t in, int64_t out, int64_t extent) {
    return Geometry::conv2d(in, out, {extent, extent}, {1, 1}, {1, 1}, {0, 0});
  };
  auto expect = [](const Schedule &s, int64_t height, int64_t chunk,
                   int64_t rows) {
    EXPECT_EQ(s.batchTile, 1);
    EXPECT_EQ(s.tileHeight, height);
    EXPECT_EQ(s.tileWidth, 2);
    EXPECT_EQ(s.channelChunk, chunk);
    EXPECT_EQ(s.panelRows, rows);
  };
  Structure unstructured = Structure::unstructured(),
            block = Structure::block(4);
  Operation forward = Operation::Forward, gradWeight = Operation::GradWeight;
  Geometry many = pointwise(512, 128, 28), few = pointwise(64, 64, 56);
  expect(choose(many, unstructured, forward, kAvx2), 2, 256, 1);
  expect(choose(many, block, forward, kAvx2), 2, 256, 2);
  expect(choose(few, unstructured, gradWeight, kAvx2), 4, 64, 1);
  expect(choose(few, block, gradWeight, kAvx2), 4, 64, 2);
  // Of few weights over a large plane the gradient only waits for memory.
  TargetDescription streaming = streamingAvx2();
  expect(choose(few, block, gradWeight, streaming), 4, 64, 1);
  expect(choose(pointwise(64, 512, 56), block, gradWeight, streaming), 4, 64,
         2);
  expect(choose(pointwise(64, 64, 28), block, gradWeight, streaming), 4, 64, 2);
  // Rows a multiple of a kilobyte apart take each other's place in the caches.
  Schedule wide = choose(pointwise(16, 128, 32), block, gradWeight, kAvx2);
  EXPECT_EQ(wide.tileHeight, 2);
  EXPECT_EQ(wide.tileWidth, 4);
  EXPECT_TRUE(choose(few, block, gradWeight, kAvx2).chunkOuter);
  EXPECT_FALSE(choose(many, block, gradWeight, kAvx2).chunkOuter);
  // Few channels are read in longer runs; a longer vector is a line of its own.
  EXPECT_EQ(choose(few, unstructured, forward, kAvx2).tileWidth, 8);
  EXPECT_GT(
      choose(pointwise(256, 128, 28), unstructured, forward, kAvx512).tileWidth,
      2);
}

/// Their results are few and scattered, or their source vectors lie apart.
TEST(ScheduleChoice, StridedPointwiseLayersHaveTilesOfTheirOwn) {
  auto strided = [](int64_t channels, Operation operation) {
    return choose(Geometry::conv2d(channels, 2 * channels, {32, 32}, {1, 1},
                                   {2, 2}, {0, 0}),
                  Structure::block(4), operation, kAvx2);
  };
  // Channels of the source of a gradient to the input are twice as many.
  Schedule all = strided(256, Operation::GradInput);
  EXPECT_EQ(all.channelChunk, 512);
  EXPECT_EQ(all.tileHeight * all.tileWidth, 4);
  EXPECT_EQ(all.batchTile, 1);
  EXPECT_LT(strided(512, Operation::GradInput).channelChunk, 1024);

  Schedule narrow = strided(128, Operation::GradWeight);
  EXPECT_EQ(narrow.tileHeight, 4);
  EXPECT_EQ(narrow.tileWidth, 2);
  EXPECT_EQ(narrow.panelRows, 2);
  EXPECT_EQ(strided(64, Operation::GradWeight).panelRows, 4);
}

TEST(ScheduleChoice, SeveralItemsAtATimeWhereAnItemIsOneSum) {
  auto unroll = [](Extent2d kernel, const Structure &structure) {
    return choose(Geometry::conv2d(64, 64, {28, 28}, kernel, {1, 1}, {0, 0}),
                  structure, Operation::GradWeight, kAvx2)
        .itemUnroll;
  };
  Structure one = Structure::pattern({KernelPattern{0}});
  EXPECT_EQ(unroll({1, 1}, Structure::unstructured()), 4);
  EXPECT_EQ(unroll({1, 1}, one), 4);
  EXPECT_EQ(unroll({1, 1}, Structure::channel()), 4);
  EXPECT_EQ(unroll({3, 3}, Structure::channel()), 1);
  EXPECT_EQ(unroll({3, 3}, Structure::pattern(mestPatterns())), 1);
}

TEST(ScheduleChoice, SparsePointwiseLayersTakeOddPlanesByRows) {
  auto layer = [](int64_t extent, int64_t stride) {
    return Geometry::conv2d(512, 2048, {extent, extent}, {1, 1},
                            {stride, stride}, {0, 0});
  };
  auto tile = [&](int64_t extent, int64_t stride, Operation operation,
                  const TargetDescription &target = kAvx2) {
    Schedule s =
        choose(layer(extent, stride), Structure::block(4), operation, target);
    return Extent2d{s.tileHeight, s.tileWidth};
  };
  for (Operation operation :
       {Operation::Forward, Operation::GradInput, Operation::GradWeight}) {
    EXPECT_EQ(tile(7, 1, operation), (Extent2d{1, 7}));
    EXPECT_EQ(tile(15, 1, operation), (Extent2d{1, 5}));
    EXPECT_EQ(tile(7, 1, operation, kAvx512), (Extent2d{1, 7}));
    // Larger than the caches, or with registers for larger squares.
    EXPECT_GT(tile(35, 1, operation).height, 1);
    EXPECT_GT(tile(7, 1, operation, kNeon).height, 1);
  }
  EXPECT_EQ(tile(14, 2, Operation::GradWeight), (Extent2d{1, 7}));
  EXPECT_GT(tile(14, 2, Operation::GradInput).height, 1);
}

/// Reading the gradient for each chunk, or the lane sums for each row of tiles:
/// whichever moves less.
TEST(ScheduleChoice, LoopsOfTheWeightGradientMoveTheLeast) {
  auto chunkOuter = [](const Geometry &geometry,
                       const Structure &structure = Structure::block(4),
                       const TargetDescription &target = kAvx512) {
    return choose(geometry, structure, Operation::GradWeight, target)
        .chunkOuter;
  };
  Structure single = Structure::unstructured();
  // A small gradient, and many lane sums.
  EXPECT_TRUE(chunkOuter(conv(512, {4, 4})));
  EXPECT_TRUE(chunkOuter(conv(512, {4, 4}), single, kAvx2));
  EXPECT_TRUE(chunkOuter(conv(512, {14, 14}, 3, 2)));
  // Lane sums that the L2 holds.
  EXPECT_FALSE(chunkOuter(conv(64, {16, 16})));
  // A gradient that leaves the caches, of a dense layer less than lane sums.
  EXPECT_FALSE(chunkOuter(conv(256, {28, 28}, 3, 2)));
  EXPECT_TRUE(chunkOuter(conv(256, {28, 28}, 3, 2), Structure::dense()));
  EXPECT_FALSE(
      chunkOuter(Geometry::conv2d(512, 2048, {7, 7}, {1, 1}, {1, 1}, {0, 0}),
                 single, kAvx2));
}

TEST(ScheduleChoice, SmallPlanesAreOneTileWhereLaneSumsAreMany) {
  Operation gradWeight = Operation::GradWeight;
  for (const Structure &structure :
       {Structure::dense(), Structure::pattern(mestPatterns())}) {
    Schedule s = choose(conv(128, {8, 8}), structure, gradWeight);
    EXPECT_EQ(s.tileHeight, 8);
    EXPECT_EQ(s.tileWidth, 8);
    EXPECT_EQ(choose(conv(64, {16, 16}), structure, gradWeight).tileWidth, 4);
    EXPECT_EQ(choose(conv(512, {4, 4}), structure, gradWeight).batchTile, 2);
  }
  EXPECT_EQ(choose(conv(128, {8, 8}), Structure::unstructured(), gradWeight)
                .tileWidth,
            4);
}

TEST(ScheduleChoice, WithFewRegistersSmallPlanesAreOneTileOfTheWeightGradient) {
  auto tile = [](const Structure &structure, int64_t extent,
                 Operation operation = Operation::GradWeight) {
    Schedule s =
        choose(conv(128, {extent, extent}), structure, operation, kAvx2);
    return Extent2d{s.tileHeight, s.tileWidth};
  };
  Structure pattern = Structure::pattern(mestPatterns());
  for (const Structure &structure :
       {Structure::dense(), Structure::unstructured(), Structure::block(4)}) {
    EXPECT_EQ(tile(structure, 8), (Extent2d{8, 8}));
    EXPECT_EQ(tile(structure, 7), (Extent2d{7, 7}));
    EXPECT_LT(tile(structure, 16).width, 16);
    EXPECT_LT(tile(structure, 8, Operation::Forward).width, 8);
  }
  EXPECT_LT(tile(pattern, 16).width, 16);
  EXPECT_EQ(tile(pattern, 4), (Extent2d{4, 4}));
  // Nothing was gained without taps that share a tile.
  Geometry pointwise = Geometry::conv2d(64, 64, {8, 8}, {1, 1}, {2, 2}, {0, 0});
  EXPECT_LT(
      choose(pointwise, Structure::unstructured(), Operation::GradWeight, kAvx2)
          .tileHeight,
      4);
}

/// A chunk of a wide layer has a run or none of each pattern, and nothing tells
/// which.
TEST(ScheduleChoice, WideLayersHaveLongerRunsOfPatterns) {
  auto chunk = [](int64_t channels, const Structure &structure) {
    return choose(conv(channels, {16, 16}), structure, Operation::Forward,
                  kAvx2)
        .channelChunk;
  };
  Structure pattern = Structure::pattern(mestPatterns());
  EXPECT_EQ(chunk(512, pattern), 74);
  EXPECT_EQ(chunk(256, pattern), 32);
  EXPECT_EQ(chunk(512, Structure::unstructured()), 32);
}

TEST(ScheduleChoice, StridedLayersExceedTheL1WhereItemsAreLong) {
  auto chunk = [](const Structure &structure, Operation operation) {
    return choose(conv(64, {32, 32}, 3, 2), structure, operation, kAvx2)
        .channelChunk;
  };
  Structure unstructured = Structure::unstructured(),
            pattern = Structure::pattern(mestPatterns());
  EXPECT_EQ(chunk(unstructured, Operation::Forward), 16);
  EXPECT_EQ(chunk(unstructured, Operation::GradWeight), 16);
  EXPECT_EQ(chunk(unstructured, Operation::GradInput), 64);
  EXPECT_EQ(chunk(pattern, Operation::Forward), 32);
  EXPECT_EQ(chunk(pattern, Operation::GradWeight), 16);
}

struct ChoiceCase {
  Operation operation;
  TargetDescription target;
};

class AnyLayer : public ::testing::TestWithParam<ChoiceCase> {};

/// The layout throws on a schedule that cannot serve, so making it is the test.
TEST_P(AnyLayer, GetsAScheduleThatServesAndFits) {
  const TargetDescription &target = GetParam().target;
  std::vector<Geometry> geometries{Geometry::linear(1, 1),
                                   Geometry::linear(4096, 36),
                                   Geometry::linear(1 << 20, 12)};
  for (int64_t kernel = 1; kernel <= 7; ++kernel)
    for (int64_t stride : {1, 2})
      for (const Extent2d &plane :
           {Extent2d{7, 7}, Extent2d{8, 8}, Extent2d{13, 17}, Extent2d{1, 224},
            Extent2d{31, 37}})
        for (int64_t channels : {12, 36, 132, 264})
          geometries.push_back(conv(channels, plane, kernel, stride));
  for (const Geometry &geometry : geometries)
    for (const Structure &structure :
         {Structure::dense(), Structure::unstructured(), Structure::channel(),
          Structure::pattern(connectivityPattern(geometry)),
          Structure::block(1), Structure::block(geometry.outChannels),
          Structure::block(geometry.outChannels % 12 == 0 ? 6 : 1)})
      for (Level level : {Level::Stream, Level::Specialised}) {
        Schedule s = chooseSchedule(GetParam().operation, geometry, structure,
                                    level, target);
        StreamLayout layout(GetParam().operation, geometry, structure, s);
        EXPECT_EQ(s.lanes, target.lanes);
        // Accumulators, one source vector and one weight.
        EXPECT_LE(s.panelRows * s.panelPixels + 2, target.vectorRegisters);
        int64_t oneBlock = layout.columnRows() * layout.channelStride() *
                           target.lanes * int64_t(sizeof(float));
        // Rows and patterns may exceed the L1 by a fifth, for sixteen channels.
        // Strided layers may exceed it by half, for longer runs of items,
        // and whole planes of grad-weight, for fewer visits of lane sums, those
        // of blocks twice. Twice the L1 also makes the runs of many patterns
        // longer, and a result complete that goes past the caches. Where a
        // vector is a line, so do few pixels of many channels, which an L2
        // holds, as it does planes without padding.
        bool gradWeight = GetParam().operation == Operation::GradWeight;
        bool larger = geometry.stride.height > 1 || gradWeight;
        bool largest =
            (gradWeight && structure.scheme == Scheme::Block) ||
            (structure.scheme == Scheme::Pattern &&
             geometry.inChannels * geometry.outChannels > 65536) ||
            (target.instructions.streamingStores &&
             geometry.kernel.height == 1 && geometry.stride.height == 1);
        bool lines = target.lanes == 16 && !gradWeight;
        bool pointwise = geometry.kernel.height == 1;
        bool stridedInput = GetParam().operation == Operation::GradInput &&
                            geometry.stride.height > 1;
        int64_t tenths = lines && pointwise      ? 280
                         : s.skipPadding         ? 60
                         : lines && stridedInput ? 50
                         : largest               ? 20
                         : larger                ? 15
                                                 : 12;
        EXPECT_LE(layout.scratchFloats() * int64_t(sizeof(float)),
                  std::max(target.l1Bytes * tenths / 10, oneBlock));
      }
}

std::vector<ChoiceCase> choiceCases() {
  std::vector<ChoiceCase> cases;
  for (Operation operation : kAllOperations)
    for (const TargetDescription &target :
         {kAvx512, kAvx2, streamingAvx2(), kNeon,
          TargetDescription{4, 32, 1 << 22}, TargetDescription{16, 32, 4096}})
      cases.push_back({operation, target});
  return cases;
}

std::string nameOf(const ::testing::TestParamInfo<ChoiceCase> &info) {
  std::string name(operationName(info.param.operation));
  std::replace(name.begin(), name.end(), '-', '_');
  return name + "_" + std::to_string(info.param.target.lanes) + "_lanes_" +
         std::to_string(info.param.target.l1Bytes) + "_bytes" +
         (info.param.target.instructions.streamingStores ? "_streaming" : "");
}

INSTANTIATE_TEST_SUITE_P(All, AnyLayer, ::testing::ValuesIn(choiceCases()),
                         nameOf);

bool skipsPadding(int64_t extent, const Structure &structure,
                  Operation operation, const TargetDescription &target,
                  int64_t stride = 1) {
  Schedule s = choose(conv(128, {extent * stride, extent * stride}, 3, stride),
                      structure, operation, target);
  EXPECT_TRUE(!s.skipPadding ||
              (s.tileHeight == extent && s.tileWidth == extent));
  return s.skipPadding;
}

TEST(ScheduleChoice, SmallPlanesLeaveOutTheirPadding) {
  Operation forward = Operation::Forward, gradInput = Operation::GradInput,
            gradWeight = Operation::GradWeight;
  Structure pattern = Structure::pattern(mestPatterns()),
            block = Structure::block(4), single = Structure::unstructured();
  for (const TargetDescription &target : {kAvx512, kAvx2})
    for (Operation operation : {forward, gradInput, gradWeight}) {
      for (int64_t extent : {2, 4, 7, 8})
        EXPECT_TRUE(skipsPadding(extent, pattern, operation, target)) << extent;
      for (const Structure &structure :
           {pattern, block, single, Structure::dense()}) {
        EXPECT_TRUE(skipsPadding(2, structure, operation, target));
        EXPECT_FALSE(skipsPadding(16, structure, operation, target));
      }
      EXPECT_FALSE(skipsPadding(8, single, operation, target));
    }
  // Items of single weights need a plane that is one panel.
  EXPECT_TRUE(skipsPadding(4, single, forward, kAvx512));
  EXPECT_FALSE(skipsPadding(4, single, forward, kAvx2));
  EXPECT_TRUE(skipsPadding(4, single, gradWeight, kAvx2));
  EXPECT_TRUE(skipsPadding(4, block, gradInput, kAvx512));
  EXPECT_FALSE(skipsPadding(4, block, gradInput, kAvx2));
  // With short vectors the taps of a pattern share what four in a row need.
  EXPECT_FALSE(skipsPadding(8, pattern, gradWeight, kNeon));
  EXPECT_TRUE(skipsPadding(4, pattern, gradWeight, kNeon));
  EXPECT_TRUE(skipsPadding(8, pattern, forward, kNeon));
  // Rows make up for it sooner.
  EXPECT_TRUE(skipsPadding(8, block, forward, kAvx512));
  EXPECT_FALSE(skipsPadding(8, block, forward, kAvx2));
  EXPECT_TRUE(skipsPadding(8, block, gradWeight, kAvx2));
  EXPECT_TRUE(skipsPadding(8, block, forward, kAvx512, 2));
  EXPECT_FALSE(skipsPadding(8, pattern, forward, kAvx512, 2));

  EXPECT_FALSE(
      choose(conv(128, {4, 4}), pattern, forward, kAvx512, Level::Stream)
          .skipPadding);
  Geometry none = Geometry::conv2d(8, 8, {4, 4}, {3, 3}, {1, 1}, {0, 0});
  EXPECT_FALSE(choose(none, pattern).skipPadding);
}

/// A tap's items are few: without the padding a chunk may leave the L1 for
/// more.
TEST(ScheduleChoice, WithoutPaddingChunksAreLong) {
  auto chunk = [](int64_t extent, const Structure &structure,
                  Operation operation, const TargetDescription &target) {
    return choose(conv(512, {extent, extent}), structure, operation, target)
        .channelChunk;
  };
  Structure block = Structure::block(4), single = Structure::unstructured();
  EXPECT_EQ(chunk(4, block, Operation::Forward, kAvx512), 128);
  EXPECT_EQ(chunk(4, block, Operation::Forward, kAvx2), 256);
  EXPECT_EQ(chunk(4, block, Operation::GradWeight, kAvx512), 64);
  EXPECT_EQ(chunk(4, single, Operation::GradWeight, kAvx2), 64);
  // 49 vectors of 64 bytes a channel: six times 48 KB hold 94 of them.
  EXPECT_EQ(chunk(7, block, Operation::Forward, kAvx512), 86);
  // The lane sums of a chunk stay in the L2.
  EXPECT_EQ(chunk(4, Structure::dense(), Operation::GradWeight, kAvx512), 8);
}

/// A body for each of many taps would be too much code, which only the stream
/// level has not.
TEST(ScheduleChoice, LargeKernelsPackTheirPadding) {
  for (const TargetDescription &target : {kAvx512, kAvx2})
    for (const Structure &structure :
         {Structure::dense(), Structure::block(4)}) {
      auto unpadded = [&](int64_t kernel, int64_t extent) {
        Geometry geometry = conv(128, {extent, extent}, kernel);
        Schedule s = choose(geometry, structure, Operation::GradWeight, target);
        StreamLayout layout(Operation::GradWeight, geometry, structure, s);
        EXPECT_LE(unrolledMultiplyAdds(layout, {}), kMaxUnrolledMultiplyAdds);
        return s.skipPadding;
      };
      EXPECT_TRUE(unpadded(3, 8));
      EXPECT_FALSE(unpadded(7, 8));
      EXPECT_TRUE(unpadded(5, 4));
    }
}

/// In an L1 of 32 KB sixteen channels of a 6x6 region are 36 KB.
TEST(ScheduleChoice, RowsAndPatternsHaveSixteenChannels) {
  TargetDescription target{16, 32, 32768};
  auto chunk = [&](const Structure &structure) {
    return choose(conv(64, {16, 16}), structure, Operation::Forward, target)
        .channelChunk;
  };
  EXPECT_EQ(chunk(Structure::block(4)), 16);
  EXPECT_EQ(chunk(Structure::pattern(mestPatterns())), 16);
  EXPECT_EQ(chunk(Structure::unstructured()), 11);
}

/// Where a vector is a cache line, a few pixels at a time are enough.
TEST(ScheduleChoice, WideVectorsAreFewPixelsWithAllChannels) {
  Structure single = Structure::unstructured();
  auto tile = [](const Schedule &s) {
    return std::vector<int64_t>{s.batchTile, s.tileHeight, s.tileWidth,
                                s.channelChunk};
  };
  using Tile = std::vector<int64_t>;
  auto pointwise = [](int64_t in, int64_t out, int64_t extent,
                      int64_t stride = 1) {
    return Geometry::conv2d(in, out, {extent, extent}, {1, 1}, {stride, stride},
                            {0, 0});
  };
  EXPECT_EQ(tile(choose(pointwise(256, 64, 56), single)), (Tile{1, 1, 4, 256}));
  // Of many channels, chunks from the L1 do better, but for rows that share a
  // source vector and have many results.
  Structure block = Structure::block(4);
  EXPECT_EQ(tile(choose(pointwise(1024, 256, 14), single)),
            (Tile{1, 2, 2, 171}));
  EXPECT_EQ(tile(choose(pointwise(1024, 256, 14), block)),
            (Tile{1, 2, 2, 171}));
  EXPECT_EQ(choose(pointwise(1024, 256, 14), block).panelRows, 4);
  EXPECT_EQ(tile(choose(pointwise(512, 2048, 7), single)),
            (Tile{1, 1, 7, 103}));
  EXPECT_EQ(tile(choose(pointwise(512, 2048, 7), block)), (Tile{1, 1, 7, 512}));
  EXPECT_EQ(
      tile(choose(pointwise(256, 512, 56, 2), single, Operation::GradInput)),
      (Tile{1, 1, 4, 512}));
  EXPECT_EQ(tile(choose(pointwise(64, 256, 56), single, Operation::GradWeight)),
            (Tile{1, 2, 2, 64}));
  // With a stride, where there are many channels or pixels; of blocks, many
  // pixels, and single rows.
  using Panel = std::pair<int64_t, int64_t>;
  auto strided = [&](int64_t channels, int64_t extent,
                     const Structure &structure) {
    Schedule s = choose(pointwise(channels, 256, extent, 2), structure,
                        Operation::GradWeight);
    return Panel(s.tileHeight * s.tileWidth, s.panelRows);
  };
  EXPECT_EQ(strided(128, 16, single), (Panel{4, 1}));
  EXPECT_EQ(strided(64, 56, single), (Panel{4, 1}));
  EXPECT_EQ(strided(64, 32, single), (Panel{16, 1}));
  EXPECT_EQ(strided(128, 32, block), (Panel{16, 4}));
  EXPECT_EQ(strided(128, 64, block), (Panel{4, 1}));
  EXPECT_EQ(strided(128, 64, Structure::block(2)), (Panel{16, 2}));
  // Planes that neither 2x2 pixels nor parts of a row divide.
  EXPECT_EQ(choose(pointwise(1024, 256, 13), single).channelChunk, 1024);
  EXPECT_EQ(choose(pointwise(1024, 256, 35), single).channelChunk, 1024);
  Schedule line =
      choose(Geometry::conv2d(64, 64, {1, 64}, {1, 1}, {1, 1}, {0, 0}), single,
             Operation::GradWeight);
  EXPECT_EQ(line.tileHeight, 1);
  EXPECT_EQ(line.tileWidth, 4);
  // Of a dense layer only what is mostly zeros waits for memory.
  EXPECT_EQ(tile(choose(pointwise(64, 128, 16, 2), Structure::dense(),
                        Operation::GradInput)),
            (Tile{1, 1, 4, 128}));
  EXPECT_NE(tile(choose(pointwise(64, 128, 16), Structure::dense())),
            (Tile{1, 1, 4, 64}));
  // A layer too wide for the L2 goes in chunks.
  EXPECT_LT(choose(pointwise(8192, 64, 8), single).channelChunk, 8192);

  // A strided gradient writes four lines for each that it reads.
  EXPECT_EQ(
      tile(choose(conv(64, {32, 32}, 3, 2), single, Operation::GradInput)),
      (Tile{1, 2, 2, 64}));
  EXPECT_GT(
      choose(conv(64, {32, 32}, 3, 2), single, Operation::GradInput, kAvx2)
          .tileWidth,
      2);
}

} // namespace
} // namespace lacuna
