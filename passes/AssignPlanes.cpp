//===- AssignPlanes.cpp - Where the pixels of each tensor lie -------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PlaneLayout.h"
#include "TargetOptions.h"

#include "lacuna/Passes/Passes.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace lacuna::ir {

#define GEN_PASS_DEF_ASSIGNPLANES
#include "lacuna/Passes/Passes.h.inc"

namespace {

/// What the stride-1 convolutions that read a tensor, and those that read their
/// results, ask of its planes.
struct Wish {
  Extent2d margin{0, 0};
  int64_t rowPitch = 0;
};

class AssignPlanesPass : public impl::AssignPlanesBase<AssignPlanesPass> {
public:
  using AssignPlanesBase::AssignPlanesBase;

  void runOnOperation() override {
    if (!areLanes(lanes)) {
      emitLanesError(getOperation());
      return signalPassFailure();
    }
    if (getOperation().isExternal())
      return;
    if (failed(verifyNetwork(getOperation())))
      return signalPassFailure();
    wishes.clear();
    copies.clear();
    SmallVector<mlir::Operation *> operations;
    for (mlir::Operation &op : getOperation().getOps())
      operations.push_back(&op);
    for (mlir::Operation *op : llvm::reverse(operations))
      for (Value result : op->getResults())
        wishes[result] = wishFor(result);
    for (Value argument : getOperation().getArguments())
      wishes[argument] = wishFor(argument);
    for (mlir::Operation *op : operations)
      assign(op);
  }

private:
  static bool isConvolution(mlir::Operation *op) {
    auto layer = dyn_cast<FrozenLayerOp>(op);
    return layer && layer.isConvolution();
  }

  static bool isImages(Value value) {
    return cast<RankedTensorType>(value.getType()).getRank() == 4;
  }

  /// Results come before what they are made from.
  Wish wishFor(Value value) {
    Wish wish;
    if (!isImages(value))
      return wish;
    SmallVector<Value> results;
    for (mlir::Operation *user : value.getUsers()) {
      auto layer = dyn_cast<FrozenLayerOp>(user);
      if (!layer || layer.getInput() != value)
        continue;
      Geometry geometry = layer.getGeometry();
      if (!(geometry.stride == Extent2d{1, 1}))
        continue;
      wish.margin.height =
          std::max(wish.margin.height, geometry.padding.height);
      wish.margin.width = std::max(wish.margin.width, geometry.padding.width);
      results.push_back(layer.getResult());
    }
    wish.rowPitch = PlaneLayout::of(value.getType()).width + wish.margin.width;
    for (Value result : results)
      wish.rowPitch = std::max(wish.rowPitch, wishes[result].rowPitch);
    return wish;
  }

  static bool isReadBy(Value value, bool (*matches)(mlir::Operation *)) {
    return llvm::any_of(value.getUsers(), matches);
  }

  void assign(mlir::Operation *op) {
    if (auto layer = dyn_cast<FrozenLayerOp>(op); layer && isConvolution(op))
      return assignConvolution(layer);
    if (isa<tensor::CollapseShapeOp, func::ReturnOp>(op)) {
      for (OpOperand &operand : op->getOpOperands())
        operand.set(plain(op, operand.get()));
      return;
    }
    // Pools and affine maps write any planes.
    if (isa<AffineOp, MaxPoolOp, AveragePoolOp>(op) &&
        isImages(op->getResult(0)))
      assignFree(op->getResult(0));
  }

  void assignFree(Value result) {
    bool flattened = isReadBy(result, [](mlir::Operation *user) {
      return isa<tensor::CollapseShapeOp, func::ReturnOp>(user);
    });
    bool convolved = isReadBy(result, [](mlir::Operation *user) {
      auto layer = dyn_cast<FrozenLayerOp>(user);
      return layer && layer.isConvolution() &&
             layer.getGeometry().stride == Extent2d{1, 1};
    });
    if (flattened || !convolved)
      return;
    const Wish &wish = wishes[result];
    result.setType(PlaneLayout::forReading(result.getType(), {1, 1},
                                           wish.margin, wish.rowPitch, lanes)
                       .encode(result.getType()));
  }

