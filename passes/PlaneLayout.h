//===- PlaneLayout.h - Where the pixels of a tensor lie ---------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_PASSES_PLANELAYOUT_H
#define LACUNA_PASSES_PLANELAYOUT_H

#include "lacuna/Kernel/Structure.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinTypes.h"

namespace lacuna::ir {

/// What vector loads may read behind the last pixel of a tensor in scratch, in
/// floats.
inline constexpr int64_t kReadSlack = 128;

/// The layout that #lacuna.planes describes, of a tensor of one image. Features
/// are channels of one pixel.
struct PlaneLayout {
  int64_t channels = 1, height = 1, width = 1;
  Extent2d phases, margin{0, 0};
  int64_t rowPitch = 1, phasePitch = 1, channelPitch = 1, floats = 1;

  /// That of a tensor type: of its encoding, or [channels][height][width].
  static PlaneLayout of(mlir::Type type);
  /// Planes that a convolution reads in vectors that run on from row to row.
  /// `rowPitch`: of the least pitch asked for.
  static PlaneLayout forReading(mlir::Type type, Extent2d phases,
                                Extent2d margin, int64_t rowPitch,
                                int64_t lanes);

  /// The type with this layout as its encoding.
  mlir::RankedTensorType encode(mlir::Type type) const;

  /// Where the pixel (0, y, x) lies; y and x may lie in the margin.
  int64_t offset(int64_t y, int64_t x) const;
  int64_t origin() const { return offset(0, 0); }
  bool isSplit() const { return !(phases == Extent2d{1, 1}); }
  /// Whether there is more than pixels.
  bool isPadded() const { return floats != channels * height * width; }
  /// Whether vectors that run on from row to row, as those of convolutions do,
  /// stay in the tensor, and those of one channel out of the next.
  bool takesVectors(int64_t lanes) const;
};

/// Checks that a function is one block of operations without regions that give
/// one tensor each, of images or features: only such tensors have a layout and
/// a place.
mlir::LogicalResult verifyNetwork(mlir::func::FuncOp function);

/// The last operation of a network that reads a value, itself or through views;
/// null if nobody does.
mlir::Operation *lastReader(mlir::Value value);

} // namespace lacuna::ir

#endif // LACUNA_PASSES_PLANELAYOUT_H
