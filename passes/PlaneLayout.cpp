//===- PlaneLayout.cpp - Where the pixels of a tensor lie -----------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PlaneLayout.h"

#include "lacuna/Dialect/Lacuna.h"

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
  // The lower margin of the last channel, and what vectors that start at the
  // last pixel touch.
  layout.floats = static_cast<int64_t>(
      llvm::alignTo(layout.channels * layout.channelPitch +
                        (margin.height + 2) * layout.rowPitch + 2 * lanes,
                    lanes));
  return layout;
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

} // namespace lacuna::ir
