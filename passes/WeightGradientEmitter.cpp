//===- WeightGradientEmitter.cpp - Grad-weight kernels --------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A work item owns some groups of one chunk of input channels: it visits every
// tile of every batch block and adds to one vector a stream value, then sums
// the lanes. No other work item touches those values, so the result does not
// depend on how work is cut.
//
//===----------------------------------------------------------------------===//

#include "TileWalk.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using arith::CmpIPredicate;

namespace lacuna::ir {

namespace {

/// Most sums of one weight that FMAs alternate between, so that they need not
/// wait for each other.
constexpr int64_t kMaxPartialSums = 4;

class WeightGradientEmitter {
public:
  explicit WeightGradientEmitter(KernelEmitter &emitter)
      : emit(emitter), layout(emitter.layout), walk(emitter),
        phase(layout.phases.front()), rows(layout.schedule.panelRows),
        accumulators(rows * layout.schedule.panelPixels) {}

  void kernel() {
    forEachChunk([&](Value chunk, Value firstGroup, Value lastGroup) {
      forEachValue(chunk, firstGroup, lastGroup, [&](Value value) {
        emit.storeVector(emit.zeroVector(), emit.operands.lanes,
                         lanePosition(value));
      });
    });
    if (layout.schedule.chunkOuter)
      forEachChunk([&](Value chunk, Value firstGroup, Value lastGroup) {
        walk.allRowsOfTiles([&](const Tile &row) {
          tilesOfRow(row, chunk, firstGroup, lastGroup);
        });
      });
    else
      walk.allRowsOfTiles([&](const Tile &row) {
        forEachChunk([&](Value chunk, Value firstGroup, Value lastGroup) {
          tilesOfRow(row, chunk, firstGroup, lastGroup);
        });
      });
    forEachChunk([&](Value chunk, Value firstGroup, Value lastGroup) {
      forEachValue(chunk, firstGroup, lastGroup, [&](Value value) {
        Value sum = emit.sumLanes(
            emit.loadVector(emit.operands.lanes, lanePosition(value)));
        emit.storeScalar(sum, emit.operands.result, value);
      });
    });
  }

private:
  Value slotOf(Value chunk, Value group) {
    return emit.multiply(emit.add(emit.multiply(chunk, layout.groups), group),
                         layout.offsetsStride(phase));
  }

  Value lanePosition(Value value) { return emit.multiply(value, emit.lanes()); }

  using ChunkBody = llvm::function_ref<void(Value, Value, Value)>;

  /// The chunks that the work items reach into, and the groups of each that are
  /// theirs.
  void forEachChunk(ChunkBody body) {
    int64_t parts = layout.groupParts();
    Value firstChunk = emit.divide(emit.operands.begin, parts);
    Value lastChunk =
        emit.divide(emit.add(emit.operands.end, parts - 1), parts);
    emit.loop(firstChunk, lastChunk, 1, [&](Value chunk) {
      Value base = emit.multiply(chunk, parts);
      Value firstPart = arith::MaxSIOp::create(
          emit.builder, emit.loc, emit.subtract(emit.operands.begin, base),
          emit.constant(0));
      Value lastPart = emit.minimum(emit.subtract(emit.operands.end, base),
                                    emit.constant(parts));
      Value firstGroup =
          emit.divide(emit.multiply(firstPart, layout.groups), parts);
      Value lastGroup =
          emit.divide(emit.multiply(lastPart, layout.groups), parts);
      body(chunk, firstGroup, lastGroup);
    });
  }

  void forEachValue(Value chunk, Value firstGroup, Value lastGroup,
                    llvm::function_ref<void(Value)> body) {
    emit.loop(emit.loadOffset(slotOf(chunk, firstGroup)),
              emit.loadOffset(slotOf(chunk, lastGroup)), 1, body);
  }

