//===- FrozenPlanTest.cpp - Which weights become code ---------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../../passes/FrozenPlan.h"

#include <gtest/gtest.h>

namespace lacuna::ir {

namespace {

constexpr TargetDescription kTarget{8, 16, 32768};

FrozenPlan planOf(const Geometry &geometry, const Structure &structure,
                  const ActiveSet &active) {
  std::vector<float> values;
  for (int64_t i = 0; i < active.values(geometry, structure); ++i)
    values.push_back(static_cast<float>(i + 1));
  int64_t rowPitch = geometry.input.width + geometry.padding.width;
  return planFrozenLayer(geometry, structure, active, values, rowPitch,
                         kTarget);
}

TEST(FrozenPlan, RowsOfABlockShareAnItem) {
  // Blocks of columns 1 and 4 of the first four rows, of column 0 of the last.
  FrozenPlan plan =
      planOf(Geometry::linear(5, 12), Structure::block(4), {{1, 4, 10}, {}});
  EXPECT_EQ(plan.rows, 4);
  EXPECT_EQ(plan.starts, (std::vector<int64_t>{0, 2, 2, 3}));
  EXPECT_EQ(plan.columns, (std::vector<int64_t>{1, 4, 0}));
  EXPECT_EQ(plan.valueOf(2, 2), 8);
  EXPECT_EQ(plan.values[8], 9.0f);
}

TEST(FrozenPlan, DenseLinearLayersEndWithASmallerGroup) {
  FrozenPlan plan = planOf(Geometry::linear(3, 10), Structure::dense(), {});
  EXPECT_TRUE(plan.dense);
  EXPECT_EQ(plan.rows, 8);
  EXPECT_EQ(plan.rowsOf(0), 8);
  EXPECT_EQ(plan.rowsOf(1), 2);
  // Row 9 of column 2: rows come one after the other within an item.
  EXPECT_EQ(plan.valueOf(1, 5), 28);
  EXPECT_EQ(plan.values[29], 30.0f);
}

TEST(FrozenPlan, TilesFitTheRegistersAndChunksTheL1) {
  Geometry conv = Geometry::conv2d(64, 4, {32, 32}, {3, 3}, {1, 1}, {1, 1});
  FrozenPlan block = planOf(conv, Structure::block(4), {{0}, {}});
  EXPECT_EQ(block.planeVectors, 132);
  EXPECT_EQ(block.rows * block.pixelVectors, 12);
  EXPECT_EQ(block.chains, 1);
  FrozenPlan single = planOf(conv, Structure::unstructured(), {{0}, {}});
  EXPECT_EQ(single.pixelVectors, 12);
  EXPECT_EQ(single.channelChunk, 32);
  Geometry tiny = Geometry::conv2d(64, 4, {2, 2}, {3, 3}, {1, 1}, {1, 1});
  EXPECT_EQ(planOf(tiny, Structure::unstructured(), {{0}, {}}).chains, 4);
}

TEST(FrozenPlan, ALayerIsBakedByTheSizeOfItsCode) {
  Geometry geometry = Geometry::linear(64, 64);
  auto withBlocks = [&](uint32_t count) {
    ActiveSet active;
    for (uint32_t unit = 0; unit < count; ++unit)
      active.units.push_back(unit);
    return planOf(geometry, Structure::block(4), active);
  };
  FrozenPlan plan = withBlocks(100);
  EXPECT_TRUE(isBaked(plan, plan.bakedBytes()));
  EXPECT_FALSE(isBaked(plan, plan.bakedBytes() - 1));
  EXPECT_TRUE(isBaked(plan, -1));
  EXPECT_EQ(withBlocks(200).bakedBytes(), 2 * plan.bakedBytes());
  EXPECT_FALSE(isBaked(withBlocks(1000), -1));
  // No limit one may ask for passes what LLVM and the cache can bear.
  geometry = Geometry::linear(1024, 64);
  EXPECT_FALSE(isBaked(withBlocks(10000), int64_t(1) << 40));
}

} // namespace

} // namespace lacuna::ir
