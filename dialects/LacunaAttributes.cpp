//===- LacunaAttributes.cpp - Structures and schedules --------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Verifiers of what an attribute can check alone, and conversion to and from
// the plain structures that compiler and runtime share.
//
//===----------------------------------------------------------------------===//

#include "lacuna/Dialect/Lacuna.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

#include <limits>

using namespace mlir;

namespace lacuna::ir {

namespace {

using EmitError = llvm::function_ref<InFlightDiagnostic()>;

LogicalResult verifyAscending(EmitError emitError, StringRef field,
                              ArrayRef<int64_t> indices) {
  for (size_t i = 0; i < indices.size(); ++i) {
    if (indices[i] < 0)
      return emitError() << field << "[" << i << "] is negative";
    if (indices[i] > std::numeric_limits<uint32_t>::max())
      return emitError() << field << "[" << i << "] = " << indices[i]
                         << " exceeds 32 bits";
    if (i > 0 && indices[i] <= indices[i - 1])
      return emitError() << field << " must be strictly ascending, but "
                         << field << "[" << i << "] = " << indices[i]
                         << " follows " << indices[i - 1];
  }
  return success();
}

LogicalResult verifyActive(EmitError emitError, DenseI64ArrayAttr active) {
  return active ? verifyAscending(emitError, "active", active.asArrayRef())
                : success();
}

} // namespace

LogicalResult UnstructuredAttr::verify(EmitError emitError,
                                       DenseI64ArrayAttr active) {
  return verifyActive(emitError, active);
}

LogicalResult ChannelAttr::verify(EmitError emitError,
                                  DenseI64ArrayAttr active) {
  return verifyActive(emitError, active);
}

LogicalResult BlockAttr::verify(EmitError emitError, int64_t rows,
                                DenseI64ArrayAttr active) {
  if (rows < 1)
    return emitError() << "a block must have at least one row, not " << rows;
  return verifyActive(emitError, active);
}

LogicalResult PatternAttr::verify(EmitError emitError, ArrayAttr library,
                                  DenseI64ArrayAttr active,
                                  DenseI64ArrayAttr ids) {
  if (library.empty())
    return emitError() << "a pattern library must not be empty";
  for (Attribute entry : library) {
    auto taps = dyn_cast<ArrayAttr>(entry);
    auto isTap = [](Attribute tap) {
      auto integer = dyn_cast<IntegerAttr>(tap);
      return integer && integer.getType().isSignlessInteger(64);
    };
    if (!taps || taps.empty() || !llvm::all_of(taps, isTap))
      return emitError() << "a pattern must be a non-empty list of taps";
    SmallVector<int64_t> values;
    for (Attribute tap : taps)
      values.push_back(cast<IntegerAttr>(tap).getInt());
    if (failed(verifyAscending(emitError, "pattern", values)))
      return failure();
    if (values.back() > std::numeric_limits<uint8_t>::max())
      return emitError() << "tap " << values.back() << " exceeds 255";
  }
  if (static_cast<bool>(active) != static_cast<bool>(ids) ||
      (active && active.size() != ids.size()))
    return emitError() << "active and ids must have the same length";
  if (ids)
    for (int64_t id : ids.asArrayRef())
      if (id < 0 || id >= static_cast<int64_t>(library.size()))
        return emitError() << "pattern id " << id
                           << " is outside the library of " << library.size();
  return verifyActive(emitError, active);
}

LogicalResult ScheduleAttr::verify(EmitError emitError, int64_t lanes,
                                   DenseI64ArrayAttr tile, int64_t chunk,
                                   DenseI64ArrayAttr panel, int64_t taps,
                                   int64_t unroll, bool, bool, Level) {
  if (tile.size() != 3)
    return emitError() << "tile must be [batch blocks, rows, columns]";
  if (panel.size() != 2)
    return emitError() << "panel must be [channels, pixels]";
  auto inRange = [](int64_t value) {
    return value >= 1 && value <= kMaxScheduleExtent;
  };
  if (!inRange(lanes) || !inRange(chunk) || !inRange(taps) ||
      !inRange(unroll) || !llvm::all_of(tile.asArrayRef(), inRange) ||
      !llvm::all_of(panel.asArrayRef(), inRange))
    return emitError() << "every extent of a schedule must be between 1 and "
                       << kMaxScheduleExtent;
  // Lanes are summed by halves.
  if (!llvm::isPowerOf2_64(lanes) || lanes > kMaxLanes)
    return emitError() << "lanes must be a power of two up to " << kMaxLanes
                       << ", not " << lanes;
  return success();
}

Structure toStructure(Attribute attribute) {
  return llvm::TypeSwitch<Attribute, Structure>(attribute)
      .Case([](DenseAttr) { return Structure::dense(); })
      .Case([](UnstructuredAttr) { return Structure::unstructured(); })
      .Case([](BlockAttr block) { return Structure::block(block.getRows()); })
      .Case([](ChannelAttr) { return Structure::channel(); })
      .Case([](PatternAttr pattern) {
        std::vector<KernelPattern> library;
        for (Attribute entry : pattern.getLibrary()) {
          KernelPattern taps;
          for (Attribute tap : cast<ArrayAttr>(entry))
            taps.push_back(
                static_cast<uint8_t>(cast<IntegerAttr>(tap).getInt()));
          library.push_back(std::move(taps));
        }
        return Structure::pattern(std::move(library));
      });
}

ActiveSet toActiveSet(Attribute attribute) {
  ActiveSet result;
  auto units = llvm::TypeSwitch<Attribute, DenseI64ArrayAttr>(attribute)
                   .Case<UnstructuredAttr, BlockAttr, ChannelAttr, PatternAttr>(
                       [](auto structure) { return structure.getActive(); })
                   .Default(DenseI64ArrayAttr());
  if (units)
    for (int64_t unit : units.asArrayRef())
      result.units.push_back(static_cast<uint32_t>(unit));
  if (auto pattern = dyn_cast<PatternAttr>(attribute);
      pattern && pattern.getIds())
    for (int64_t id : pattern.getIds().asArrayRef())
      result.patternIds.push_back(static_cast<uint8_t>(id));
  return result;
}

Attribute fromStructure(MLIRContext *context, const Structure &structure,
                        const ActiveSet *active) {
  auto indices = [&](const auto &values) -> DenseI64ArrayAttr {
    if (!active)
      return {};
    return DenseI64ArrayAttr::get(
        context, SmallVector<int64_t>(values.begin(), values.end()));
  };
  static const ActiveSet none;
  const ActiveSet &set = active ? *active : none;
  switch (structure.scheme) {
  case Scheme::Dense:
    return DenseAttr::get(context);
  case Scheme::Unstructured:
    return UnstructuredAttr::get(context, indices(set.units));
  case Scheme::Block:
    return BlockAttr::get(context, structure.blockRows, indices(set.units));
  case Scheme::Channel:
    return ChannelAttr::get(context, indices(set.units));
  case Scheme::Pattern:
    break;
  }
  Builder builder(context);
  SmallVector<Attribute> library;
  for (const KernelPattern &pattern : structure.patterns)
    library.push_back(builder.getI64ArrayAttr(
        SmallVector<int64_t>(pattern.begin(), pattern.end())));
  return PatternAttr::get(context, builder.getArrayAttr(library),
                          indices(set.units), indices(set.patternIds));
}

FailureOr<Level> parseLevel(AsmParser &parser) {
  SMLoc where = parser.getCurrentLocation();
  StringRef name;
  if (failed(parser.parseKeyword(&name)))
    return failure();
  for (Level level : kAllLevels)
    if (name == levelName(level))
      return level;
  InFlightDiagnostic problem = parser.emitError(where)
                               << "expected a level, one of: ";
  llvm::interleaveComma(kAllLevels, problem,
                        [&](Level level) { problem << levelName(level); });
  return problem;
}

Schedule toSchedule(ScheduleAttr attribute) {
  Schedule schedule;
  schedule.lanes = attribute.getLanes();
  schedule.batchTile = attribute.getTile()[0];
  schedule.tileHeight = attribute.getTile()[1];
  schedule.tileWidth = attribute.getTile()[2];
  schedule.channelChunk = attribute.getChunk();
  schedule.panelRows = attribute.getPanel()[0];
  schedule.panelPixels = attribute.getPanel()[1];
  schedule.bodyTaps = attribute.getTaps();
  schedule.itemUnroll = attribute.getUnroll();
  schedule.chunkOuter = attribute.getChunkOuter();
  schedule.skipPadding = attribute.getSkipPadding();
  schedule.level = attribute.getLevel();
  return schedule;
}

ScheduleAttr fromSchedule(MLIRContext *context, const Schedule &schedule) {
  return ScheduleAttr::get(
      context, schedule.lanes,
      DenseI64ArrayAttr::get(context, {schedule.batchTile, schedule.tileHeight,
                                       schedule.tileWidth}),
      schedule.channelChunk,
      DenseI64ArrayAttr::get(context,
                             {schedule.panelRows, schedule.panelPixels}),
      schedule.bodyTaps, schedule.itemUnroll, schedule.chunkOuter,
      schedule.skipPadding, schedule.level);
}

} // namespace lacuna::ir
