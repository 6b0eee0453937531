//===- StreamPackerTest.cpp - Active sets to streams ----------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Kernel/StreamLayout.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <string>

namespace lacuna {
namespace {

using Offsets = std::vector<int32_t>;
using Indices = std::vector<uint16_t>;
using Order = std::vector<uint32_t>;

/// Two channels to two, 3x3 on 4x4: a tile of one 6x6 region a channel.
Geometry smallLayer() {
  return Geometry::conv2d(2, 2, {4, 4}, {3, 3}, {1, 1}, {1, 1});
}

Schedule chunksOf(int64_t channels) {
  Schedule s;
  s.channelChunk = channels;
  return s;
}

TEST(StreamPacker, UnstructuredForwardStream) {
  StreamLayout layout(Operation::Forward, smallLayer(),
                      Structure::unstructured(), chunksOf(1));
  // (o, c, tap): (0, 0, 1) (0, 1, 0) (1, 0, 8) (1, 1, 4).
  Streams streams = packStreams(layout, {{1, 9, 26, 31}, {}});
  // Chunk by chunk, then by output channel: value start, item start, and the
  // end of both.
  EXPECT_EQ(streams.offsets, (Offsets{0, 0, 1, 1, 2, 2, 3, 3, 4, 4}));
  EXPECT_EQ(streams.indices, (Indices{1, 2 * 6 + 2, 0, 6 + 1}));
  EXPECT_EQ(streams.valueOrder, (Order{0, 2, 1, 3}));
}

TEST(StreamPacker, UnstructuredGradInputStreamIsTransposedAndMirrored) {
  StreamLayout layout(Operation::GradInput, smallLayer(),
                      Structure::unstructured(), chunksOf(2));
  Streams streams = packStreams(layout, {{1, 9, 26, 31}, {}});
  EXPECT_EQ(streams.offsets, (Offsets{0, 0, 2, 2, 4, 4}));
  // Channel 1 of the source lies 36 vectors on; tap 8 reads the corner.
  EXPECT_EQ(streams.indices, (Indices{6 + 1 + 6, 36, 12 + 2, 36 + 6 + 1}));
  EXPECT_EQ(streams.valueOrder, (Order{0, 2, 1, 3}));
}

TEST(StreamPacker, BlockForwardStreamKeepsTheRowsOfABlockTogether) {
  Geometry g = Geometry::conv2d(1, 4, {4, 4}, {3, 3}, {1, 1}, {1, 1});
  Schedule s = chunksOf(1);
  s.panelRows = 2;
  StreamLayout layout(Operation::Forward, g, Structure::block(4), s);
  Streams streams = packStreams(layout, {{0, 8}, {}});
  // Each block is a panel in two groups.
  EXPECT_EQ(streams.offsets, (Offsets{0, 0, 4, 2, 8, 4}));
  EXPECT_EQ(streams.indices, (Indices{0, 14, 0, 14}));
  EXPECT_EQ(streams.valueOrder, (Order{0, 1, 4, 5, 2, 3, 6, 7}));
}

TEST(StreamPacker, PatternStreamSortsKernelsByPattern) {
  Geometry g = Geometry::conv2d(3, 1, {4, 4}, {3, 3}, {1, 1}, {1, 1});
  StreamLayout layout(Operation::Forward, g, Structure::pattern({{0, 8}, {4}}),
                      chunksOf(3));
  Streams streams = packStreams(layout, {{0, 1, 2}, {1, 0, 1}});
  EXPECT_EQ(streams.offsets, (Offsets{0, 0, 1, 4, 3, 3}));
  EXPECT_EQ(streams.indices, (Indices{36, 0, 72}));
  EXPECT_EQ(streams.valueOrder, (Order{1, 2, 0, 3}));
}

TEST(StreamPacker, WithoutPaddingItemsAreSortedByTap) {
  Schedule s = chunksOf(2);
  s.skipPadding = true;
  StreamLayout layout(Operation::Forward, smallLayer(),
                      Structure::unstructured(), s);
  // (o, c, tap): (0, 0, 1) (0, 1, 0) (1, 0, 8) (1, 1, 4).
  Streams streams = packStreams(layout, {{1, 9, 26, 31}, {}});
  // Value start, then where the items of taps 0 to 8 start.
  EXPECT_EQ(streams.offsets, (Offsets{0, 0, 1, 2, 2, 2, 2, 2, 2, 2, //
                                      2, 2, 2, 2, 2, 2, 3, 3, 3, 3, //
                                      4, 4, 4, 4, 4, 4, 4, 4, 4, 4}));
  // The tap is known: an index is where the channel starts.
  EXPECT_EQ(streams.indices, (Indices{16, 0, 16, 0}));
  EXPECT_EQ(streams.valueOrder, (Order{1, 0, 3, 2}));
}

TEST(StreamPacker, NothingActiveLeavesOnlyOffsets) {
  StreamLayout layout(Operation::Forward, smallLayer(),
                      Structure::unstructured(), chunksOf(2));
  Streams streams = packStreams(layout, {});
  EXPECT_EQ(streams.values(), 0);
  EXPECT_TRUE(streams.indices.empty());
  EXPECT_EQ(streams.offsets, Offsets(6, 0));
  EXPECT_EQ(streams.bytes(), 24);
}

struct PackingCase {
  Operation operation;
  Structure structure;
  int64_t stride;
  Level level;
  bool skipPadding = false;
};

std::vector<PackingCase> packingCases() {
  std::vector<PackingCase> cases;
  for (Operation operation : kAllOperations)
    for (const Structure &structure :
         {Structure::dense(), Structure::unstructured(), Structure::block(4),
          Structure::block(3), Structure::pattern(mestPatterns()),
          Structure::channel()})
      for (int64_t stride : {1, 2})
        for (Level level : kAllLevels)
          for (bool skip : {false, true})
            if (!skip || level == Level::Specialised)
              cases.push_back({operation, structure, stride, level, skip});
  return cases;
}

ActiveSet drawActive(const Geometry &geometry, const Structure &structure) {
  std::mt19937 random(5);
  ActiveSet active;
  if (structure.scheme == Scheme::Dense)
    return active;
  for (int64_t unit = 0; unit < structure.units(geometry); ++unit)
    if (random() % 3 == 0) {
      active.units.push_back(static_cast<uint32_t>(unit));
      if (structure.scheme == Scheme::Pattern)
        active.patternIds.push_back(random() % structure.patterns.size());
    }
  return active;
}

class StreamInvariants : public ::testing::TestWithParam<PackingCase> {
protected:
  static Schedule scheduleOf(const PackingCase &p) {
    Schedule s = chunksOf(12);
    s.level = p.level;
    s.bodyTaps = 4;
    // The plane below, of which every phase has the same part.
    s.skipPadding = p.skipPadding;
    if (p.skipPadding) {
      s.tileHeight = 8 / p.stride;
      s.tileWidth = 6 / p.stride;
    }
    return s;
  }

