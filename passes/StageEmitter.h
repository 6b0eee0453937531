//===- StageEmitter.h - Functions of a frozen network -----------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_PASSES_STAGEEMITTER_H
#define LACUNA_PASSES_STAGEEMITTER_H

#include "FrozenPlan.h"
#include "LoopEmitter.h"
#include "PlaneLayout.h"

#include "lacuna/Dialect/Lacuna.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <optional>

namespace lacuna::ir {

/// Where a tensor lies: in the images, the logits, or scratch.
struct Storage {
  enum Kind { Images, Logits, Scratch } kind = Scratch;
  int64_t offset = 0; ///< Scratch only.
  PlaneLayout planes;
};

/// A tensor inside a function.
struct Tensor {
  mlir::Value memory;
  mlir::Value base; ///< Of this image.
  PlaneLayout planes;
};

/// What one operation of a frozen network becomes: functions that are called
/// one after the other, and the constant tables they read.
class Stage {
public:
  Stage(mlir::OpBuilder &builder, mlir::Location loc, std::string name,
        mlir::FunctionType type, const TargetDescription &target)
      : builder(builder), loc(loc), name(std::move(name)), type(type),
        target(target) {}

  mlir::OpBuilder &builder;
  mlir::Location loc;
  std::string name;
  mlir::FunctionType type; ///< Images, logits, scratch, number of the image.
  const TargetDescription &target;
  Storage source, result;
  std::optional<Storage> residual;
  llvm::SmallVector<mlir::func::FuncOp> functions;

  /// Adds a constant table NAME_suffix.
  void addTable(llvm::StringRef suffix, mlir::DenseElementsAttr values);
  void addTable(llvm::StringRef suffix, llvm::ArrayRef<float> values);
  /// As 16-bit numbers where they fit, else as 32-bit ones.
  void addTable(llvm::StringRef suffix, llvm::ArrayRef<int64_t> values);
};

/// Emits one function of a stage, on vectors of some length.
class StageEmitter : public LoopEmitter {
public:
  /// Creates the function and moves into its body.
  StageEmitter(Stage &stage, int64_t lanes);

  Tensor source, result;
  std::optional<Tensor> residual;

  mlir::Value table(llvm::StringRef suffix);
  /// An entry of a table of numbers, as index.
  mlir::Value loadNumber(mlir::Value table, mlir::Value position);
  using Sums = llvm::SmallVector<mlir::Value>;
  /// Calls add(item, sums) for the items [begin, end), in a loop. With several
  /// `chains`, items take turns on as many copies of the sums, which are added
  /// up at the end.
  Sums sumItems(
      mlir::Value begin, mlir::Value end, int64_t chains, const Sums &first,
      llvm::function_ref<void(mlir::Value, llvm::MutableArrayRef<mlir::Value>)>
          add);
  /// The same without a loop.
  Sums
  sumItems(int64_t begin, int64_t end, int64_t chains, const Sums &first,
           llvm::function_ref<void(int64_t, llvm::MutableArrayRef<mlir::Value>)>
               add);
  /// Fills a whole tensor with zeros.
  void clear(const Tensor &tensor);

private:
  Sums chained(const Sums &first, int64_t chains);
  Sums joined(const Sums &chained, size_t count);

  Stage &stage;
};

/// Each emits the functions of one operation.
void emitFrozenConvolution(Stage &stage, const FrozenPlan &plan,
                           FrozenLayerOp layer, bool baked);
void emitFrozenLinear(Stage &stage, const FrozenPlan &plan, FrozenLayerOp layer,
                      bool baked);
void emitAffine(Stage &stage, AffineOp map);
void emitRepack(Stage &stage);
void emitMaxPool(Stage &stage, MaxPoolOp pool);
void emitAveragePool(Stage &stage, AveragePoolOp pool);

} // namespace lacuna::ir

#endif // LACUNA_PASSES_STAGEEMITTER_H