  void tilesOfRow(const Tile &row, Value chunk, Value firstGroup,
                  Value lastGroup) {
    walk.tilesOfRow(row, [&](const Tile &tile) {
      SmallVector<TilePixel> pixels = walk.pixels(phase, tile);
      if (pixels.empty())
        return;
      walk.pack(tile, chunk);
      emit.loop(firstGroup, lastGroup, 1,
                [&](Value group) { this->group(tile, pixels, chunk, group); });
    });
  }

  void group(const Tile &tile, ArrayRef<TilePixel> pixels, Value chunk,
             Value group) {
    Value slot = slotOf(chunk, group);
    Value value = emit.loadOffset(slot);
    Value first = walk.targetPosition(phase, tile, emit.multiply(group, rows));
    walk.prefetchSource(tile, chunk, group, layout.groups);
    prefetchNext(tile, pixels, chunk, first);
    Value firstItem = emit.loadOffset(emit.add(slot, 1));
    SmallVector<int64_t> offsets;
    for (const TilePixel &pixel : pixels)
      for (int64_t row = 0; row < rows; ++row)
        offsets.push_back(gradientOffset(pixel, row));
    NearVectors target(emit, emit.operands.gradient, first, offsets);
    // Half of the registers hold a tile's gradient for all items of the group,
    // where they can.
    SmallVector<Value> gradients;
    if (static_cast<int64_t>(pixels.size()) * rows <= accumulators)
      for (int64_t offset : offsets)
        gradients.push_back(target.load(offset));
    int64_t bodies = static_cast<int64_t>(phase.bodies.size());
    for (int64_t body = 0; body < bodies; ++body) {
      int64_t next =
          body + 1 < bodies ? body + 2 : layout.offsetsStride(phase) + 1;
      Value lastItem = emit.loadOffset(emit.add(slot, next));
      value = items(phase.bodies[body], pixels, gradients, target, firstItem,
                    lastItem, value);
      firstItem = lastItem;
    }
  }

  /// Starts moving the next tile's gradient. Unless chunks are outermost, the
  /// first one brings it for the others.
  void prefetchNext(const Tile &tile, ArrayRef<TilePixel> pixels, Value chunk,
                    Value target) {
    if (!walk.prefetchesNextTile(tile))
      return;
    auto prefetch = [&] {
      Value next = emit.add(target, walk.nextTargetTile(tile));
      SmallVector<int64_t> offsets;
      for (const TilePixel &pixel : pixels)
        offsets.push_back(walk.targetOffset(pixel));
      for (int64_t row = 0; row < rows; ++row)
        for (int64_t offset : walk.targetLines(offsets))
          emit.prefetch(emit.operands.gradient,
                        emit.add(next, row * walk.targetPlane() + offset),
                        /*write=*/false);
    };
    if (layout.schedule.chunkOuter)
      return prefetch();
    Value firstChunk = emit.divide(emit.operands.begin, layout.groupParts());
    emit.branch(emit.compare(CmpIPredicate::eq, chunk, firstChunk), prefetch,
                [] {});
  }

  /// All items of a body: several at a time while there are that many, then
  /// one by one. Returns where the next body's values start.
  Value items(const StreamBody &body, ArrayRef<TilePixel> pixels,
              ArrayRef<Value> gradients, const NearVectors &target,
              Value firstItem, Value lastItem, Value value) {
    int64_t unroll = layout.schedule.itemUnroll;
    int64_t valuesPerItem = rows * static_cast<int64_t>(body.deltas.size());
    auto loop = [&](Value low, Value high, int64_t step, Value start) {
      return emit
          .loop(low, high, step, start,
                [&](Value item, ValueRange carried) {
                  accumulate(body, pixels, gradients, target, item, step,
                             carried.front());
                  return SmallVector<Value>{
                      emit.add(carried.front(), step * valuesPerItem)};
                })
          .front();
    };
    if (unroll == 1)
      return loop(firstItem, lastItem, 1, value);
    Value count = emit.subtract(lastItem, firstItem);
    Value middle = emit.subtract(lastItem, emit.remainder(count, unroll));
    value = loop(firstItem, middle, unroll, value);
    return loop(middle, lastItem, 1, value);
  }