  const PackingCase &p = GetParam();
  Geometry g =
      Geometry::conv2d(10, 12, p.skipPadding ? Extent2d{8, 6} : Extent2d{9, 7},
                       {3, 3}, {p.stride, p.stride}, {1, 1});
  Schedule s = scheduleOf(p);
  StreamLayout layout{p.operation, g, p.structure, s};
  ActiveSet active = drawActive(g, p.structure);

  /// The nearest and the furthest vector from an item's index that its body
  /// reads.
  std::pair<int64_t, int64_t> readBy(const StreamBody &body) const {
    std::pair<int64_t, int64_t> range{0, 0};
    for (int64_t y = 0; y < s.tileHeight; ++y)
      for (int64_t x = 0; x < s.tileWidth; ++x)
        for (size_t i = 0; i < body.deltas.size(); ++i)
          if (layout.reaches(body.shifts[i], {y, x})) {
            int64_t at = body.deltas[i] +
                         y * layout.pixelStep.height * layout.region.width +
                         x * layout.pixelStep.width;
            range.first = std::min(range.first, at);
            range.second = std::max(range.second, at);
          }
    return range;
  }
};

TEST_P(StreamInvariants, Hold) {
  Streams streams = packStreams(layout, active);

  // Each weight takes part once: in one phase, one chunk, one item.
  std::vector<uint32_t> order = streams.valueOrder;
  std::sort(order.begin(), order.end());
  std::vector<uint32_t> all(active.values(g, p.structure));
  std::iota(all.begin(), all.end(), 0);
  EXPECT_EQ(order, all);

  // Starts never fall, neither those of values nor those of items.
  int32_t value = 0, item = 0;
  for (const StreamPhase &phase : layout.phases)
    for (int64_t group = 0; group <= layout.chunks * layout.groups; ++group) {
      int64_t slot = phase.offsetsBase + group * layout.offsetsStride(phase);
      EXPECT_GE(streams.offsets[slot], value);
      value = streams.offsets[slot];
      for (size_t body = 0; body < phase.bodies.size(); ++body) {
        EXPECT_GE(streams.offsets[slot + 1 + body], item);
        item = streams.offsets[slot + 1 + body];
      }
    }
  EXPECT_EQ(value, streams.values());
  EXPECT_EQ(item, int32_t(streams.indices.size()));

  // No item leaves the packed region, whatever pixel and tap.
  int64_t vectors = layout.scratchFloats() / layout.schedule.lanes;
  for (const StreamPhase &phase : layout.phases)
    for (size_t body = 0; body < phase.bodies.size(); ++body) {
      auto [least, most] = readBy(phase.bodies[body]);
      for (int64_t group = 0; group < layout.chunks * layout.groups; ++group) {
        int64_t slot = phase.offsetsBase + group * layout.offsetsStride(phase) +
                       1 + static_cast<int64_t>(body);
        int64_t last = body + 1 < phase.bodies.size()
                           ? slot + 1
                           : slot + layout.offsetsStride(phase) -
                                 static_cast<int64_t>(body);
        for (int32_t i = streams.offsets[slot]; i < streams.offsets[last];
             ++i) {
          EXPECT_GE(streams.indices[i] + least, 0);
          EXPECT_LT(streams.indices[i] + most, vectors);
        }
      }
    }
}

TEST_P(StreamInvariants, ReusedMemoryChangesNothing) {
  Streams fresh = packStreams(layout, active);
  for (size_t size : {0, 7, 100000}) {
    Streams old{Offsets(size, 3), Indices(size, 5), Order(size, 7)};
    Streams streams = packStreams(layout, active, std::move(old));
    EXPECT_EQ(streams.offsets, fresh.offsets);
    EXPECT_EQ(streams.indices, fresh.indices);
    EXPECT_EQ(streams.valueOrder, fresh.valueOrder);
    EXPECT_LE(streams.bytes(), 2 * fresh.bytes());
  }
}

std::string nameOf(const ::testing::TestParamInfo<PackingCase> &info) {
  const PackingCase &p = info.param;
  std::string name(operationName(p.operation));
  std::replace(name.begin(), name.end(), '-', '_');
  name += "_" + std::string(schemeName(p.structure.scheme));
  if (p.structure.scheme == Scheme::Block)
    name += std::to_string(p.structure.blockRows);
  return name + "_stride" + std::to_string(p.stride) + "_" +
         levelName(p.level) + (p.skipPadding ? "_unpadded" : "");
}

INSTANTIATE_TEST_SUITE_P(All, StreamInvariants,
                         ::testing::ValuesIn(packingCases()), nameOf);

} // namespace
} // namespace lacuna
