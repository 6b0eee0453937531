//===- LacunaOps.cpp - Verifiers and the layer interface ------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LayerRules.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace lacuna::ir {

namespace {

/// The operands and results of a layer operation by role.
struct LayerTypes {
  RankedTensorType input, weights, output;
};

Geometry convGeometry(const LayerTypes &types, ArrayRef<int64_t> strides,
                      ArrayRef<int64_t> padding) {
  ArrayRef<int64_t> input = types.input.getShape();
  ArrayRef<int64_t> weights = types.weights.getShape();
  return Geometry::conv2d(input[1], weights[0], {input[2], input[3]},
                          {weights[2], weights[3]}, {strides[0], strides[1]},
                          {padding[0], padding[1]});
}

Geometry linearGeometry(const LayerTypes &types) {
  return Geometry::linear(types.weights.getDimSize(1),
                          types.weights.getDimSize(0));
}

LogicalResult verifyActivation(mlir::Operation *op, StringRef role,
                               RankedTensorType type, int64_t rank) {
  if (type.getRank() != rank)
    return op->emitOpError()
           << role << " must have rank " << rank << ", not " << type.getRank();
  if (!type.isDynamicDim(0))
    return op->emitOpError()
           << role << " must have a dynamic batch: the first extent is '?'";
  if (llvm::any_of(type.getShape().drop_front(), ShapedType::isDynamic))
    return op->emitOpError()
           << role << " must have static extents after the batch";
  // Kernels read and write blocks of images.
  if (type.getEncoding())
    return op->emitOpError() << role << " must have no encoding";
  return success();
}

LogicalResult verifyTypes(mlir::Operation *op, const LayerTypes &types,
                          int64_t rank) {
  if (failed(verifyActivation(op, "the input side", types.input, rank)) ||
      failed(verifyActivation(op, "the output side", types.output, rank)))
    return failure();
  if (types.weights.getRank() != rank || !types.weights.hasStaticShape())
    return op->emitOpError()
           << "weights must have a static shape of rank " << rank;
  if (types.weights.getEncoding())
    return op->emitOpError() << "weights must have no encoding";
  if (types.input.getDimSize(1) != types.weights.getDimSize(1))
    return op->emitOpError()
           << "the input side has " << types.input.getDimSize(1)
           << " channels, but the weights expect "
           << types.weights.getDimSize(1);
  return success();
}

LogicalResult verifyLayer(mlir::Operation *op, const Geometry &geometry,
                          Attribute structure, const LayerTypes &types) {
  if (failed(verifyRules(op, geometry, structure)))
    return failure();
  Extent2d output = geometry.output();
  SmallVector<int64_t> expected{ShapedType::kDynamic, geometry.outChannels};
  if (geometry.kind == LayerKind::Conv2d)
    expected.append({output.height, output.width});
  auto expectedType =
      RankedTensorType::get(expected, types.output.getElementType());
  if (types.output != expectedType)
    return op->emitOpError() << "the output side must be " << expectedType
                             << ", not " << types.output;
  return success();
}

LogicalResult verifyPair(mlir::Operation *op, StringRef name,
                         ArrayRef<int64_t> pair) {
  if (pair.size() != 2)
    return op->emitOpError() << name << " must be [height, width]";
  return success();
}

/// `vector` may be null.
LogicalResult verifyChannels(mlir::Operation *op, StringRef role, Value vector,
                             int64_t channels) {
  if (vector && typeOf(vector).getShape() != ArrayRef<int64_t>{channels})
    return op->emitOpError()
           << role << " must have " << channels << " elements";
  return success();
}

LogicalResult verifyNormalise(mlir::Operation *op, Value scale, Value shift,
                              int64_t channels) {
  if (static_cast<bool>(scale) != static_cast<bool>(shift))
    return op->emitOpError() << "scale and shift must come together";
  if (failed(verifyChannels(op, "scale", scale, channels)))
    return failure();
  return verifyChannels(op, "shift", shift, channels);
}

LogicalResult verifyStatistics(mlir::Operation *op, Value statistics,
                               int64_t channels) {
  if (statistics &&
      typeOf(statistics).getShape() != ArrayRef<int64_t>{channels, 2})
    return op->emitOpError()
           << "channel sums must be a tensor of " << channels << " x 2";
  return success();
}

/// What tells where a rectified batch norm passed: a map or its output. The
/// values may be null.
LogicalResult verifyPassed(mlir::Operation *op, Value scale, Value shift,
                           Value output, RankedTensorType type) {
  if (static_cast<bool>(scale) == static_cast<bool>(output))
    return op->emitOpError()
           << "must be given either the map or the output of the batch norm";
  if (output && output.getType() != type)
    return op->emitOpError()
           << "the batch norm's output must have the type of the result";
  return verifyNormalise(op, scale, shift, type.getDimSize(1));
}

template <typename ConvOp>
LogicalResult verifyConv(ConvOp op, const LayerTypes &types) {
  if (failed(verifyPair(op, "strides", op.getStrides())) ||
      failed(verifyPair(op, "padding", op.getPadding())) ||
      failed(verifyTypes(op, types, 4)))
    return failure();
  return verifyLayer(op, convGeometry(types, op.getStrides(), op.getPadding()),
                     op.getStructure(), types);
}

template <typename LinearOp>
LogicalResult verifyLinear(LinearOp op, const LayerTypes &types) {
  if (failed(verifyTypes(op, types, 2)))
    return failure();
  return verifyLayer(op, linearGeometry(types), op.getStructure(), types);
}

LayerTypes typesOf(Conv2dOp op) {
  return {typeOf(op.getInput()), typeOf(op.getWeights()),
          typeOf(op.getResult())};
}
LayerTypes typesOf(Conv2dGradInputOp op) {
  return {typeOf(op.getResult()), typeOf(op.getWeights()),
          typeOf(op.getGradient())};
}
LayerTypes typesOf(Conv2dGradWeightOp op) {
  return {typeOf(op.getInput()), typeOf(op.getResult()),
          typeOf(op.getGradient())};
}
LayerTypes typesOf(LinearOp op) {
  return {typeOf(op.getInput()), typeOf(op.getWeights()),
          typeOf(op.getResult())};
}
LayerTypes typesOf(LinearGradInputOp op) {
  return {typeOf(op.getResult()), typeOf(op.getWeights()),
          typeOf(op.getGradient())};
}
LayerTypes typesOf(LinearGradWeightOp op) {
  return {typeOf(op.getInput()), typeOf(op.getResult()),
          typeOf(op.getGradient())};
}

} // namespace

