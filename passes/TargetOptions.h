//===- TargetOptions.h - What options may say of a target -------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_PASSES_TARGETOPTIONS_H
#define LACUNA_PASSES_TARGETOPTIONS_H

#include "lacuna/Compiler/ScheduleChoice.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Operation.h"
#include "llvm/Support/MathExtras.h"

namespace lacuna::ir {

/// Beyond what any target has; schedules stay representable.
inline constexpr int64_t kMostTargetL1Bytes = 1 << 22;

inline bool areLanes(int64_t lanes) {
  return lanes >= 1 && lanes <= kMaxLanes &&
         llvm::isPowerOf2_64(static_cast<uint64_t>(lanes));
}
inline mlir::InFlightDiagnostic emitLanesError(mlir::Operation *op) {
  return op->emitError() << "lanes must be a power of two up to " << kMaxLanes;
}

inline bool isTarget(const TargetDescription &target) {
  return areLanes(target.lanes) && target.vectorRegisters >= 1 &&
         target.l1Bytes >= 1 && target.l1Bytes <= kMostTargetL1Bytes;
}
inline mlir::InFlightDiagnostic emitTargetError(mlir::Operation *op) {
  return emitLanesError(op)
         << ", vector-registers positive, l1-bytes between 1 and "
         << kMostTargetL1Bytes;
}

} // namespace lacuna::ir

#endif // LACUNA_PASSES_TARGETOPTIONS_H
