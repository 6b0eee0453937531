//===- Parameter.cpp - What a network learns ------------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Runtime/Parameter.h"

#include "lacuna/Kernel/Descriptor.h"
#include "lacuna/Support/Error.h"

#include <algorithm>
#include <limits>
#include <numeric>

namespace lacuna {

namespace {

/// The old slot of a unit that was not active before.
constexpr uint32_t kNoOrigin = std::numeric_limits<uint32_t>::max();

/// Copies units of one size, known at compile time unless 0, to their new slots
/// and zeroes the others. Which are new follows no pattern that a branch could
/// learn, so there is none.
template <int64_t kSize>
void carryUnits(const float *from, const std::vector<uint32_t> &origins,
                int64_t unitSize, float *to) {
  const int64_t size = kSize > 0 ? kSize : unitSize;
  for (size_t slot = 0; slot < origins.size(); ++slot, to += size) {
    bool isNew = origins[slot] == kNoOrigin;
    const float *unit = from + (isNew ? 0 : int64_t(origins[slot]) * size);
    for (int64_t i = 0; i < size; ++i)
      to[i] = isNew ? 0.0f : unit[i];
  }
}

/// The same for patterns of several sizes; the old ones lie at `starts`.
void carryUnits(const float *from, const std::vector<int64_t> &starts,
                const std::vector<uint32_t> &origins, const ActiveSet &next,
                const Structure &structure, float *to) {
  for (size_t slot = 0; slot < origins.size(); ++slot) {
    int64_t size =
        static_cast<int64_t>(structure.patterns[next.patternIds[slot]].size());
    if (uint32_t origin = origins[slot]; origin != kNoOrigin)
      std::copy_n(from + starts[origin], size, to);
    to += size;
  }
}

} // namespace

Parameter::Parameter(std::string name, int64_t size)
    : stateBuffers(1), parameterName(std::move(name)) {
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
  allocate(active.values(layerGeometry, layerStructure));
  setActive(std::move(active));
}

void SparseParameter::setActive(ActiveSet active) {
  activeSet = std::move(active);
  verifyInvariant(size() == activeSet.values(layerGeometry, layerStructure),
                  "a sparse parameter's values do not match its active set");
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
                              const std::vector<uint32_t> &origins) {
  verifyInvariant(layerStructure.scheme != Scheme::Dense,
                  "a dense layer was asked to change its units");
  next.verify(layerGeometry, layerStructure);
  int64_t count = next.values(layerGeometry, layerStructure);
  int64_t unitSize = uniformUnitSize();
  std::vector<int64_t> starts;
  if (unitSize == 0)
    starts = unitStarts();
  auto carry = [&](Buffer<float> &buffer, MemoryKind kind) {
    Buffer<float> result(kind, count);
    if (buffer.size() == 0)
      return void(buffer = std::move(result)); // All units are new.
    if (unitSize == 0)
      carryUnits(buffer.data(), starts, origins, next, layerStructure,
                 result.data());
    else if (unitSize == 1)
      carryUnits<1>(buffer.data(), origins, unitSize, result.data());
    else if (unitSize == 4)
      carryUnits<4>(buffer.data(), origins, unitSize, result.data());
    else
      carryUnits<0>(buffer.data(), origins, unitSize, result.data());
    buffer = std::move(result);
  };
  gradientBuffer = {};
  carry(valueBuffer, MemoryKind::Weights);
  for (Buffer<float> &state : stateBuffers)
    carry(state, MemoryKind::Optimiser);
  gradientBuffer = Buffer<float>(MemoryKind::Gradients, count);
  setActive(std::move(next));
}

void SparseParameter::replace(ActiveSet next) {
  bool patterned = layerStructure.scheme == Scheme::Pattern;
  // Ids are compared before the set is verified.
  verifyInvariant(!patterned || next.patternIds.size() == next.units.size(),
                  "units to activate do not carry one pattern each");
  std::vector<uint32_t> origins(next.units.size());
  size_t old = 0, oldCount = activeSet.units.size();
  for (size_t slot = 0; slot < next.units.size(); ++slot) {
    while (old < oldCount && activeSet.units[old] < next.units[slot])
      ++old;
    bool same =
        old < oldCount && activeSet.units[old] == next.units[slot] &&
        (!patterned || activeSet.patternIds[old] == next.patternIds[slot]);
    origins[slot] = same ? static_cast<uint32_t>(old) : kNoOrigin;
  }
  rebuild(std::move(next), origins);
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
  bool patterned = layerStructure.scheme == Scheme::Pattern;
  size_t keptCount = keptSlots.size(), grownCount = grown.units.size();
  verifyInvariant(grown.patternIds.size() == (patterned ? grownCount : 0),
                  "units to grow do not carry one pattern each");
  for (size_t i = 0; i < keptCount; ++i)
    verifyInvariant(keptSlots[i] < activeSet.units.size() &&
                        (i == 0 || keptSlots[i] > keptSlots[i - 1]),
                    "slots to keep are out of range or out of order");
  ActiveSet next;
  next.units.resize(keptCount + grownCount);
  next.patternIds.resize(patterned ? next.units.size() : 0);
  std::vector<uint32_t> origins(next.units.size());
  size_t kept = 0, added = 0;
  // Which comes next follows no pattern that a branch could learn.
  auto take = [&](uint32_t slot, uint32_t oldUnit, uint32_t newUnit,
                  bool takeOld) {
    size_t at = kept + added;
    next.units[at] = takeOld ? oldUnit : newUnit;
    origins[at] = takeOld ? slot : kNoOrigin;
    if (patterned)
      next.patternIds[at] =
          *(takeOld ? &activeSet.patternIds[slot] : &grown.patternIds[added]);
    kept += takeOld ? 1 : 0;
    added += takeOld ? 0 : 1;
  };
  while (kept < keptCount && added < grownCount) {
    uint32_t slot = keptSlots[kept];
    uint32_t oldUnit = activeSet.units[slot], newUnit = grown.units[added];
    take(slot, oldUnit, newUnit, oldUnit < newUnit);
  }
  while (kept < keptCount)
    take(keptSlots[kept], activeSet.units[keptSlots[kept]], 0, true);
  while (added < grownCount)
    take(0, 0, grown.units[added], false);
  rebuild(std::move(next), origins);
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
