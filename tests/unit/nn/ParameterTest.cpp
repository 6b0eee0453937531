//===- ParameterTest.cpp - What a network learns --------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NnTestSupport.h"

#include "lacuna/Runtime/Network.h"
#include "lacuna/Support/Error.h"

#include <gtest/gtest.h>

using namespace lacuna;
using namespace lacuna::testing;

namespace {

const Geometry kGeometry =
    Geometry::conv2d(4, 8, {6, 6}, {3, 3}, {1, 1}, {1, 1});

/// Values and momentum that name the position they belong to.
void number(SparseParameter &parameter) {
  parameter.resetState({"momentum"});
  std::vector<uint32_t> positions =
      parameter.active().positions(parameter.geometry(), parameter.structure());
  for (size_t i = 0; i < positions.size(); ++i) {
    parameter.values()[i] = 1 + float(positions[i]);
    parameter.momentum()[i] = -1 - float(positions[i]);
  }
}

void checkNumbers(const SparseParameter &parameter,
                  const std::vector<uint32_t> &grown) {
  std::vector<int64_t> starts = parameter.unitStarts();
  std::vector<uint32_t> positions =
      parameter.active().positions(parameter.geometry(), parameter.structure());
  ASSERT_EQ(starts.back(), int64_t(positions.size()));
  for (size_t slot = 0; slot + 1 < starts.size(); ++slot) {
    bool isGrown = std::count(grown.begin(), grown.end(),
                              parameter.active().units[slot]) > 0;
    for (int64_t i = starts[slot]; i < starts[slot + 1]; ++i) {
      ASSERT_EQ(parameter.values()[i], isGrown ? 0 : 1 + float(positions[i]));
      ASSERT_EQ(parameter.momentum()[i],
                isGrown ? 0 : -1 - float(positions[i]));
    }
  }
}

/// Every third unit of each scheme, numbered.
class NumberedParameter : public ::testing::TestWithParam<Scheme> {
protected:
  NumberedParameter()
      : parameter("w", kGeometry, structureFor(GetParam(), kGeometry)) {
    parameter.activate(everyNthUnit(parameter, 3));
    number(parameter);
    before = parameter.active().units;
  }

  SparseParameter parameter;
  std::vector<uint32_t> before;
};

TEST_P(NumberedParameter, PruneAndGrowMoveValuesWithTheirUnits) {
  parameter.prune({0, 2});
  EXPECT_EQ(parameter.active().units,
            (std::vector<uint32_t>{before[0], before[2]}));
  checkNumbers(parameter, {});

  // The unit just dropped comes back empty, beside one that is new.
  std::vector<uint32_t> grown{1, before[1]};
  parameter.grow(grown, GetParam() == Scheme::Pattern
                            ? std::vector<uint8_t>{7, 3}
                            : std::vector<uint8_t>{});
  EXPECT_EQ(parameter.activeUnits(), 4);
  checkNumbers(parameter, grown);
}

TEST_P(NumberedParameter, ExchangeIsPruneAndGrow) {
  // Below, between and above what stays; one was active and is not kept.
  uint32_t top = static_cast<uint32_t>(parameter.units() - 1);
  ActiveSet grown{{1, before[1], top}, {}};
  if (GetParam() == Scheme::Pattern)
    grown.patternIds = {7, 3, 1};
  parameter.exchange({0, 2}, grown);
  std::vector<uint32_t> after{before[0], 1, before[1], before[2], top};
  EXPECT_EQ(parameter.active().units, after);
  if (GetParam() == Scheme::Pattern) {
    EXPECT_EQ(parameter.active().patternIds[1], 7);
    EXPECT_EQ(parameter.active().patternIds[2], 3);
  }
  checkNumbers(parameter, grown.units);
}

TEST_P(NumberedParameter, ExchangeByRankCountsWhatIsNotKept) {
  uint32_t top = static_cast<uint32_t>(parameter.units() - 1);
  // Below the first of these lies one kept unit, below the last lie two.
  ActiveSet ranks{{0, before[1] - 1, top - 2}, {}};
  if (GetParam() == Scheme::Pattern)
    ranks.patternIds = {7, 3, 1};
  EXPECT_EQ(parameter.exchangeByRank({0, 2}, ranks),
            (std::vector<uint32_t>{before[0], before[2]}));
  std::vector<uint32_t> after{before[0], 1, before[1], before[2], top};
  EXPECT_EQ(parameter.active().units, after);
  checkNumbers(parameter, {1, before[1], top});
}

INSTANTIATE_TEST_SUITE_P(All, NumberedParameter,
                         ::testing::Values(Scheme::Unstructured, Scheme::Block,
                                           Scheme::Pattern, Scheme::Channel),
                         [](const auto &info) {
                           return std::string(schemeName(info.param));
                         });

TEST(SparseParameter, HoldsActiveValuesOnly) {
  MemoryUsage before = memoryUsage();
  SparseParameter parameter("w", kGeometry, Structure::unstructured());
  parameter.activate(everyNthUnit(parameter, 10));
  EXPECT_EQ(memoryUsage().of(MemoryKind::Optimiser),
            before.of(MemoryKind::Optimiser));
  parameter.resetState({"momentum"});
  MemoryUsage after = memoryUsage();
  int64_t values = (kGeometry.weights() + 9) / 10;
  EXPECT_EQ(parameter.size(), values);
  EXPECT_EQ(parameter.denseSize(), kGeometry.weights());
  for (MemoryKind kind :
       {MemoryKind::Weights, MemoryKind::Optimiser, MemoryKind::Gradients})
    EXPECT_EQ(after.of(kind) - before.of(kind), values * 4);
  EXPECT_GE(after.of(MemoryKind::Indices) - before.of(MemoryKind::Indices),
            values * 4);
}

TEST(SparseParameter, GivesItsMemoryBack) {
  int64_t before = memoryUsage().totalCurrent;
  {
    SparseParameter parameter("w", kGeometry, Structure::unstructured());
    parameter.activate(everyNthUnit(parameter, 10));
    parameter.prune({3, 4});
    EXPECT_GT(memoryUsage().totalCurrent, before);
  }
  EXPECT_EQ(memoryUsage().totalCurrent, before);
}

TEST(SparseParameter, RefusesWhatIsNotAnActiveSet) {
  SparseParameter parameter("w", kGeometry, Structure::unstructured());
  EXPECT_THROW(parameter.activate({{3, 3}, {}}), UserError);
  parameter.activate({{3, 5}, {}});
  EXPECT_THROW(parameter.grow({5}, {}), UserError);
  EXPECT_THROW(parameter.prune({2}), InternalError);
  EXPECT_THROW(parameter.prune({1, 0}), InternalError);
}

} // namespace
