//===- PlaneLayout.cpp - Where the pixels of a tensor lie -----------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PlaneLayout.h"

#include "lacuna/Dialect/Lacuna.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace lacuna::ir {

PlaneLayout PlaneLayout::of(Type type) {
  auto tensor = cast<RankedTensorType>(type);
  PlaneLayout layout;
  layout.channels = tensor.getDimSize(1);
  if (tensor.getRank() == 4) {
    layout.height = tensor.getDimSize(2);
    layout.width = tensor.getDimSize(3);
  }
  if (auto planes = dyn_cast_if_present<PlanesAttr>(tensor.getEncoding())) {
    layout.phases = {planes.getPhases()[0], planes.getPhases()[1]};
    layout.margin = {planes.getMargin()[0], planes.getMargin()[1]};
    layout.rowPitch = planes.getRow();
    layout.phasePitch = planes.getPhase();
    layout.channelPitch = planes.getChannel();
    layout.floats = planes.getFloats();
    return layout;
  }
  layout.rowPitch = layout.width;
  layout.phasePitch = layout.channelPitch = layout.height * layout.width;
  layout.floats = layout.channels * layout.channelPitch;
  return layout;
}

/// The lower margin of the last channel, and what vectors that start at the
/// last pixel touch, are part of it.
static int64_t floatsTouched(const PlaneLayout &layout, int64_t lanes) {
  return static_cast<int64_t>(llvm::alignTo(
      layout.channels * layout.channelPitch +
          (layout.margin.height + 2) * layout.rowPitch + 2 * lanes,
      lanes));
}

PlaneLayout PlaneLayout::forReading(Type type, Extent2d phases, Extent2d margin,
                                    int64_t rowPitch, int64_t lanes) {
  PlaneLayout layout = of(type);
  layout.phases = phases;
  layout.margin = margin;
  int64_t rows = layout.height + margin.height;
  int64_t columns = layout.width + margin.width;
  if (layout.isSplit()) {
    // Phases do not share margins: their rows end at different columns.
    rows = llvm::divideCeil(rows + margin.height, phases.height);
    columns = llvm::divideCeil(columns + margin.width, phases.width);
  }
  layout.rowPitch = std::max(rowPitch, columns);
  layout.phasePitch =
      static_cast<int64_t>(llvm::alignTo(rows * layout.rowPitch, lanes));
  layout.channelPitch = phases.height * phases.width * layout.phasePitch;
  layout.floats = floatsTouched(layout, lanes);
  return layout;
}

bool PlaneLayout::takesVectors(int64_t lanes) const {
  return channelPitch % lanes == 0 && floats >= floatsTouched(*this, lanes);
}

RankedTensorType PlaneLayout::encode(Type type) const {
  auto tensor = cast<RankedTensorType>(type);
  MLIRContext *context = type.getContext();
  auto pair = [&](Extent2d extent) {
    return DenseI64ArrayAttr::get(context, {extent.height, extent.width});
  };
  return RankedTensorType::get(
      tensor.getShape(), tensor.getElementType(),
      PlanesAttr::get(context, pair(phases), pair(margin), rowPitch, phasePitch,
                      channelPitch, floats));
}

int64_t PlaneLayout::offset(int64_t y, int64_t x) const {
  int64_t row = y + margin.height, column = x + margin.width;
  int64_t phase = row % phases.height * phases.width + column % phases.width;
  return phase * phasePitch + row / phases.height * rowPitch +
         column / phases.width;
}

static bool hasLayout(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor || !tensor.getElementType().isF32() ||
      (tensor.getRank() != 2 && tensor.getRank() != 4) ||
      !tensor.isDynamicDim(0))
    return false;
  // Batches of tensors, and sums of places, must not overflow. A dynamic extent
  // is a negative one.
  int64_t room = int64_t(1) << 40;
  for (int64_t extent : tensor.getShape().drop_front())
    room = extent < 1 ? 0 : room / extent;
  return room > 0;
}

LogicalResult verifyNetwork(func::FuncOp function) {
  constexpr StringLiteral kTensors =
      "tensor of images or features, <?xCxHxWxf32> or <?xFxf32> of up to "
      "2^40 floats";
  if (!llvm::hasSingleElement(function.getBody()) ||
      !isa<func::ReturnOp>(function.front().getTerminator()))
    return function.emitOpError()
           << "must have one block, which returns, to be a network";
  if (!llvm::all_of(function.getArgumentTypes(), hasLayout) ||
      !llvm::all_of(function.getResultTypes(), hasLayout))
    return function.emitOpError() << "must take and return nothing but a "
                                  << kTensors << ", to be a network";
  for (mlir::Operation &op : function.front().without_terminator()) {
    // What is inside reads tensors out of order.
    if (op.getNumRegions() != 0)
      return op.emitOpError() << "must have no region, to be part of a network";
    if (op.getNumResults() != 1 || !hasLayout(op.getResult(0).getType()))
      return op.emitOpError()
             << "must give one " << kTensors << ", to be part of a network";
  }
  return success();
}

mlir::Operation *lastReader(Value value) {
  mlir::Operation *last = nullptr;
  for (mlir::Operation *user : value.getUsers()) {
    mlir::Operation *reader = user;
    if (auto view = dyn_cast<tensor::CollapseShapeOp>(user))
      reader = lastReader(view.getResult());
    if (reader && (!last || last->isBeforeInBlock(reader)))
      last = reader;
  }
  return last;
}

} // namespace lacuna::ir
