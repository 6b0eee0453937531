//===- Parameter.cpp - What a network learns ------------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Runtime/Parameter.h"

#include "UnitMerge.h"

#include "lacuna/Kernel/Descriptor.h"
#include "lacuna/Support/Error.h"

#include <algorithm>
#include <limits>
#include <numeric>

namespace lacuna {

namespace {

/// Copies units of one size, known at compile time unless 0, from their old
/// slots to their new ones.
template <int64_t kSize>
void carryUnits(const float *from, const std::vector<uint32_t> &oldSlots,
                float *to, const std::vector<uint32_t> &newSlots,
                int64_t unitSize) {
  const int64_t size = kSize > 0 ? kSize : unitSize;
  for (size_t i = 0; i < oldSlots.size(); ++i)
    std::copy_n(from + oldSlots[i] * size, size, to + newSlots[i] * size);
}

} // namespace

Parameter::Parameter(std::string name, int64_t size)
    : parameterName(std::move(name)) {
  if (size > 0)
    allocate(size);
}

void Parameter::allocate(int64_t size) {
  gradientBuffer = {};
  for (Buffer<float> &state : stateBuffers)
    state = {};
  valueBuffer = {};
  valueBuffer = Buffer<float>(MemoryKind::Weights, size);
  for (Buffer<float> &state : stateBuffers)
    state = Buffer<float>(MemoryKind::Optimiser, size);
  gradientBuffer = Buffer<float>(MemoryKind::Gradients, size);
}

void Parameter::visitState(StateVisitor &state) {
  StateVisitor::Scope scope(state, name());
  visitValues(state);
}

void Parameter::visitValues(StateVisitor &visitor) {
  visitor.array("values", values(), size());
  for (int which = 0; which < stateCount(); ++which)
    visitor.array(stateNames[size_t(which)], state(which), size());
  if (visitor.loading())
    markChanged();
}

void Parameter::resetState(const std::vector<std::string> &names) {
  stateNames = names;
  stateBuffers.clear();
  stateBuffers.resize(names.size());
  if (size() == 0)
    return;
  for (Buffer<float> &state : stateBuffers)
    state = Buffer<float>(MemoryKind::Optimiser, size());
}

SparseParameter::SparseParameter(std::string name, const Geometry &geometry,
                                 const Structure &structure)
    : Parameter(std::move(name), 0), layerGeometry(geometry),
      layerStructure(structure) {
  geometry.verify();
  structure.verify(geometry);
}

int64_t SparseParameter::activeUnits() const {
  if (layerStructure.scheme == Scheme::Dense)
    return size() > 0 ? 1 : 0;
  return static_cast<int64_t>(activeSet.units.size());
}

void SparseParameter::activate(ActiveSet active) {
  active.verify(layerGeometry, layerStructure);
  activeSet = std::move(active);
  allocate(activeSet.values(layerGeometry, layerStructure));
  activeSetChanged();
}

void SparseParameter::activeSetChanged() {
  indexMemory.set(
      static_cast<int64_t>(activeSet.units.capacity() * sizeof(uint32_t) +
                           activeSet.patternIds.capacity()));
  ++currentActiveVersion;
  markChanged();
}

std::vector<int64_t> SparseParameter::unitStarts() const {
  if (layerStructure.scheme == Scheme::Dense)
    return {0, size()};
  std::vector<int64_t> starts{0};
  starts.reserve(activeSet.units.size() + 1);
  bool patterned = layerStructure.scheme == Scheme::Pattern;
  for (size_t slot = 0; slot < activeSet.units.size(); ++slot) {
    uint8_t pattern = patterned ? activeSet.patternIds[slot] : uint8_t(0);
    starts.push_back(starts.back() +
                     layerStructure.unitSize(layerGeometry, pattern));
  }
  return starts;
}

int64_t SparseParameter::uniformUnitSize() const {
  if (layerStructure.scheme != Scheme::Pattern)
    return layerStructure.unitSize(layerGeometry);
  size_t size = layerStructure.patterns.front().size();
  for (const KernelPattern &pattern : layerStructure.patterns)
    if (pattern.size() != size)
      return 0;
  return static_cast<int64_t>(size);
}

void SparseParameter::rebuild(ActiveSet next,
                              const std::vector<uint32_t> &oldSlots,
                              const std::vector<uint32_t> &newSlots) {
  verifyInvariant(layerStructure.scheme != Scheme::Dense,
                  "a dense layer was asked to change its units");
  next.verify(layerGeometry, layerStructure);
  int64_t unitSize = uniformUnitSize();
  std::vector<int64_t> oldStarts, newStarts;
  if (unitSize == 0)
    oldStarts = unitStarts();
  activeSet = std::move(next);
  if (unitSize == 0)
    newStarts = unitStarts();
  int64_t count = unitSize > 0 ? unitSize * activeUnits() : newStarts.back();
  auto carry = [&](Buffer<float> &buffer, MemoryKind kind) {
    Buffer<float> result(kind, count);
    const float *from = buffer.data();
    float *to = result.data();
    if (unitSize == 1)
      carryUnits<1>(from, oldSlots, to, newSlots, unitSize);
    else if (unitSize == 4)
      carryUnits<4>(from, oldSlots, to, newSlots, unitSize);
    else if (unitSize > 0)
      carryUnits<0>(from, oldSlots, to, newSlots, unitSize);
    else
      for (size_t i = 0; i < oldSlots.size(); ++i)
        std::copy(from + oldStarts[oldSlots[i]],
                  from + oldStarts[oldSlots[i] + 1],
                  to + newStarts[newSlots[i]]);
    buffer = std::move(result);
  };
  gradientBuffer = {};
  carry(valueBuffer, MemoryKind::Weights);
  for (Buffer<float> &state : stateBuffers)
    carry(state, MemoryKind::Optimiser);
  gradientBuffer = Buffer<float>(MemoryKind::Gradients, count);
  activeSetChanged();
}

void SparseParameter::replace(ActiveSet next) {
  bool patterned = layerStructure.scheme == Scheme::Pattern;
  // Ids are compared before the set is verified.
  verifyInvariant(!patterned || next.patternIds.size() == next.units.size(),
                  "units to activate do not carry one pattern each");
  const std::vector<uint32_t> &units = activeSet.units;
  size_t old = 0, slot = 0, carried = 0;
  // Every pair is written, and overwritten by the next unless it is carried: a
  // branch could not tell which are.
  size_t most = std::min(units.size(), next.units.size());
  std::vector<uint32_t> oldSlots(most + 1), newSlots(most + 1);
  while (old < units.size() && slot < next.units.size()) {
    uint32_t before = units[old], after = next.units[slot];
    bool same = before == after && (!patterned || activeSet.patternIds[old] ==
                                                      next.patternIds[slot]);
    oldSlots[carried] = static_cast<uint32_t>(old);
    newSlots[carried] = static_cast<uint32_t>(slot);
    carried += same ? 1 : 0;
    old += before <= after ? 1 : 0;
    slot += after <= before ? 1 : 0;
  }
  oldSlots.resize(carried);
  newSlots.resize(carried);
  rebuild(std::move(next), oldSlots, newSlots);
}

void SparseParameter::prune(const std::vector<uint32_t> &keptSlots) {
  exchange(keptSlots, {});
}

void SparseParameter::grow(const std::vector<uint32_t> &units,
                           const std::vector<uint8_t> &patternIds) {
  std::vector<uint32_t> allSlots(activeSet.units.size());
  std::iota(allSlots.begin(), allSlots.end(), 0u);
  exchange(allSlots, {units, patternIds});
}

void SparseParameter::exchange(const std::vector<uint32_t> &keptSlots,
                               const ActiveSet &grown) {
  exchangeWith<UnitMerge<GrownNumber::Unit>>(keptSlots, grown);
}

std::vector<uint32_t>
SparseParameter::exchangeByRank(const std::vector<uint32_t> &keptSlots,
                                const ActiveSet &ranks) {
  return exchangeWith<UnitMerge<GrownNumber::Rank>>(keptSlots, ranks);
}

ActiveSet SparseParameter::unitsAt(const std::vector<uint32_t> &slots) const {
  bool patterned = layerStructure.scheme == Scheme::Pattern;
  ActiveSet result;
  result.units.resize(slots.size());
  result.patternIds.resize(patterned ? slots.size() : 0);
  for (size_t i = 0; i < result.units.size(); ++i)
    result.units[i] = activeSet.units[slots[i]];
  for (size_t i = 0; i < result.patternIds.size(); ++i)
    result.patternIds[i] = activeSet.patternIds[slots[i]];
  return result;
}

template <typename Merge>
std::vector<uint32_t>
SparseParameter::exchangeWith(const std::vector<uint32_t> &keptSlots,
                              const ActiveSet &grown) {
  bool patterned = layerStructure.scheme == Scheme::Pattern;
  verifyInvariant(grown.patternIds.size() ==
                      (patterned ? grown.units.size() : 0),
                  "units to grow do not carry one pattern each");
  verifyInvariant(
      std::adjacent_find(keptSlots.begin(), keptSlots.end(),
                         std::greater_equal<uint32_t>()) == keptSlots.end() &&
          (keptSlots.empty() || keptSlots.back() < activeSet.units.size()),
      "slots to keep are out of range or out of order");
  ActiveSet kept = unitsAt(keptSlots);
  Merge merge(kept, grown);
  rebuild(std::move(merge.next), keptSlots, merge.newSlots);
  return std::move(kept.units);
}

void SparseParameter::visitState(StateVisitor &state) {
  StateVisitor::Scope scope(state, name());
  state.expect("layer", formatLayer(layerGeometry, layerStructure));
  bool sparse = layerStructure.scheme != Scheme::Dense;
  ActiveSet loaded;
  ActiveSet &visited = state.loading() ? loaded : activeSet;
  if (sparse)
    state.list("active", visited.units, units());
  if (layerStructure.scheme == Scheme::Pattern)
    state.list("pattern_ids", visited.patternIds, units());
  if (state.loading()) {
    try {
      activate(std::move(loaded));
    } catch (const UserError &error) {
      state.refuse("active", error.what());
    }
  }
  visitValues(state);
  if (sparse)
    state.array("gradient", gradient(), size());
}

} // namespace lacuna
