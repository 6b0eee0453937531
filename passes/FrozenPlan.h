//===- FrozenPlan.h - How the weights of a frozen layer are walked - C++ -*-==//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_PASSES_FROZENPLAN_H
#define LACUNA_PASSES_FROZENPLAN_H

#include "lacuna/Compiler/ScheduleChoice.h"
#include "lacuna/Kernel/Structure.h"

#include <cstdint>
#include <vector>

namespace lacuna::ir {

/// The weights of a layer as groups of output channels that share each source
/// value they read. An *item* is one column of the weight matrix in one group.
struct FrozenPlan {
  Geometry geometry;
  /// Whether every group has every column.
  bool dense = false;
  /// Output channels of a group. Those of a dense linear layer may leave a
  /// smaller group at the end.
  int64_t rows = 1;
  std::vector<int64_t> starts;  ///< First item of each group, and the end.
  std::vector<int64_t> columns; ///< Of each item, ascending within a group.
  std::vector<float> values;    ///< Of each item, one a row of its group.

  /// Vectors of pixels that a convolution keeps in registers for each row, and
  /// vectors a plane has. 1 for linear layers.
  int64_t pixelVectors = 1, planeVectors = 1;
  /// Partial sums of each output, so that one multiply-add need not wait for
  /// another.
  int64_t chains = 1;
  /// Input channels whose pixels under a tile stay in the L1.
  int64_t channelChunk = 1;

  int64_t groups() const { return static_cast<int64_t>(starts.size()) - 1; }
  int64_t items() const { return starts.back(); }
  int64_t itemsOf(int64_t group) const;
  int64_t rowsOf(int64_t group) const;
  /// Where the values of an item of a group are.
  int64_t valueOf(int64_t group, int64_t item) const;
  /// What baked code takes, roughly.
  int64_t bakedBytes() const;
};

/// Most bytes of code that a layer is baked into unless one asks for another
/// limit. Beyond it, fetching code costs more than walking tables.
inline constexpr int64_t kBakeLimit = 16384;
/// What no limit may pass, and most items of a baked function: LLVM is slow on
/// longer ones.
inline constexpr int64_t kMaxBakedBytes = 131072;
inline constexpr int64_t kMaxBakedItems = 500;

/// `values` are in the canonical order of the active set. `rowPitch` is the
/// distance between rows of the plane that a convolution computes on.
FrozenPlan planFrozenLayer(const Geometry &geometry, const Structure &structure,
                           const ActiveSet &active,
                           const std::vector<float> &values, int64_t rowPitch,
                           const TargetDescription &target);

/// Whether the weights of a layer become code: the one rule, by its size.
/// `limit`: in bytes; negative for kBakeLimit.
bool isBaked(const FrozenPlan &plan, int64_t limit);

} // namespace lacuna::ir

#endif // LACUNA_PASSES_FROZENPLAN_H
