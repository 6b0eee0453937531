//===- TileWalk.cpp - Loops over tiles, and the packing of one ------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TileWalk.h"

#include "lacuna/Support/Divisors.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVectorExtras.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <optional>
#include <tuple>

using namespace mlir;
using arith::CmpIPredicate;

namespace lacuna::ir {

namespace {

/// Lines of each source row that a strided tile reaches beyond which hardware
/// follows it.
constexpr int64_t kFollowedLines = 14;

/// One axis of packing: which source positions the packed pixels of a tile have
/// over all positions the tile can take.
struct PackedAxis {
  int64_t extent;              ///< Packed pixels.
  int64_t origin, step;        ///< Source position of the first, and between.
  int64_t leastTile, mostTile; ///< First and last source position of tiles.
  int64_t plane;               ///< Source extent.

  bool neverBelow(int64_t i) const {
    return leastTile + origin + step * i >= 0;
  }
  bool neverAbove(int64_t i) const {
    return mostTile + origin + step * i < plane;
  }
  bool alwaysInside(int64_t i) const { return neverBelow(i) && neverAbove(i); }
};

/// Emits the packing of one tile.
class TilePacker {
public:
  TilePacker(KernelEmitter &emitter, const Tile &tile)
      : emit(emitter), layout(emitter.layout), tile(tile),
        rows(axis(&Extent2d::height, layout.schedule.tileHeight, tile.tailRow)),
        columns(
            axis(&Extent2d::width, layout.schedule.tileWidth, tile.tailColumn)),
        bitsType(VectorType::get({emit.lanes()}, emit.builder.getI32Type())) {}

  void pack(Value chunk) {
    Value firstRow = emit.add(emit.multiply(tile.row, layout.sourceStep.height),
                              rows.origin);
    locateColumns();
    int64_t channelsOfChunk = layout.schedule.channelChunk;
    Value firstChannel = emit.multiply(chunk, channelsOfChunk);
    Value channels = emit.constant(channelsOfChunk);
    if (layout.sourceChannels % channelsOfChunk != 0)
      channels = emit.minimum(
          channels,
          emit.subtract(emit.constant(layout.sourceChannels), firstChannel));
    emit.loop(emit.constant(0), channels, 1, [&](Value channel) {
      packChannel(channel, emit.add(firstChannel, channel), firstRow);
    });
  }

private:
  struct ChannelNorm {
    Value scale, shift;
  };

  /// The tail needs only the part of the region that its pixels reach.
  PackedAxis axis(int64_t Extent2d::*along, int64_t tileExtent,
                  bool tail) const {
    int64_t wholePixels = layout.wholeTiles().*along * tileExtent;
    int64_t most = 0;
    for (const StreamPhase &phase : layout.phases)
      most = std::max(most, phase.count.*along);
    int64_t pixels = tail ? most - wholePixels : tileExtent;
    int64_t lastTile = tail ? wholePixels : wholePixels - tileExtent;
    PackedAxis result;
    result.extent =
        layout.region.*along - layout.pixelStep.*along * (tileExtent - pixels);
    result.origin = layout.origin.*along;
    result.step = layout.packStep.*along;
    result.leastTile = tail ? layout.sourceStep.*along * wholePixels : 0;
    result.mostTile = layout.sourceStep.*along * lastTile;
    result.plane = layout.source.*along;
    return result;
  }

  /// A column outside the plane reads a place inside, and is masked to zero.
  void locateColumns() {
    Value first = emit.add(emit.multiply(tile.column, layout.sourceStep.width),
                           columns.origin);
    for (int64_t i = 0; i < columns.extent; ++i) {
      Value column = emit.add(first, columns.step * i);
      Value mask;
      if (!columns.alwaysInside(i)) {
        Value inside = emit.compare(CmpIPredicate::ult, column,
                                    emit.constant(columns.plane));
        Value bits = arith::ExtSIOp::create(emit.builder, emit.loc,
                                            emit.builder.getI32Type(), inside);
        mask =
            vector::BroadcastOp::create(emit.builder, emit.loc, bitsType, bits);
        column = arith::SelectOp::create(emit.builder, emit.loc, inside, column,
                                         emit.constant(0));
      }
      columnPositions.push_back(emit.multiply(column, emit.lanes()));
      columnMasks.push_back(mask);
    }
  }

