//===- KernelEmitter.h - Building blocks of emitted kernels -----*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_PASSES_KERNELEMITTER_H
#define LACUNA_PASSES_KERNELEMITTER_H

#include "LoopEmitter.h"

#include "lacuna/Compiler/ScheduleChoice.h"
#include "lacuna/Kernel/Fusion.h"
#include "lacuna/Kernel/StreamLayout.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace lacuna::ir {

/// The operands of a kernel inside its function: flat memrefs, and indices.
struct KernelOperands {
  mlir::Value source, gradient, values, offsets, indices, bias, sourceScale,
      sourceShift, statistics, result, scratch, lanes, normInput, normOutput,
      normMean, batchBlocks, begin, end;
};

/// What the emitters of kernels work with: the loops, and the operands of the
/// kernel ABI.
class KernelEmitter : public LoopEmitter {
public:
  /// Creates the kernel that takes the place of `layer`, with its name,
  /// visibility and further attributes, at the builder's insertion point and
  /// moves into its body.
  KernelEmitter(mlir::OpBuilder &builder, mlir::func::FuncOp layer,
                const StreamLayout &layout, const Fusion &fusion,
                const InstructionChoice &instructions);

  const StreamLayout &layout;
  const Fusion fusion;
  const InstructionChoice instructions;
  KernelOperands operands;

  /// An entry of the streams' offsets or indices, as index.
  mlir::Value loadOffset(mlir::Value position);
  mlir::Value loadItemIndex(mlir::Value item);

  /// Stores a vector past the caches, at a position that is a multiple of its
  /// lanes. Only after `fenceStreams` do other threads surely see it.
  void streamVector(mlir::Value value, mlir::Value memory,
                    mlir::Value position);
  void fenceStreams();

  /// A constant that the backend does not know: no address that it is part of
  /// becomes an offset from another.
  mlir::Value opaqueConstant(int64_t value);
  /// The memory from a position on: positions in the view start there.
  mlir::Value viewFrom(mlir::Value memory, mlir::Value position);

private:
  llvm::DenseMap<int64_t, mlir::Value> opaqueConstants;
};

/// Consecutive floats as splats, each made when first asked for.
class SplatRun {
public:
  SplatRun(KernelEmitter &emitter, mlir::Value memory, mlir::Value position,
           int64_t count);

  mlir::Value operator[](int64_t i);

private:
  KernelEmitter &emit;
  mlir::Value memory, position;
  llvm::SmallVector<mlir::Value> splats, vectors;
};

/// Vectors at constant distances from a position, loaded by the offsets that
/// are cheap on the target.
class NearVectors {
public:
  /// `offsets`: all that will be loaded, in vectors.
  NearVectors(KernelEmitter &emitter, mlir::Value memory, mlir::Value position,
              llvm::SmallVector<int64_t> offsets);

  mlir::Value load(int64_t offset) const;

private:
  /// Position of the base of a window, from `position`.
  int64_t middle(int64_t window) const;

  KernelEmitter &emit;
  mlir::Value memory, position;
  llvm::SmallVector<int64_t> windows;   ///< First vector of each, ascending.
  llvm::SmallVector<mlir::Value> views; ///< Of the memory from each base on.
};

/// Emits the body of a kernel that sums over source channels: forward and
/// grad-input.
void emitContraction(KernelEmitter &emitter);
/// Emits the body of a grad-weight kernel.
void emitWeightGradient(KernelEmitter &emitter);

} // namespace lacuna::ir

#endif // LACUNA_PASSES_KERNELEMITTER_H
