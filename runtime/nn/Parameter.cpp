//===- Parameter.cpp - What a network learns ------------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Runtime/Parameter.h"

#include "lacuna/Support/Error.h"

#include <algorithm>

namespace lacuna {

Parameter::Parameter(std::string name, int64_t size)
    : parameterName(std::move(name)) {
  if (size > 0)
    allocate(size);
}

void Parameter::allocate(int64_t size) {
  gradientBuffer = {};
  momentumBuffer = {};
  valueBuffer = {};
  valueBuffer = Buffer<float>(MemoryKind::Weights, size);
  momentumBuffer = Buffer<float>(MemoryKind::Optimiser, size);
  gradientBuffer = Buffer<float>(MemoryKind::Gradients, size);
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
  accountIndices();
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

void SparseParameter::prune(const std::vector<uint32_t> &keptSlots) {
  verifyInvariant(layerStructure.scheme != Scheme::Dense,
                  "a dense layer was asked to drop weights");
  std::vector<int64_t> starts = unitStarts();
  ActiveSet kept;
  int64_t keptValues = 0;
  for (size_t i = 0; i < keptSlots.size(); ++i) {
    uint32_t slot = keptSlots[i];
    verifyInvariant(slot < activeSet.units.size() &&
                        (i == 0 || slot > keptSlots[i - 1]),
                    "slots to keep are out of range or out of order");
    kept.units.push_back(activeSet.units[slot]);
    if (layerStructure.scheme == Scheme::Pattern)
      kept.patternIds.push_back(activeSet.patternIds[slot]);
    keptValues += starts[slot + 1] - starts[slot];
  }

  auto compact = [&](Buffer<float> &buffer, MemoryKind kind) {
    Buffer<float> result(kind, keptValues);
    float *to = result.data();
    for (uint32_t slot : keptSlots)
      to = std::copy(buffer.data() + starts[slot],
                     buffer.data() + starts[slot + 1], to);
    buffer = std::move(result);
  };
  gradientBuffer = {};
  compact(valueBuffer, MemoryKind::Weights);
  compact(momentumBuffer, MemoryKind::Optimiser);
  gradientBuffer = Buffer<float>(MemoryKind::Gradients, keptValues);
  activeSet = std::move(kept);
  verifySize();
  accountIndices();
  markChanged();
}

void SparseParameter::grow(const std::vector<uint32_t> &units,
                           const std::vector<uint8_t> &patternIds) {
  verifyInvariant(layerStructure.scheme != Scheme::Dense,
                  "a dense layer was asked to grow weights");
  bool patterned = layerStructure.scheme == Scheme::Pattern;
  verifyInvariant(patternIds.size() == (patterned ? units.size() : 0),
                  "units to grow do not carry one pattern each");

  // The old slot of each unit of the merged set, or kGrown.
  constexpr int64_t kGrown = -1;
  std::vector<int64_t> origin;
  std::vector<int64_t> starts = unitStarts();
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
    origin.push_back(takeOld ? static_cast<int64_t>(oldSlot) : kGrown);
    takeOld ? ++oldSlot : ++grown;
  }
  merged.verify(layerGeometry, layerStructure);

  int64_t mergedValues = merged.values(layerGeometry, layerStructure);
  auto spread = [&](Buffer<float> &buffer, MemoryKind kind) {
    Buffer<float> result(kind, mergedValues);
    float *to = result.data();
    for (size_t slot = 0; slot < origin.size(); ++slot) {
      if (origin[slot] == kGrown) {
        to += layerStructure.unitSize(
            layerGeometry, patterned ? merged.patternIds[slot] : uint8_t(0));
        continue;
      }
      to = std::copy(buffer.data() + starts[origin[slot]],
                     buffer.data() + starts[origin[slot] + 1], to);
    }
    buffer = std::move(result);
  };
  gradientBuffer = {};
  spread(valueBuffer, MemoryKind::Weights);
  spread(momentumBuffer, MemoryKind::Optimiser);
  gradientBuffer = Buffer<float>(MemoryKind::Gradients, mergedValues);
  activeSet = std::move(merged);
  verifySize();
  accountIndices();
  markChanged();
}

void SparseParameter::verifySize() const {
  verifyInvariant(size() == activeSet.values(layerGeometry, layerStructure),
                  "a sparse parameter's values do not match its active set");
}

void SparseParameter::accountIndices() {
  indexMemory.set(
      static_cast<int64_t>(activeSet.units.capacity() * sizeof(uint32_t) +
                           activeSet.patternIds.capacity()));
}

} // namespace lacuna