  void packChannel(Value channel, Value sourceChannel, Value firstRow) {
    int64_t lanes = emit.lanes();
    int64_t sourcePlane = layout.source.height * layout.source.width * lanes;
    ChannelNorm norm;
    if (emit.fusion.normalise)
      norm = {emit.loadSplat(emit.operands.sourceScale, sourceChannel),
              emit.loadSplat(emit.operands.sourceShift, sourceChannel)};
    for (int64_t block = 0; block < tile.blocks; ++block) {
      Value plane = emit.add(
          emit.multiply(emit.add(tile.block, block), layout.sourceChannels),
          sourceChannel);
      Value planePosition = emit.multiply(plane, sourcePlane);
      Value scratchBlock =
          emit.add(emit.multiply(channel, layout.channelStride() * lanes),
                   block * layout.blockStride() * lanes);
      for (int64_t i = 0; i < rows.extent; ++i) {
        Value row = emit.add(firstRow, rows.step * i);
        Value scratchRow =
            emit.add(scratchBlock, i * layout.region.width * lanes);
        Value sourceRow = emit.add(
            planePosition, emit.multiply(row, layout.source.width * lanes));
        if (rows.alwaysInside(i)) {
          packRow(scratchRow, sourceRow, norm);
          continue;
        }
        emit.branch(
            emit.compare(CmpIPredicate::ult, row, emit.constant(rows.plane)),
            [&] { packRow(scratchRow, sourceRow, norm); },
            [&] { clearRow(scratchRow); });
      }
    }
  }

  void packRow(Value scratchRow, Value sourceRow, const ChannelNorm &norm) {
    for (int64_t i = 0; i < columns.extent; ++i) {
      Value value = emit.loadVector(emit.operands.source,
                                    emit.add(sourceRow, columnPositions[i]));
      if (norm.scale)
        value = emit.rectify(emit.fma(value, norm.scale, norm.shift));
      if (Value mask = columnMasks[i]) {
        Value bits =
            vector::BitCastOp::create(emit.builder, emit.loc, bitsType, value);
        bits = arith::AndIOp::create(emit.builder, emit.loc, bits, mask);
        value = vector::BitCastOp::create(emit.builder, emit.loc,
                                          emit.vectorType(), bits);
      }
      emit.storeVector(value, emit.operands.scratch,
                       emit.add(scratchRow, i * emit.lanes()));
    }
  }

  void clearRow(Value scratchRow) {
    for (int64_t i = 0; i < columns.extent; ++i)
      emit.storeVector(emit.zeroVector(), emit.operands.scratch,
                       emit.add(scratchRow, i * emit.lanes()));
  }

