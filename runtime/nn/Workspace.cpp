//===- Workspace.cpp - Memory that layers share ---------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Runtime/Workspace.h"

namespace lacuna {

namespace {

void grow(Buffer<float> &buffer, int64_t size) {
  if (buffer.size() >= size)
    return;
  // Freed first, so that both are never held at once.
  buffer = {};
  buffer = Buffer<float>(MemoryKind::Scratch, size);
}

} // namespace

void Workspace::reserve(int64_t scratchFloats, int64_t streamValues,
                        int64_t lanes) {
  for (Buffer<float> &scratch : scratchOfThread)
    grow(scratch, scratchFloats);
  grow(lanesBuffer, streamValues * lanes);
  grow(streamGradientBuffer, streamValues);
}

GradientPool::Lease GradientPool::acquire(const TensorShape &shape) {
  int64_t needed = shape.floats();
  Entry *smallestThatFits = nullptr, *largest = nullptr;
  for (const std::unique_ptr<Entry> &entry : entries) {
    if (entry->taken)
      continue;
    if (entry->capacity >= needed &&
        (!smallestThatFits || entry->capacity < smallestThatFits->capacity))
      smallestThatFits = entry.get();
    if (!largest || entry->capacity > largest->capacity)
      largest = entry.get();
  }
  Entry *chosen = smallestThatFits ? smallestThatFits : largest;
  if (!chosen) {
    entries.push_back(std::make_unique<Entry>());
    chosen = entries.back().get();
  }
  if (chosen->capacity < needed) {
    chosen->tensor.release();
    chosen->capacity = needed;
  }
  chosen->tensor.reshape(shape);
  return Lease(chosen);
}

} // namespace lacuna
