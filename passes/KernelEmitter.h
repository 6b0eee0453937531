//===- KernelEmitter.h - Building blocks of emitted kernels -----*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_PASSES_KERNELEMITTER_H
#define LACUNA_PASSES_KERNELEMITTER_H

#include "lacuna/Compiler/ScheduleChoice.h"
#include "lacuna/Kernel/Fusion.h"
#include "lacuna/Kernel/StreamLayout.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/DenseMap.h"

namespace lacuna::ir {

/// The operands of a kernel inside its function: flat memrefs, and indices.
struct KernelOperands {
  mlir::Value source, gradient, values, offsets, indices, bias, sourceScale,
      sourceShift, statistics, result, scratch, lanes, normInput, normOutput,
      normMean, batchBlocks, begin, end;
};

/// Index arithmetic, vector memory accesses and loops, in one place so that the
/// emitters read like the loops they emit. All positions are in floats.
class KernelEmitter {
public:
  /// Creates the kernel function `name` at the builder's insertion point and
  /// moves into its body.
  KernelEmitter(mlir::OpBuilder &builder, mlir::Location loc,
                const StreamLayout &layout, const Fusion &fusion,
                const InstructionChoice &instructions, llvm::StringRef name);

  const StreamLayout &layout;
  const Fusion fusion;
  const InstructionChoice instructions;
  KernelOperands operands;
  mlir::OpBuilder &builder;
  mlir::Location loc;

  int64_t lanes() const { return layout.schedule.lanes; }
  mlir::VectorType vectorType() const { return vector; }
  int64_t multiplyAdds() const { return fmaCount; }

  mlir::Value constant(int64_t value);
  /// A constant that the backend does not know: no address that it is part of
  /// becomes an offset from another.
  mlir::Value opaqueConstant(int64_t value);
  mlir::Value zeroVector();
  mlir::Value add(mlir::Value a, mlir::Value b);
  mlir::Value add(mlir::Value a, int64_t b);
  mlir::Value subtract(mlir::Value a, mlir::Value b);
  mlir::Value multiply(mlir::Value a, int64_t b);
  mlir::Value divide(mlir::Value a, int64_t b);
  mlir::Value remainder(mlir::Value a, int64_t b);
  mlir::Value minimum(mlir::Value a, mlir::Value b);
  mlir::Value compare(mlir::arith::CmpIPredicate predicate, mlir::Value a,
                      mlir::Value b);

  mlir::Value loadVector(mlir::Value memory, mlir::Value position);
  /// The memory from a position on: positions in the view start there.
  mlir::Value viewFrom(mlir::Value memory, mlir::Value position);
  void storeVector(mlir::Value value, mlir::Value memory, mlir::Value position);
  /// Vectors in a cache line: one prefetch brings them all.
  int64_t lineVectors() const;
  /// Starts moving a vector towards the core. The position may lie outside.
  void prefetch(mlir::Value memory, mlir::Value position, bool write);
  /// One float in every lane.
  mlir::Value loadSplat(mlir::Value memory, mlir::Value position);
  /// An entry of the streams' offsets or indices, as index.
  mlir::Value loadOffset(mlir::Value position);
  mlir::Value loadItemIndex(mlir::Value item);
  mlir::Value fma(mlir::Value a, mlir::Value b, mlir::Value c);
  mlir::Value addVectors(mlir::Value a, mlir::Value b);
  mlir::Value subtractVectors(mlir::Value a, mlir::Value b);
  /// max(value, 0); a NaN stays one.
  mlir::Value rectify(mlir::Value value);
  /// value where `sign` > 0, zero elsewhere.
  mlir::Value passWherePositive(mlir::Value sign, mlir::Value value);
  /// Sum over lanes by halves: a fixed order, whatever the target.
  mlir::Value sumLanes(mlir::Value vector);
  void storeScalar(mlir::Value value, mlir::Value memory, mlir::Value position);

  using LoopBody = llvm::function_ref<llvm::SmallVector<mlir::Value>(
      mlir::Value, mlir::ValueRange)>;
  /// for (i = low; i < high; i += step), carrying values from turn to turn.
  mlir::ValueRange loop(mlir::Value low, mlir::Value high, int64_t step,
                        mlir::ValueRange carried, LoopBody body);
  void loop(mlir::Value low, mlir::Value high, int64_t step,
            llvm::function_ref<void(mlir::Value)> body);
  void branch(mlir::Value condition, llvm::function_ref<void()> then,
              llvm::function_ref<void()> otherwise);

private:
  mlir::VectorType vector;
  mlir::Block *entry;
  llvm::DenseMap<int64_t, mlir::Value> constants;
  mlir::Value zero;
  llvm::DenseMap<int64_t, mlir::Value> opaqueConstants;
  int64_t fmaCount = 0;
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