LogicalResult Conv2dOp::verify() {
  if (failed(verifyConv(*this, typesOf(*this))))
    return failure();
  Geometry geometry = getGeometry();
  if (failed(verifyChannels(*this, "bias", getBias(), geometry.outChannels)) ||
      failed(
          verifyNormalise(*this, getScale(), getShift(), geometry.inChannels)))
    return failure();
  return verifyStatistics(*this, getStatistics(), geometry.outChannels);
}
LogicalResult Conv2dGradInputOp::verify() {
  if (failed(verifyConv(*this, typesOf(*this))))
    return failure();
  if (getAddend() && getAddend().getType() != getResult().getType())
    return emitOpError() << "the addend must have the type of the result";
  if (!getNormInput()) {
    if (getMean() || getScale() || getShift() || getNormOutput() || getSums())
      return emitOpError()
             << "takes the operands and sums of a batch norm only with "
                "norm_gradient";
    return success();
  }
  RankedTensorType type = typeOf(getResult());
  if (!getMean() || !getSums())
    return emitOpError() << "norm_gradient needs a mean and gives sums";
  if (getNormInput().getType() != type)
    return emitOpError()
           << "the batch norm's input must have the type of the result";
  if (failed(verifyChannels(*this, "mean", getMean(), type.getDimSize(1))) ||
      failed(
          verifyPassed(*this, getScale(), getShift(), getNormOutput(), type)))
    return failure();
  return verifyStatistics(*this, getSums(), type.getDimSize(1));
}
LogicalResult Conv2dGradWeightOp::verify() {
  if (failed(verifyConv(*this, typesOf(*this))))
    return failure();
  return verifyNormalise(*this, getScale(), getShift(),
                         getGeometry().inChannels);
}
LogicalResult LinearOp::verify() {
  if (failed(verifyLinear(*this, typesOf(*this))))
    return failure();
  return verifyChannels(*this, "bias", getBias(), getGeometry().outChannels);
}
LogicalResult LinearGradInputOp::verify() {
  return verifyLinear(*this, typesOf(*this));
}
LogicalResult LinearGradWeightOp::verify() {
  return verifyLinear(*this, typesOf(*this));
}

