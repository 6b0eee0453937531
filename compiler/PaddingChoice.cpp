//===- PaddingChoice.cpp - Whether a kernel leaves padding out ------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PaddingChoice.h"

namespace lacuna {

/// The largest planes worth it, and those of single items that are worth a body
/// for each tap: of a gradient to the weights; otherwise they fit one panel.
static constexpr int64_t kMostPixels = 64;
static constexpr int64_t kMostTapBodiesPixels = 16;

bool skipsPadding(const KernelTraits &kernel) {
  const Geometry &geometry = kernel.geometry;
  bool padded = geometry.padding.height + geometry.padding.width > 0;
  if (!kernel.specialised || !padded || kernel.planePixels > kMostPixels)
    return false;
  // Several taps use a gradient vector: more in a row would not stay in
  // registers.
  if (kernel.hasKernelItems() && kernel.hasShortVectors() &&
      kernel.plane.width > kTallTileWidth)
    return false;
  bool gradWeight = kernel.gradWeight, manyRegisters = kernel.manyRegisters;
  bool small = kernel.planePixels <= kMostTapBodiesPixels;
  bool single = kernel.planePixels <=
                (gradWeight ? kMostTapBodiesPixels : kernel.accumulators);
  switch (kernel.structure.scheme) {
  case Scheme::Dense:
    return !kernel.strided && (manyRegisters || gradWeight || small);
  case Scheme::Pattern:
  case Scheme::Channel:
    return !kernel.strided;
  case Scheme::Block:
    if (kernel.gradInput)
      return !kernel.strided && single;
    if (kernel.strided)
      return manyRegisters &&
             (!gradWeight ||
              geometry.input.height * geometry.input.width <= kMostPixels);
    return manyRegisters || gradWeight || small;
  case Scheme::Unstructured:
    return !kernel.strided && single;
  }
  return false;
}

} // namespace lacuna