  void assignConvolution(FrozenLayerOp layer) {
    Geometry geometry = layer.getGeometry();
    if (!isReadable(layer, geometry))
      repackInput(layer, geometry);
    PlaneLayout planes = PlaneLayout::of(layer.getInput().getType());

    // The result keeps the distance between rows, which was chosen with room
    // for its margin.
    Value result = layer.getResult();
    const Wish &wish = wishes[result];
    assert(planes.rowPitch >= wish.rowPitch);
    PlaneLayout written = PlaneLayout::forReading(
        result.getType(), {1, 1}, wish.margin, planes.rowPitch, lanes);
    result.setType(written.encode(result.getType()));
    if (Value residual = layer.getResidual())
      layer.getResidualMutable().assign(
          aligned(layer, residual, written.rowPitch));
  }

  bool isReadable(FrozenLayerOp layer, const Geometry &geometry) {
    Type type = layer.getInput().getType();
    PlaneLayout planes = PlaneLayout::of(type);
    return type != plainType(type) && planes.phases == geometry.stride &&
           planes.margin.height >= geometry.padding.height &&
           planes.margin.width >= geometry.padding.width &&
           planes.rowPitch >= wishes[layer.getResult()].rowPitch;
  }

  /// Copies the input into planes that all convolutions of this stride share.
  void repackInput(FrozenLayerOp layer, const Geometry &geometry) {
    Value input = layer.getInput();
    Extent2d margin{0, 0};
    int64_t rowPitch = 0;
    SmallVector<FrozenLayerOp> readers;
    for (mlir::Operation *user : input.getUsers()) {
      auto reader = dyn_cast<FrozenLayerOp>(user);
      if (!reader || reader.getInput() != input || !reader.isConvolution())
        continue;
      Geometry shape = reader.getGeometry();
      if (!(shape.stride == geometry.stride))
        continue;
      readers.push_back(reader);
      margin.height = std::max(margin.height, shape.padding.height);
      margin.width = std::max(margin.width, shape.padding.width);
      rowPitch = std::max({rowPitch, wishes[reader.getResult()].rowPitch,
                           shape.output().width});
    }
    PlaneLayout planes = PlaneLayout::forReading(
        plainType(input.getType()), geometry.stride, margin, rowPitch, lanes);
    Value copy = copyOf(layer, input, planes.encode(input.getType()));
    for (FrozenLayerOp reader : readers)
      reader.getInputMutable().assign(copy);
  }

  /// One copy serves all readers of the same planes.
  Value copyOf(mlir::Operation *reader, Value value, RankedTensorType type) {
    Value &copy = copies[{value, type}];
    if (!copy) {
      OpBuilder builder(reader);
      copy = RepackOp::create(builder, reader->getLoc(), type, value);
    }
    return copy;
  }

  static RankedTensorType plainType(Type type) {
    auto tensor = cast<RankedTensorType>(type);
    return RankedTensorType::get(tensor.getShape(), tensor.getElementType());
  }

  Value plain(mlir::Operation *reader, Value value) {
    RankedTensorType type = plainType(value.getType());
    return value.getType() == type ? value : copyOf(reader, value, type);
  }

  /// A tensor whose rows are as far apart as those it is added to.
  Value aligned(mlir::Operation *reader, Value value, int64_t rowPitch) {
    PlaneLayout planes = PlaneLayout::of(value.getType());
    if (!planes.isSplit() && planes.rowPitch == rowPitch &&
        value.getType() != plainType(value.getType()))
      return value;
    PlaneLayout needed = PlaneLayout::forReading(
        plainType(value.getType()), {1, 1}, {0, 0}, rowPitch, lanes);
    return copyOf(reader, value, needed.encode(value.getType()));
  }

  llvm::DenseMap<Value, Wish> wishes;
  llvm::DenseMap<std::pair<Value, Type>, Value> copies;
};

} // namespace
} // namespace lacuna::ir
