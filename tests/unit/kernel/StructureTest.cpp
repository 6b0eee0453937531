//===- StructureTest.cpp - What geometry and structure refuse -------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Kernel/Structure.h"
#include "lacuna/Support/Error.h"

#include <gtest/gtest.h>

#include <functional>

namespace lacuna {
namespace {

Geometry layer() {
  return Geometry::conv2d(6, 8, {9, 7}, {3, 3}, {1, 1}, {1, 1});
}

/// The message of the UserError that `action` throws, empty if it throws none.
std::string refusal(const std::function<void()> &action) {
  try {
    action();
  } catch (const UserError &error) {
    return error.what();
  }
  return {};
}

std::string geometryRefusal(const std::function<void(Geometry &)> &change) {
  Geometry geometry = layer();
  change(geometry);
  return refusal([&] { geometry.verify(); });
}

std::string structureRefusal(const Structure &structure) {
  return refusal([&] { structure.verify(layer()); });
}

std::string activeRefusal(const Structure &structure, const ActiveSet &active) {
  return refusal([&] { active.verify(layer(), structure); });
}

TEST(Geometry, AcceptsWhatIsInRange) {
  EXPECT_EQ(geometryRefusal([](Geometry &) {}), "");
  EXPECT_EQ(refusal([] { Geometry::linear(1, 1).verify(); }), "");
}

TEST(Geometry, WeightsOfFilesHaveAKernelUnlessTheLayerIsLinear) {
  using Shape = std::vector<int64_t>;
  EXPECT_EQ(layer().weightShape(), (Shape{8, 6, 3, 3}));
  EXPECT_EQ(Geometry::linear(6, 8).weightShape(), (Shape{8, 6}));
}

TEST(Geometry, RefusesExtentsOutOfRangeByField) {
  EXPECT_EQ(geometryRefusal([](Geometry &g) { g.inChannels = 0; }),
            "in_channels: is 0, must be between 1 and 1048576");
  EXPECT_EQ(geometryRefusal([](Geometry &g) { g.outChannels = -3; }),
            "out_channels: is -3, must be between 1 and 1048576");
  EXPECT_EQ(geometryRefusal([](Geometry &g) { g.input.width = 16385; }),
            "width: is 16385, must be between 1 and 16384");
  EXPECT_EQ(geometryRefusal([](Geometry &g) { g.kernel.height = 8; }),
            "kernel[0]: is 8, must be between 1 and 7");
  EXPECT_EQ(geometryRefusal([](Geometry &g) { g.stride.width = 0; }),
            "stride[1]: is 0, must be between 1 and 2");
  EXPECT_EQ(geometryRefusal([](Geometry &g) { g.padding.height = 3; }),
            "padding[0]: is 3, must be between 0 and 2");
  EXPECT_EQ(refusal([] { Geometry::linear(0, 4).verify(); }),
            "in_features: is 0, must be between 1 and 1048576");
}

TEST(Geometry, RefusesAKernelThatDoesNotFit) {
  EXPECT_EQ(geometryRefusal([](Geometry &g) {
              g.input = {2, 7};
              g.padding = {0, 0};
            }),
            "kernel: is larger than the padded input");
}

TEST(Geometry, RefusesProductsThatOverflow) {
  EXPECT_NE(geometryRefusal([](Geometry &g) {
              g.inChannels = g.outChannels = 1 << 20;
            }).find("weights, at most 2147483647 are supported"),
            std::string::npos);
  EXPECT_NE(geometryRefusal([](Geometry &g) {
              g.inChannels = 64;
              g.input = {16384, 16384};
            }).find("channels * height * width exceeds"),
            std::string::npos);
}

TEST(Geometry, OutputRoundsDown) {
  Geometry g = Geometry::conv2d(1, 1, {8, 7}, {3, 2}, {2, 2}, {1, 0});
  EXPECT_EQ(g.output(), (Extent2d{4, 3}));
}

TEST(Structure, RefusesBlocksThatDoNotDivide) {
  EXPECT_EQ(structureRefusal(Structure::block(3)),
            "block_rows: 3 does not divide the 8 output channels");
  EXPECT_EQ(structureRefusal(Structure::block(0)),
            "block_rows: is 0, must be between 1 and 8");
  EXPECT_EQ(structureRefusal(Structure::block(16)),
            "block_rows: is 16, must be between 1 and 8");
  EXPECT_EQ(structureRefusal(Structure::block(8)), "");
}

TEST(Structure, RefusesPatternsThatAreNoSubsetOfTheKernel) {
  EXPECT_EQ(structureRefusal(Structure::pattern({})),
            "patterns: the library has 0 patterns, must have between 1 and 64");
  EXPECT_EQ(structureRefusal(Structure::pattern(
                std::vector<KernelPattern>(65, KernelPattern{0}))),
            "patterns: the library has 65 patterns, must have between 1 and "
            "64");
  EXPECT_EQ(structureRefusal(Structure::pattern({{0}, {}})),
            "patterns[1]: keeps no tap");
  EXPECT_EQ(structureRefusal(Structure::pattern({{0, 9}})),
            "patterns[0][1]: tap 9 lies outside the 3x3 kernel");
  EXPECT_EQ(structureRefusal(Structure::pattern({{1, 1}})),
            "patterns[0][1]: taps must be strictly ascending");
}

TEST(ActiveSet, RefusesUnitsOutOfRangeOrOrder) {
  Structure channel = Structure::channel();
  EXPECT_EQ(activeRefusal(channel, {{0, 8}, {}}),
            "active[1]: unit 8 is out of range, the layer has 8 units");
  EXPECT_EQ(activeRefusal(channel, {{1, 1}, {}}),
            "active[1]: unit 1 is a duplicate");
  EXPECT_EQ(activeRefusal(channel, {{2, 1}, {}}),
            "active[1]: unit 1 is below the one before it, units must be "
            "ascending");
  EXPECT_EQ(activeRefusal(Structure::dense(), {{0}, {}}),
            "active: must be absent for the dense scheme");
}

TEST(ActiveSet, RefusesPatternIdsThatDoNotFit) {
  Structure pattern = Structure::pattern(mestPatterns());
  EXPECT_EQ(activeRefusal(pattern, {{0, 1}, {3}}),
            "pattern_ids: has 1 entries, must have 2");
  EXPECT_EQ(activeRefusal(pattern, {{0}, {8}}),
            "pattern_ids[0]: pattern 8 is not in the library of 8");
  EXPECT_EQ(activeRefusal(Structure::unstructured(), {{0}, {0}}),
            "pattern_ids: has 1 entries, must have 0");
}

/// Canonical order is a contract with checkpoints and with users' arrays.
TEST(ActiveSet, PositionsFollowTheCanonicalOrder) {
  Geometry g = Geometry::conv2d(2, 4, {4, 4}, {1, 3}, {1, 1}, {0, 1});
  auto positions = [&](const Structure &structure, const ActiveSet &active) {
    EXPECT_EQ(active.values(g, structure),
              int64_t(active.positions(g, structure).size()));
    return active.positions(g, structure);
  };
  using Positions = std::vector<uint32_t>;
  // A layer has 4 filters of 6 columns: 2 channels of 3 taps.
  EXPECT_EQ(positions(Structure::unstructured(), {{1, 20}, {}}),
            (Positions{1, 20}));
  EXPECT_EQ(positions(Structure::block(2), {{4, 7}, {}}),
            (Positions{4, 10, 13, 19}));
  EXPECT_EQ(positions(Structure::pattern({{0, 2}, {1}}), {{1, 6}, {1, 0}}),
            (Positions{4, 18, 20}));
  EXPECT_EQ(positions(Structure::channel(), {{3}, {}}),
            (Positions{18, 19, 20, 21, 22, 23}));
  Positions all(24);
  for (uint32_t i = 0; i < 24; ++i)
    all[i] = i;
  EXPECT_EQ(positions(Structure::dense(), {}), all);
}

} // namespace
} // namespace lacuna
