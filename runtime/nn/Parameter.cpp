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

namespace lacuna {

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

void SparseParameter::replace(ActiveSet next) {
  verifyInvariant(layerStructure.scheme != Scheme::Dense,
                  "a dense layer was asked to change its units");
  next.verify(layerGeometry, layerStructure);
  bool patterned = layerStructure.scheme == Scheme::Pattern;
  auto sizeOf = [&](const ActiveSet &set, size_t slot) {
    return layerStructure.unitSize(
        layerGeometry, patterned ? set.patternIds[slot] : uint8_t(0));
  };
  struct Run {
    int64_t from, to, count;
  };
  std::vector<Run> kept;
  size_t old = 0;
  int64_t from = 0, to = 0;
  for (size_t slot = 0; slot < next.units.size(); ++slot) {
    for (; old < activeSet.units.size() &&
           activeSet.units[old] < next.units[slot];
         ++old)
      from += sizeOf(activeSet, old);
    int64_t size = sizeOf(next, slot);
    bool same =
        old < activeSet.units.size() &&
        activeSet.units[old] == next.units[slot] &&
        (!patterned || activeSet.patternIds[old] == next.patternIds[slot]);
    if (same) {
      if (!kept.empty() && kept.back().from + kept.back().count == from &&
          kept.back().to + kept.back().count == to)
        kept.back().count += size;
      else
        kept.push_back({from, to, size});
    }
    to += size;
  }

  auto carry = [&](Buffer<float> &buffer, MemoryKind kind) {
    Buffer<float> result(kind, to);
    for (const Run &run : kept)
      std::copy_n(buffer.data() + run.from, run.count, result.data() + run.to);
    buffer = std::move(result);
  };
  gradientBuffer = {};
  carry(valueBuffer, MemoryKind::Weights);
  for (Buffer<float> &state : stateBuffers)
    carry(state, MemoryKind::Optimiser);
  gradientBuffer = Buffer<float>(MemoryKind::Gradients, to);
  setActive(std::move(next));
}

void SparseParameter::prune(const std::vector<uint32_t> &keptSlots) {
  ActiveSet kept;
  for (size_t i = 0; i < keptSlots.size(); ++i) {
    uint32_t slot = keptSlots[i];
    verifyInvariant(slot < activeSet.units.size() &&
                        (i == 0 || slot > keptSlots[i - 1]),
                    "slots to keep are out of range or out of order");
    kept.units.push_back(activeSet.units[slot]);
    if (layerStructure.scheme == Scheme::Pattern)
      kept.patternIds.push_back(activeSet.patternIds[slot]);
  }
  replace(std::move(kept));
}

void SparseParameter::grow(const std::vector<uint32_t> &units,
                           const std::vector<uint8_t> &patternIds) {
  bool patterned = layerStructure.scheme == Scheme::Pattern;
  verifyInvariant(patternIds.size() == (patterned ? units.size() : 0),
                  "units to grow do not carry one pattern each");
  ActiveSet merged;
  size_t oldSlot = 0, grown = 0;
  while (oldSlot < activeSet.units.size() || grown < units.size()) {
    bool takeOld =
        grown == units.size() || (oldSlot < activeSet.units.size() &&
                                  activeSet.units[oldSlot] < units[grown]);
    merged.units.push_back(takeOld ? activeSet.units[oldSlot] : units[grown]);
    if (patterned)
      merged.patternIds.push_back(takeOld ? activeSet.patternIds[oldSlot]
                                          : patternIds[grown]);
    takeOld ? ++oldSlot : ++grown;
  }
  replace(std::move(merged));
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
