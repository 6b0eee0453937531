//===- PointwiseChoice.h - The schedule of 1x1 convolutions -----*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_COMPILER_POINTWISECHOICE_H
#define LACUNA_COMPILER_POINTWISECHOICE_H

#include "TileChoice.h"

#include <optional>

namespace lacuna {

/// What is special about a sparse 1x1 convolution, which waits for memory, and
/// about the gradient to the strided input of a dense one, which is mostly
/// zeros. Of any other kernel, nothing is.
struct PointwiseChoice {
  int64_t panelRows = 1; ///< As they were, or fewer.
  /// A cache line of each row and channel, or a few, or a part of a row.
  std::optional<TileChoice> tile;
  bool narrow = false;                     ///< The tile is one or a few lines.
  int64_t mostPixels = kMaxScheduleExtent; ///< Of another tile.
  bool oneBlock = false;  ///< A tile spans no further batch blocks.
  bool oneChunk = false;  ///< Of all source channels: results are written once.
  bool leavesL1 = false;  ///< It is, even if only the L2 holds it.
  int64_t tenthsOfL1 = 8; ///< That a packed tile may fill.
};

PointwiseChoice choosePointwise(const KernelTraits &kernel, int64_t panelRows);

} // namespace lacuna

#endif // LACUNA_COMPILER_POINTWISECHOICE_H
