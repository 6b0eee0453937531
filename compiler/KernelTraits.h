//===- KernelTraits.h - What schedules are chosen by ------------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_COMPILER_KERNELTRAITS_H
#define LACUNA_COMPILER_KERNELTRAITS_H

#include "lacuna/Compiler/ScheduleChoice.h"

namespace lacuna {

inline constexpr int64_t kFloatBytes = 4;
inline constexpr int64_t kLineFloats = 16;
/// How many times a packed tile may fill the L1 and stay in a common L2.
inline constexpr int64_t kL1sOfL2 = 28;

/// A kernel to be scheduled, and what the rules ask about it.
struct KernelTraits {
  KernelTraits(Operation operation, const Geometry &geometry,
               const Structure &structure, Level level,
               const TargetDescription &target);

  Operation operation;
  const Geometry &geometry;
  const Structure &structure;
  const TargetDescription &target;
  bool gradInput, gradWeight, specialised;
  bool strided;
  bool manyRegisters;
  /// Vector registers that hold sums.
  int64_t accumulators;

  /// Target pixels of a phase, the source pixels that one of them needs, and
  /// those between what neighbours need.
  Extent2d plane, border, step;
  int64_t planePixels;

  int64_t taps() const { return geometry.taps(); }
  int64_t sourceChannels() const {
    return gradInput ? geometry.outChannels : geometry.inChannels;
  }
  int64_t targetChannels() const {
    return gradInput ? geometry.inChannels : geometry.outChannels;
  }
  bool has(Scheme scheme) const { return structure.scheme == scheme; }
  /// Whether an item has several taps, each with a sum.
  bool hasKernelItems() const {
    return gradWeight && specialised && taps() > 1 &&
           (has(Scheme::Pattern) || has(Scheme::Channel));
  }
  bool vectorIsLine() const { return target.lanes == kLineFloats; }
  /// Whether a loop's overhead counts beside a vector's work.
  bool hasShortVectors() const { return manyRegisters && target.lanes <= 4; }
};

/// The width of tiles that are made taller where vectors are short.
inline constexpr int64_t kTallTileWidth = 4;

} // namespace lacuna

#endif // LACUNA_COMPILER_KERNELTRAITS_H