  KernelEmitter &emit;
  const StreamLayout &layout;
  const Tile &tile;
  PackedAxis rows, columns;
  VectorType bitsType; ///< A mask: all ones in a column inside the plane.
  SmallVector<Value> columnPositions, columnMasks;
};

} // namespace

void TileWalk::batchTile(Value block, llvm::function_ref<void(Tile)> body) {
  Tile tile{};
  int64_t blocks = layout.schedule.batchTile;
  if (blocks == 1) {
    tile.blocks = 1;
    tile.block = block;
    return body(tile);
  }
  Value last = emit.add(block, blocks);
  emit.branch(
      emit.compare(CmpIPredicate::sle, last, emit.operands.batchBlocks),
      [&] {
        tile.blocks = blocks;
        tile.block = block;
        body(tile);
      },
      [&] { lastBlocks(block, body); });
}

void TileWalk::lastBlocks(Value block, llvm::function_ref<void(Tile)> body) {
  for (int64_t blocks : layout.remainderBlocks()) {
    Value next = emit.add(block, blocks);
    Value fits =
        emit.compare(CmpIPredicate::sle, next, emit.operands.batchBlocks);
    emit.branch(
        fits,
        [&] {
          Tile tile{};
          tile.blocks = blocks;
          tile.block = block;
          body(tile);
        },
        [] {});
    block = arith::SelectOp::create(emit.builder, emit.loc, fits, next, block);
  }
}

void TileWalk::tilesOfRow(Tile tile, TileBody body) {
  int64_t whole = layout.wholeTiles().width;
  int64_t step = layout.schedule.tileWidth;
  tile.tailColumn = false;
  if (whole == 1) {
    tile.column = emit.constant(0);
    body(tile);
  } else if (whole > 1) {
    emit.loop(emit.constant(0), emit.constant(whole * step), step,
              [&](Value column) {
                tile.column = column;
                body(tile);
              });
  }
  if (layout.hasTailColumns()) {
    tile.tailColumn = true;
    tile.column = emit.constant(whole * step);
    body(tile);
  }
}

void TileWalk::rowOfTiles(Tile tile, Value tileRow, TileBody body) {
  int64_t whole = layout.wholeTiles().height;
  tile.tileRow = tileRow;
  tile.row = emit.multiply(tileRow, layout.schedule.tileHeight);
  auto side = [&](bool tail) {
    tile.tailRow = tail;
    body(tile);
  };
  if (!layout.hasTailRows())
    return side(false);
  if (whole == 0)
    return side(true);
  emit.branch(
      emit.compare(CmpIPredicate::slt, tileRow, emit.constant(whole)),
      [&] { side(false); }, [&] { side(true); });
}

void TileWalk::rowOfWorkItem(Value workItem, TileBody body) {
  int64_t rows = layout.tileRows();
  Value block =
      emit.multiply(emit.divide(workItem, rows), layout.schedule.batchTile);
  Value tileRow = emit.remainder(workItem, rows);
  batchTile(block, [&](Tile tile) { rowOfTiles(tile, tileRow, body); });
}

void TileWalk::allRowsOfTiles(TileBody body) {
  emit.loop(emit.constant(0), emit.operands.batchBlocks,
            layout.schedule.batchTile, [&](Value block) {
              batchTile(block, [&](Tile tile) {
                emit.loop(emit.constant(0), emit.constant(layout.tileRows()), 1,
                          [&](Value row) { rowOfTiles(tile, row, body); });
              });
            });
}

SmallVector<TilePixel> TileWalk::pixels(const StreamPhase &phase,
                                        const Tile &tile) const {
  const Schedule &s = layout.schedule;
  Extent2d whole = layout.wholeTiles();
  int64_t rows = tile.tailRow ? phase.count.height - whole.height * s.tileHeight
                              : s.tileHeight;
  int64_t columns = tile.tailColumn
                        ? phase.count.width - whole.width * s.tileWidth
                        : s.tileWidth;
  SmallVector<TilePixel> result;
  for (int64_t block = 0; block < tile.blocks; ++block)
    for (int64_t row = 0; row < rows; ++row)
      for (int64_t column = 0; column < columns; ++column)
        result.push_back({block, row, column});
  return result;
}

int64_t TileWalk::scratchOffset(const TilePixel &pixel) const {
  return pixel.block * layout.blockStride() +
         pixel.row * layout.pixelStep.height * layout.region.width +
         pixel.column * layout.pixelStep.width;
}

SmallVector<SourceUse> TileWalk::sourceUses(const StreamBody &body,
                                            ArrayRef<TilePixel> pixels) const {
  SmallVector<SourceUse> uses;
  for (auto [tap, delta] : llvm::enumerate(body.deltas))
    for (auto [p, pixel] : llvm::enumerate(pixels))
      if (layout.reaches(body.shifts[tap], {pixel.row, pixel.column}))
        uses.push_back(
            {delta + scratchOffset(pixel), static_cast<int64_t>(tap), p});
  llvm::sort(uses, [](const SourceUse &a, const SourceUse &b) {
    return std::tie(a.offset, a.tap, a.pixel) <
           std::tie(b.offset, b.tap, b.pixel);
  });
  return uses;
}

SmallVector<int64_t> TileWalk::offsets(ArrayRef<SourceUse> uses) {
  return llvm::map_to_vector(uses,
                             [](const SourceUse &use) { return use.offset; });
}

int64_t TileWalk::targetPlane() const {
  return layout.target.height * layout.target.width * emit.lanes();
}

Value TileWalk::targetPosition(const StreamPhase &phase, const Tile &tile,
                               Value channel) {
  Value plane =
      emit.add(emit.multiply(tile.block, layout.targetChannels), channel);
  Value row = emit.add(emit.multiply(tile.row, layout.targetStep.height),
                       phase.offset.height);
  Value column = emit.add(emit.multiply(tile.column, layout.targetStep.width),
                          phase.offset.width);
  Value pixel = emit.add(emit.multiply(row, layout.target.width), column);
  return emit.add(emit.multiply(plane, targetPlane()),
                  emit.multiply(pixel, emit.lanes()));
}

int64_t TileWalk::phaseOffset(const StreamPhase &phase) const {
  return (phase.offset.height * layout.target.width + phase.offset.width) *
         emit.lanes();
}

int64_t TileWalk::targetOffset(const TilePixel &pixel) const {
  int64_t row = pixel.row * layout.targetStep.height;
  int64_t column = pixel.column * layout.targetStep.width;
  return pixel.block * layout.targetChannels * targetPlane() +
         (row * layout.target.width + column) * emit.lanes();
}

bool TileWalk::prefetchesNextTile(const Tile &tile) const {
  int64_t columns = (layout.region.width - 1) * layout.packStep.width + 1;
  bool strided = layout.sourceStep.height * layout.sourceStep.width > 1;
  if (strided && columns > kFollowedLines * emit.lineVectors())
    return false;
  Extent2d whole = layout.wholeTiles();
  return whole.height * whole.width > 1 && !tile.tailRow && !tile.tailColumn;
}

Value TileWalk::nextTile(const Tile &tile, const Extent2d &step,
                         int64_t planeWidth) {
  const Schedule &s = layout.schedule;
  int64_t beside = s.tileWidth * step.width;
  int64_t last = (layout.wholeTiles().width - 1) * s.tileWidth;
  int64_t below = s.tileHeight * step.height * planeWidth - last * step.width;
  Value atEnd =
      emit.compare(CmpIPredicate::eq, tile.column, emit.constant(last));
  return arith::SelectOp::create(emit.builder, emit.loc, atEnd,
                                 emit.constant(below * emit.lanes()),
                                 emit.constant(beside * emit.lanes()));
}

Value TileWalk::nextTargetTile(const Tile &tile) {
  return nextTile(tile, layout.targetStep, layout.target.width);
}

bool TileWalk::startOnLines(int64_t tileStep, int64_t planeWidth) const {
  int64_t vectors = emit.lineVectors();
  return tileStep % vectors == 0 && planeWidth % vectors == 0;
}

SmallVector<int64_t> TileWalk::lines(ArrayRef<int64_t> offsets,
                                     int64_t tileStep,
                                     int64_t planeWidth) const {
  if (!startOnLines(tileStep, planeWidth))
    return llvm::to_vector(offsets);
  int64_t vectors = emit.lineVectors();
  SmallVector<int64_t> result;
  std::optional<int64_t> latest;
  for (int64_t offset : offsets) {
    int64_t line = llvm::divideFloorSigned(offset, vectors * emit.lanes());
    if (latest != line)
      result.push_back(offset);
    latest = line;
  }
  return result;
}

SmallVector<int64_t> TileWalk::targetLines(ArrayRef<int64_t> offsets) const {
  return lines(offsets, layout.schedule.tileWidth * layout.targetStep.width,
               layout.target.width);
}

bool TileWalk::fillsTargetLines(const StreamPhase &phase,
                                ArrayRef<int64_t> offsets) const {
  int64_t tileStep = layout.schedule.tileWidth * layout.targetStep.width;
  int64_t vectors = emit.lineVectors();
  if (!startOnLines(tileStep, layout.target.width) ||
      offsets.size() % vectors != 0)
    return false;
  int64_t first = phaseOffset(phase) / emit.lanes();
  for (size_t i = 0; i < offsets.size(); i += vectors) {
    int64_t start = offsets[i] / emit.lanes();
    if ((first + start) % vectors != 0)
      return false;
    for (int64_t v = 1; v < vectors; ++v)
      if (offsets[i + v] != (start + v) * emit.lanes())
        return false;
  }
  return true;
}

void TileWalk::prefetchSource(const Tile &tile, Value chunk, Value index,
                              int64_t shares) {
  if (!prefetchesNextTile(tile))
    return;
  const Schedule &s = layout.schedule;
  // Tiles share a border with the one before and the row of tiles above.
  auto firstNew = [&](int64_t Extent2d::*along, int64_t tileExtent) {
    return std::max<int64_t>(0, layout.region.*along -
                                    tileExtent * layout.pixelStep.*along);
  };
  int64_t row = firstNew(&Extent2d::height, s.tileHeight);
  int64_t column = firstNew(&Extent2d::width, s.tileWidth);
  int64_t rows = layout.region.height - row;

  int64_t width = layout.source.width;
  SmallVector<int64_t> offsets;
  for (int64_t i = column; i < layout.region.width; ++i)
    offsets.push_back((layout.origin.width + i * layout.packStep.width) *
                      emit.lanes());
  offsets = lines(offsets, s.tileWidth * layout.sourceStep.width, width);
  Value origin = emit.add(
      emit.multiply(
          emit.add(emit.multiply(tile.row, layout.sourceStep.height),
                   layout.origin.height + row * layout.packStep.height),
          width),
      emit.multiply(tile.column, layout.sourceStep.width));
  Value start = emit.add(emit.multiply(origin, emit.lanes()),
                         nextTile(tile, layout.sourceStep, width));
  Value firstPlane = emit.add(emit.multiply(tile.block, layout.sourceChannels),
                              emit.multiply(chunk, s.channelChunk));
  forEachOfShare(emit, index, shares, s.channelChunk * rows, [&](Value unit) {
    Value plane = emit.add(firstPlane, emit.divide(unit, rows));
    Value pixel = emit.add(emit.multiply(plane, layout.source.height * width),
                           emit.multiply(emit.remainder(unit, rows),
                                         layout.packStep.height * width));
    Value position = emit.add(start, emit.multiply(pixel, emit.lanes()));
    for (int64_t block = 0; block < tile.blocks; ++block)
      for (int64_t offset : offsets)
        emit.prefetch(emit.operands.source,
                      emit.add(position, block * layout.sourceChannels *
                                                 layout.source.height * width *
                                                 emit.lanes() +
                                             offset),
                      /*write=*/false);
  });
}

void TileWalk::pack(const Tile &tile, Value chunk) {
  TilePacker(emit, tile).pack(chunk);
}

void forEachOfShare(KernelEmitter &emit, Value index, int64_t shares,
                    int64_t units, llvm::function_ref<void(Value)> body) {
  int64_t unitsPerShare = ceilDiv(units, shares);
  Value first = emit.multiply(index, unitsPerShare);
  for (int64_t i = 0; i < unitsPerShare; ++i) {
    Value unit = emit.add(first, i);
    if (units % (shares * unitsPerShare) == 0)
      body(unit);
    else
      emit.branch(
          emit.compare(CmpIPredicate::slt, unit, emit.constant(units)),
          [&] { body(unit); }, [] {});
  }
}

} // namespace lacuna::ir