LogicalResult NormaliseOp::verify() {
  RankedTensorType type = typeOf(getResult());
  if (failed(verifyActivation(*this, "the result", type, 4)))
    return failure();
  return verifyNormalise(*this, getScale(), getShift(), type.getDimSize(1));
}
LogicalResult NormGradientOp::verify() {
  RankedTensorType type = typeOf(getResult());
  if (failed(verifyActivation(*this, "the result", type, 4)) ||
      failed(verifyChannels(*this, "mean", getMean(), type.getDimSize(1))) ||
      failed(verifyPassed(*this, getScale(), getShift(), getOutput(), type)))
    return failure();
  return verifyStatistics(*this, getSums(), type.getDimSize(1));
}
LogicalResult ChannelSumsOp::verify() {
  RankedTensorType type = typeOf(getInput());
  if (failed(verifyActivation(*this, "the input", type, 4)))
    return failure();
  return verifyStatistics(*this, getResult(), type.getDimSize(1));
}

namespace {

Fusion fusionOf(Conv2dOp op) {
  Fusion fusion;
  fusion.bias = static_cast<bool>(op.getBias());
  fusion.normalise = static_cast<bool>(op.getScale());
  fusion.statistics = static_cast<bool>(op.getStatistics());
  return fusion;
}
Fusion fusionOf(Conv2dGradInputOp op) {
  Fusion fusion;
  fusion.accumulate = static_cast<bool>(op.getAddend());
  fusion.normGradient = static_cast<bool>(op.getNormInput());
  fusion.normResidual = static_cast<bool>(op.getNormOutput());
  return fusion;
}
Fusion fusionOf(Conv2dGradWeightOp op) {
  Fusion fusion;
  fusion.normalise = static_cast<bool>(op.getScale());
  return fusion;
}
Fusion fusionOf(LinearOp op) {
  Fusion fusion;
  fusion.bias = static_cast<bool>(op.getBias());
  return fusion;
}
Fusion fusionOf(LinearGradInputOp) { return {}; }
Fusion fusionOf(LinearGradWeightOp) { return {}; }

} // namespace

#define LACUNA_LAYER_INTERFACE(OP, KERNEL_OPERATION, GEOMETRY)                 \
  ::lacuna::Operation OP::getKernelOperation() {                               \
    return ::lacuna::Operation::KERNEL_OPERATION;                              \
  }                                                                            \
  Geometry OP::getGeometry() { return GEOMETRY; }                              \
  Fusion OP::getFusion() { return fusionOf(*this); }                           \
  Attribute OP::getStructureAttribute() { return getStructure(); }             \
  void OP::setStructureAttribute(Attribute structure) {                        \
    setStructureAttr(structure);                                               \
  }                                                                            \
  ScheduleAttr OP::getScheduleAttribute() { return getScheduleAttr(); }        \
  void OP::setScheduleAttribute(ScheduleAttr schedule) {                       \
    setScheduleAttr(schedule);                                                 \
  }

#define LACUNA_CONV_GEOMETRY                                                   \
  convGeometry(typesOf(*this), getStrides(), getPadding())
#define LACUNA_LINEAR_GEOMETRY linearGeometry(typesOf(*this))

LACUNA_LAYER_INTERFACE(Conv2dOp, Forward, LACUNA_CONV_GEOMETRY)
LACUNA_LAYER_INTERFACE(Conv2dGradInputOp, GradInput, LACUNA_CONV_GEOMETRY)
LACUNA_LAYER_INTERFACE(Conv2dGradWeightOp, GradWeight, LACUNA_CONV_GEOMETRY)
LACUNA_LAYER_INTERFACE(LinearOp, Forward, LACUNA_LINEAR_GEOMETRY)
LACUNA_LAYER_INTERFACE(LinearGradInputOp, GradInput, LACUNA_LINEAR_GEOMETRY)
LACUNA_LAYER_INTERFACE(LinearGradWeightOp, GradWeight, LACUNA_LINEAR_GEOMETRY)

#undef LACUNA_LAYER_INTERFACE
#undef LACUNA_CONV_GEOMETRY
#undef LACUNA_LINEAR_GEOMETRY

} // namespace lacuna::ir
