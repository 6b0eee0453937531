//===- UnitMergeTest.cpp - Units that stay, and units that come -----------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "UnitMerge.h"

#include "lacuna/Runtime/Random.h"

#include <gtest/gtest.h>

#include <map>

using namespace lacuna;

namespace {

struct Lists {
  ActiveSet kept, grown, ranks;
  /// Units of both in order, and their patterns.
  std::map<uint32_t, uint8_t> all;
};

/// Of 300 units, `keptShare` and `grownShare` in 256.
Lists drawLists(uint32_t round, uint32_t keptShare, uint32_t grownShare,
                bool patterned) {
  RandomStream stream(/*seed=*/9, RandomPurpose::Test, round);
  Lists lists;
  for (uint32_t unit = 0; unit < 300; ++unit) {
    uint32_t draw = stream.below(256);
    uint8_t pattern = static_cast<uint8_t>(stream.below(8));
    bool isKept = draw < keptShare;
    if (draw >= keptShare + grownShare)
      continue;
    ActiveSet &own = isKept ? lists.kept : lists.grown;
    own.units.push_back(unit);
    if (!isKept)
      lists.ranks.units.push_back(
          unit - static_cast<uint32_t>(lists.kept.units.size()));
    if (patterned)
      own.patternIds.push_back(pattern);
    lists.all[unit] = patterned ? pattern : uint8_t(0);
  }
  lists.ranks.patternIds = lists.grown.patternIds;
  return lists;
}

template <GrownNumber kNumber>
void check(const Lists &lists, const ActiveSet &grown, bool patterned) {
  UnitMerge<kNumber> merge(lists.kept, grown);
  ASSERT_EQ(merge.next.units.size(), lists.all.size());
  ASSERT_EQ(merge.next.patternIds.size(), patterned ? lists.all.size() : 0);
  size_t slot = 0;
  for (const auto &[unit, pattern] : lists.all) {
    ASSERT_EQ(merge.next.units[slot], unit);
    if (patterned) {
      ASSERT_EQ(merge.next.patternIds[slot], pattern);
    }
    ++slot;
  }
  ASSERT_EQ(merge.newSlots.size(), lists.kept.units.size());
  for (size_t i = 0; i < merge.newSlots.size(); ++i)
    ASSERT_EQ(merge.next.units[merge.newSlots[i]], lists.kept.units[i]);
}

TEST(UnitMerge, AgreesWithSorting) {
  uint32_t round = 0;
  for (bool patterned : {false, true})
    for (uint32_t keptShare : {0, 3, 100, 250})
      for (uint32_t grownShare : {0, 3, 100, 250})
        for (int repeat = 0; repeat < 8; ++repeat) {
          Lists lists = drawLists(round++, keptShare, grownShare, patterned);
          check<GrownNumber::Unit>(lists, lists.grown, patterned);
          check<GrownNumber::Rank>(lists, lists.ranks, patterned);
        }
}

} // namespace
