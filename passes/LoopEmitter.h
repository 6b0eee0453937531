//===- LoopEmitter.h - Building blocks of emitted loops ---------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_PASSES_LOOPEMITTER_H
#define LACUNA_PASSES_LOOPEMITTER_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/DenseMap.h"

namespace lacuna::ir {

/// Index arithmetic, vector memory accesses and loops, in one place so that the
/// emitters read like the loops they emit. All positions are in floats.
class LoopEmitter {
public:
  static constexpr int64_t kFloatBytes = 4;

  /// `lanes`: floats in a vector.
  LoopEmitter(mlir::OpBuilder &builder, mlir::Location loc, int64_t lanes);

  /// Needed once: moves to the start of the first block of the function, where
  /// constants go.
  void enter(mlir::Block *block);

  mlir::OpBuilder &builder;
  mlir::Location loc;

  int64_t lanes() const { return vector.getNumElements(); }
  mlir::VectorType vectorType() const { return vector; }
  int64_t multiplyAdds() const { return fmaCount; }

  mlir::Value constant(int64_t value);
  mlir::Value zeroVector();
  mlir::Value add(mlir::Value a, mlir::Value b);
  mlir::Value add(mlir::Value a, int64_t b);
  mlir::Value subtract(mlir::Value a, mlir::Value b);
  mlir::Value multiply(mlir::Value a, int64_t b);
  mlir::Value divide(mlir::Value a, int64_t b);
  mlir::Value remainder(mlir::Value a, int64_t b);
  mlir::Value minimum(mlir::Value a, mlir::Value b);
  mlir::Value maximum(mlir::Value a, mlir::Value b);
  mlir::Value compare(mlir::arith::CmpIPredicate predicate, mlir::Value a,
                      mlir::Value b);

  mlir::Value loadVector(mlir::Value memory, mlir::Value position);
  void storeVector(mlir::Value value, mlir::Value memory, mlir::Value position);
  /// Vectors in a cache line: one prefetch brings them all.
  int64_t lineVectors() const;
  /// Starts moving a vector towards the core. The position may lie outside.
  void prefetch(mlir::Value memory, mlir::Value position, bool write);
  /// One float in every lane.
  mlir::Value loadSplat(mlir::Value memory, mlir::Value position);
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

protected:
  mlir::Block *entryBlock() const { return entry; }

private:
  mlir::VectorType vector;
  mlir::Block *entry = nullptr;
  llvm::DenseMap<int64_t, mlir::Value> constants;
  mlir::Value zero;
  int64_t fmaCount = 0;
};

} // namespace lacuna::ir

#endif // LACUNA_PASSES_LOOPEMITTER_H
