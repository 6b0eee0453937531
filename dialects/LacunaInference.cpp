//===- LacunaInference.cpp - Verifiers of frozen networks -----------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LayerRules.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

#include <array>

using namespace mlir;

namespace lacuna::ir {

namespace {

constexpr int64_t kMaxFloats = int64_t(1) << 40;

bool isSplit(PlanesAttr planes) {
  return llvm::any_of(planes.getPhases().asArrayRef(),
                      [](int64_t phases) { return phases > 1; });
}

/// The first field that is too small for the pixels and margins of a tensor
/// [batch, channels, height, width]; empty if none is.
StringRef tooSmallField(ArrayRef<int64_t> shape, PlanesAttr planes) {
  if (llvm::any_of(shape.drop_front(),
                   [&](int64_t extent) { return extent > planes.getFloats(); }))
    return "floats";
  bool split = isSplit(planes);
  // Phases do not share margins.
  auto padded = [&](size_t axis) -> int64_t {
    int64_t extent = shape[2 + axis], margin = planes.getMargin()[axis];
    return split
               ? llvm::divideCeil(extent + 2 * margin, planes.getPhases()[axis])
               : extent + margin;
  };
  // Products might overflow.
  if (padded(1) > planes.getRow())
    return "row";
  if (padded(0) > planes.getPhase() / planes.getRow())
    return "phase";
  if (planes.getPhases()[0] >
      planes.getChannel() / planes.getPhase() / planes.getPhases()[1])
    return "channel";
  int64_t below =
      split ? 0
            : planes.getMargin()[0] * planes.getRow() + planes.getMargin()[1];
  if (shape[1] > (planes.getFloats() - below) / planes.getChannel())
    return "floats";
  return "";
}

/// Only convolutions read split planes, and only copies write them.
enum class Planes { Whole, MaySplit };

LogicalResult verifyImages(mlir::Operation *op, StringRef role, Value value,
                           Planes allowed = Planes::Whole) {
  RankedTensorType type = typeOf(value);
  // A dynamic extent is a negative one.
  if (!type.isDynamicDim(0) ||
      llvm::any_of(type.getShape().drop_front(),
                   [](int64_t extent) { return extent < 1; }))
    return op->emitOpError()
           << role << " must have a dynamic batch and positive static extents";
  if (!type.getEncoding())
    return success();
  auto planes = dyn_cast<PlanesAttr>(type.getEncoding());
  if (type.getRank() != 4 || !planes)
    return op->emitOpError()
           << role << " has an encoding that is no #lacuna.planes of images";
  if (allowed == Planes::Whole && isSplit(planes))
    return op->emitOpError() << role << " must not lie in split planes";
  if (StringRef field = tooSmallField(type.getShape(), planes); !field.empty())
    return op->emitOpError()
           << role << " does not fit its #lacuna.planes: " << field
           << " is too small";
  return success();
}

LogicalResult verifySides(mlir::Operation *op, Value input, Value result,
                          Planes inputPlanes = Planes::Whole,
                          Planes resultPlanes = Planes::Whole) {
  if (failed(verifyImages(op, "the input", input, inputPlanes)))
    return failure();
  return verifyImages(op, "the result", result, resultPlanes);
}

LogicalResult verifySameShape(mlir::Operation *op, Value input, Value result) {
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
  if (phases.size() != 2 || margin.size() != 2)
    return emitError() << "phases and margin must be [height, width]";
  std::array<int64_t, 6> positive{phases[0], phases[1], row,
                                  phase,     channel,   floats};
  if (*llvm::min_element(positive) < 1 ||
      *llvm::min_element(margin.asArrayRef()) < 0)
    return emitError() << "phases and pitches must be positive, and the margin "
                          "not negative";
  if (*llvm::max_element(positive) > kMaxFloats ||
      *llvm::max_element(margin.asArrayRef()) > kMaxFloats)
    return emitError() << "phases, margin and pitches must not exceed "
                       << kMaxFloats;
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
  if (failed(verifySides(*this, getInput(), getResult(), Planes::MaySplit)) ||
      (getResidual() &&
       failed(verifyImages(*this, "the residual", getResidual()))))
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
  FailureOr<int64_t> active = verifyRules(*this, geometry, getStructure());
  if (failed(active) ||
      failed(verifyCount(*this, "values", getValues().size(), *active)) ||
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
  if (failed(verifySides(*this, getInput(), getResult())) ||
      failed(verifySameShape(*this, getInput(), getResult())))
    return failure();
  int64_t channels = typeOf(getInput()).getDimSize(1);
  if (failed(verifyCount(*this, "scale", getScale().size(), channels)))
    return failure();
  return verifyCount(*this, "shift", getShift().size(), channels);
}

LogicalResult ReluOp::verify() {
  return verifySides(*this, getInput(), getResult());
}

int64_t MaxPoolOp::outputExtent(int64_t extent, int64_t window, int64_t stride,
                                int64_t padding) {
  return (extent - (window - 2 * padding)) / stride + 1;
}

LogicalResult MaxPoolOp::verify() {
  if (failed(verifySides(*this, getInput(), getResult())))
    return failure();
  RankedTensorType type = typeOf(getInput());
  int64_t window = getWindow(), stride = getStride(), padding = getPadding();
  if (type.getRank() != 4 || typeOf(getResult()).getRank() != 4)
    return emitOpError() << "must have an input and a result of rank 4";
  // Neither twice the padding nor its sum with an extent may overflow.
  if (window < 1 || stride < 1 || padding < 0 || padding > window / 2 ||
      window - 2 * padding > std::min(type.getDimSize(2), type.getDimSize(3)))
    return emitOpError() << "the window does not fit the plane";
  auto pooled = [&](int64_t extent) {
    return outputExtent(extent, window, stride, padding);
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
  if (failed(verifySides(*this, getInput(), getResult(), Planes::Whole,
                         Planes::MaySplit)))
    return failure();
  return verifySameShape(*this, getInput(), getResult());
}

} // namespace lacuna::ir
