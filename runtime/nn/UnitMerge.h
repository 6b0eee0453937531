//===- UnitMerge.h - Units that stay, and units that come ----- -*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_RUNTIME_NN_UNITMERGE_H
#define LACUNA_RUNTIME_NN_UNITMERGE_H

#include "lacuna/Kernel/Structure.h"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace lacuna {

/// How a number stands for a grown unit: it is the unit, or its rank among
/// those that are not kept.
enum class GrownNumber { Unit, Rank };

/// Merges kept units, ascending, with grown ones, ascending. Which of the two
/// comes next follows no pattern that a branch could learn, and every choice
/// waits for the one before: so choices are arithmetic, and are made at both
/// ends at once.
template <GrownNumber kNumber> class UnitMerge {
public:
  UnitMerge(const ActiveSet &kept, const ActiveSet &grown)
      : kept(kept), grown(grown),
        patterned(!kept.patternIds.empty() || !grown.patternIds.empty()),
        keptEnd(kept.units.size()), grownEnd(grown.units.size()) {
    next.units.resize(keptEnd + grownEnd);
    next.patternIds.resize(patterned ? next.units.size() : 0);
    newSlots.resize(keptEnd);
    while (bothLeft()) {
      placeFirst();
      if (bothLeft())
        placeLast();
    }
    placeRest();
  }

  ActiveSet next;
  std::vector<uint32_t> newSlots; ///< Of the kept units.

private:
  bool bothLeft() const { return keptBegin < keptEnd && grownBegin < grownEnd; }

  /// The grown unit `i`, which has so many kept ones below it.
  uint32_t grownUnit(size_t i, size_t keptBelow) const {
    return kNumber == GrownNumber::Unit
               ? grown.units[i]
               : grown.units[i] + static_cast<uint32_t>(keptBelow);
  }

  void choosePattern(size_t slot, size_t keptAt, size_t grownAt, bool keeps) {
    if (!patterned)
      return;
    uint8_t own = kept.patternIds[keptAt], other = grown.patternIds[grownAt];
    next.patternIds[slot] = other ^ ((own ^ other) & (keeps ? 0xff : 0));
  }

  void placeFirst() {
    size_t slot = keptBegin + grownBegin;
    uint32_t own = kept.units[keptBegin];
    uint32_t other = grownUnit(grownBegin, keptBegin);
    bool keeps = own <= other;
    newSlots[keptBegin] = static_cast<uint32_t>(slot);
    next.units[slot] = std::min(own, other);
    choosePattern(slot, keptBegin, grownBegin, keeps);
    keptBegin += keeps ? 1 : 0;
    grownBegin += keeps ? 0 : 1;
  }

  void placeLast() {
    size_t keptAt = keptEnd - 1, grownAt = grownEnd - 1,
           slot = keptEnd + grownAt;
    uint32_t own = kept.units[keptAt];
    bool keeps = own > grownUnit(grownAt, keptAt);
    newSlots[keptAt] = static_cast<uint32_t>(slot);
    next.units[slot] = std::max(own, grownUnit(grownAt, keptEnd));
    choosePattern(slot, keptAt, grownAt, keeps);
    keptEnd -= keeps ? 1 : 0;
    grownEnd -= keeps ? 0 : 1;
  }

  void placeRest() {
    for (; keptBegin < keptEnd; ++keptBegin) {
      size_t slot = keptBegin + grownBegin;
      newSlots[keptBegin] = static_cast<uint32_t>(slot);
      next.units[slot] = kept.units[keptBegin];
      if (patterned)
        next.patternIds[slot] = kept.patternIds[keptBegin];
    }
    for (; grownBegin < grownEnd; ++grownBegin) {
      size_t slot = keptBegin + grownBegin;
      next.units[slot] = grownUnit(grownBegin, keptBegin);
      if (patterned)
        next.patternIds[slot] = grown.patternIds[grownBegin];
    }
  }

  const ActiveSet &kept, &grown;
  bool patterned;
  size_t keptBegin = 0, grownBegin = 0, keptEnd, grownEnd;
};

} // namespace lacuna

#endif // LACUNA_RUNTIME_NN_UNITMERGE_H