  /// In vectors from a group's first pixel of the tile.
  int64_t gradientOffset(const TilePixel &pixel, int64_t row) const {
    return (row * walk.targetPlane() + walk.targetOffset(pixel)) / emit.lanes();
  }

  /// Adds the pixels of a tile to the lane sums of `count` items. `loaded` is
  /// the gradient as [pixel][row], or empty.
  void accumulate(const StreamBody &body, ArrayRef<TilePixel> pixels,
                  ArrayRef<Value> loaded, const NearVectors &target,
                  Value firstItem, int64_t count, Value value) {
    int64_t taps = static_cast<int64_t>(body.deltas.size());
    int64_t sumCount = count * taps * rows;
    int64_t inRegisters = loaded.empty() ? accumulators : accumulators / 2;
    int64_t partials = std::clamp<int64_t>(
        std::min(emit.instructions.multiplyAddsInFlight, inRegisters) /
            sumCount,
        1, std::min<int64_t>(kMaxPartialSums, pixels.size()));

    SmallVector<Value> sources;
    for (int64_t item = 0; item < count; ++item)
      sources.push_back(emit.multiply(
          emit.loadItemIndex(emit.add(firstItem, item)), emit.lanes()));

    Value lanes = lanePosition(value);
    auto sumPosition = [&](int64_t sum) {
      return emit.add(lanes, sum * emit.lanes());
    };
    // [partial][item][tap][row]: the first partial sums continue the lanes.
    SmallVector<Value> sums;
    for (int64_t sum = 0; sum < sumCount; ++sum)
      sums.push_back(emit.loadVector(emit.operands.lanes, sumPosition(sum)));
    sums.resize(sumCount * partials);

    SmallVector<SourceUse> uses = walk.sourceUses(body, pixels);

    SmallVector<NearVectors> sourceVectors;
    for (Value source : sources)
      sourceVectors.emplace_back(emit, emit.operands.scratch, source,
                                 TileWalk::offsets(uses));

    SmallVector<Value> gradients(loaded);
    gradients.resize(pixels.size() * rows);
    SmallVector<Value> vectors(count);
    SmallVector<int64_t> turns(taps, 0);
    for (size_t i = 0; i < uses.size(); ++i) {
      const SourceUse &use = uses[i];
      int64_t partial = turns[use.tap]++ % partials;
      for (int64_t row = 0; row < rows; ++row) {
        Value &gradient = gradients[use.pixel * rows + row];
        if (!gradient)
          gradient = target.load(gradientOffset(pixels[use.pixel], row));
      }
      for (int64_t item = 0; item < count; ++item) {
        if (i == 0 || use.offset != uses[i - 1].offset)
          vectors[item] = sourceVectors[item].load(use.offset);
        for (int64_t row = 0; row < rows; ++row) {
          Value &sum =
              sums[partial * sumCount + (item * taps + use.tap) * rows + row];
          sum = emit.fma(gradients[use.pixel * rows + row], vectors[item],
                         sum ? sum : emit.zeroVector());
        }
      }
    }
    for (int64_t sum = 0; sum < sumCount; ++sum) {
      Value total = sums[sum];
      for (int64_t partial = 1; partial < partials; ++partial)
        if (Value part = sums[partial * sumCount + sum])
          total = emit.addVectors(total, part);
      emit.storeVector(total, emit.operands.lanes, sumPosition(sum));
    }
  }

  KernelEmitter &emit;
  const StreamLayout &layout;
  TileWalk walk;
  const StreamPhase &phase;
  int64_t rows;
  int64_t accumulators; ///< Half of the registers, rounded down to panels.
};

} // namespace

void emitWeightGradient(KernelEmitter &emitter) {
  WeightGradientEmitter(emitter).kernel();
}

} // namespace lacuna::ir
