//===- LacunaInference.cpp - Verifiers of frozen networks -----------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Dialect/Lacuna.h"
#include "lacuna/Support/Error.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace lacuna::ir {

namespace {

RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

LogicalResult verifyImages(mlir::Operation *op, StringRef role, Value value) {
  RankedTensorType type = typeOf(value);
  if (!type.isDynamicDim(0) ||
      llvm::any_of(type.getShape().drop_front(), ShapedType::isDynamic))
    return op->emitOpError()
           << role << " must have a dynamic batch and static extents";
  if (type.getEncoding() &&
      (type.getRank() != 4 || !isa<PlanesAttr>(type.getEncoding())))
    return op->emitOpError()
           << role << " has an encoding that is no #lacuna.planes of images";
  return success();
}

LogicalResult verifySides(mlir::Operation *op, Value input, Value result) {
  if (failed(verifyImages(op, "the input", input)))
    return failure();
  return verifyImages(op, "the result", result);
}

LogicalResult verifySameShape(mlir::Operation *op, Value input, Value result) {
  if (failed(verifySides(op, input, result)))
    return failure();
  if (typeOf(input).getShape() != typeOf(result).getShape())
    return op->emitOpError() << "the result must have the shape of the input";
  return success();
}

LogicalResult verifyCount(mlir::Operation *op, StringRef field, size_t count,
                          int64_t expected) {
  if (static_cast<int64_t>(count) != expected)
    return op->emitOpError()
           << field << " must have " << expected << " elements, not " << count;
  return success();
}

LogicalResult verifyPooled(mlir::Operation *op, Value input, Value result,
                           int64_t height, int64_t width) {
  SmallVector<int64_t> expected(typeOf(input).getShape());
  expected[2] = height;
  expected[3] = width;
  if (typeOf(result).getShape() != ArrayRef<int64_t>(expected))
    return op->emitOpError()
           << "the result must have planes of " << height << " x " << width;
  return success();
}

} // namespace

LogicalResult
PlanesAttr::verify(llvm::function_ref<InFlightDiagnostic()> emitError,
                   DenseI64ArrayAttr phases, DenseI64ArrayAttr margin,
                   int64_t row, int64_t phase, int64_t channel,
                   int64_t floats) {
  constexpr int64_t kMaxFloats = int64_t(1) << 40;
  if (phases.size() != 2 || margin.size() != 2)
    return emitError() << "phases and margin must be [height, width]";
  auto outside = [](int64_t low) {
    return [low](int64_t value) { return value < low || value > kMaxFloats; };
  };
  if (llvm::any_of(phases.asArrayRef(), outside(1)) ||
      llvm::any_of(margin.asArrayRef(), outside(0)) ||
      llvm::any_of(ArrayRef{row, phase, channel, floats}, outside(1)))
    return emitError() << "phases and pitches must be positive, and the margin "
                          "not negative";
  return success();
}

Geometry FrozenLayerOp::getGeometry() {
  ArrayRef<int64_t> input = typeOf(getInput()).getShape();
  int64_t outputs = typeOf(getResult()).getDimSize(1);
  if (!isConvolution())
    return Geometry::linear(input[1], outputs);
  auto pair = [](std::optional<ArrayRef<int64_t>> values) {
    return Extent2d{(*values)[0], (*values)[1]};
  };
  return Geometry::conv2d(input[1], outputs, {input[2], input[3]},
                          pair(getKernel()), pair(getStrides()),
                          pair(getPadding()));
}

LogicalResult FrozenLayerOp::verify() {
  if (failed(verifySides(*this, getInput(), getResult())))
    return failure();
  int64_t rank = isConvolution() ? 4 : 2;
  if (typeOf(getInput()).getRank() != rank ||
      typeOf(getResult()).getRank() != rank)
    return emitOpError() << "must have an input and a result of rank " << rank;
  for (std::optional<ArrayRef<int64_t>> window :
       {getKernel(), getStrides(), getPadding()})
    if (window.has_value() != isConvolution() ||
        (window.has_value() && window->size() != 2))
      return emitOpError() << "a convolution needs kernel, strides and padding "
                              "as [height, width], a linear layer none of them";

  Geometry geometry = getGeometry();
  int64_t active = 0;
  std::string rule;
  try {
    geometry.verify();
    Structure structure = toStructure(getStructure());
    structure.verify(geometry);
    ActiveSet set = toActiveSet(getStructure());
    set.verify(geometry, structure);
    active = set.values(geometry, structure);
  } catch (const Error &error) {
    rule = error.what();
  }
  if (!rule.empty())
    return emitOpError() << rule;
  if (failed(verifyCount(*this, "values", getValues().size(), active)) ||
      failed(
          verifyCount(*this, "bias", getBias().size(), geometry.outChannels)))
    return failure();
  Extent2d output = geometry.output();
  if (isConvolution() && failed(verifyPooled(*this, getResult(), getResult(),
                                             output.height, output.width)))
    return failure();
  if (getResidual() &&
      typeOf(getResidual()).getShape() != typeOf(getResult()).getShape())
    return emitOpError() << "the residual must have the shape of the result";
  return success();
}

LogicalResult AffineOp::verify() {
  if (failed(verifySameShape(*this, getInput(), getResult())))
    return failure();
  int64_t channels = typeOf(getInput()).getDimSize(1);
  if (failed(verifyCount(*this, "scale", getScale().size(), channels)))
    return failure();
  return verifyCount(*this, "shift", getShift().size(), channels);
}

LogicalResult ReluOp::verify() {
  return verifySides(*this, getInput(), getResult());
}

LogicalResult MaxPoolOp::verify() {
  if (failed(verifySides(*this, getInput(), getResult())))
    return failure();
  RankedTensorType type = typeOf(getInput());
  int64_t window = getWindow(), stride = getStride(), padding = getPadding();
  if (type.getRank() != 4 || typeOf(getResult()).getRank() != 4)
    return emitOpError() << "must have an input and a result of rank 4";
  if (window < 1 || stride < 1 || padding < 0 || 2 * padding > window ||
      window > std::min(type.getDimSize(2), type.getDimSize(3)) + 2 * padding)
    return emitOpError() << "the window does not fit the plane";
  auto pooled = [&](int64_t extent) {
    return (extent + 2 * padding - window) / stride + 1;
  };
  return verifyPooled(*this, getInput(), getResult(),
                      pooled(type.getDimSize(2)), pooled(type.getDimSize(3)));
}

LogicalResult AveragePoolOp::verify() {
  if (failed(verifySides(*this, getInput(), getResult())))
    return failure();
  RankedTensorType type = typeOf(getInput());
  int64_t window = getWindow();
  if (type.getRank() != 4 || typeOf(getResult()).getRank() != 4)
    return emitOpError() << "must have an input and a result of rank 4";
  if (window < 1 || type.getDimSize(2) % window != 0 ||
      type.getDimSize(3) % window != 0)
    return emitOpError() << "the window must divide the plane";
  return verifyPooled(*this, getInput(), getResult(),
                      type.getDimSize(2) / window, type.getDimSize(3) / window);
}

LogicalResult RepackOp::verify() {
  return verifySameShape(*this, getInput(), getResult());
}

} // namespace lacuna::ir
