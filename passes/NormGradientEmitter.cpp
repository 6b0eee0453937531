//===- NormGradientEmitter.cpp - The gradient through a batch norm --------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a grad-input kernel does to the results of a row of tiles when all of
// them are finished, and still in the L2. Tile by tile, each panel would wait
// for a few lines of two more tensors; the panels only prefetch those, in the
// order of memory.
//
//===----------------------------------------------------------------------===//

#include "TileWalk.h"

#include "lacuna/Support/Divisors.h"

#include <algorithm>

using namespace mlir;

namespace lacuna::ir {

namespace {

/// Fewest vectors in flight: sums that need not wait for each other. Twice as
/// many would not fit sixteen registers.
constexpr int64_t kLeastUnroll = 2;

/// The batch norm of one channel.
struct ChannelNorm {
  Value mean, scale, shift;
};

class NormGradientEmitter {
public:
  /// `row`: a row of tiles, or any tile of it.
  NormGradientEmitter(KernelEmitter &emitter, const Tile &row)
      : emit(emitter), layout(emitter.layout), row(row),
        plane(layout.target.height * layout.target.width) {
    int64_t step = layout.targetStep.height;
    // The phases of a row of tiles cover neighbouring rows of pixels; a plane
    // lower than the stride has no more than its own.
    int64_t wholeRows = layout.schedule.tileHeight * step;
    int64_t pixelRows = row.tailRow ? layout.target.height -
                                          layout.wholeTiles().height * wholeRows
                                    : std::min(wholeRows, layout.target.height);
    pixels = pixelRows * layout.target.width;
    firstPixel = emit.multiply(row.row, step * layout.target.width);
  }

  void run() {
    emit.loop(emit.constant(0), emit.constant(layout.targetChannels), 1,
              [&](Value channel) {
                ChannelNorm norm = loadNorm(channel);
                for (int64_t block = 0; block < row.blocks; ++block) {
                  Value tileRow =
                      emit.add(emit.multiply(emit.add(row.block, block),
                                             layout.tileRows()),
                               row.tileRow);
                  Value slot = emit.add(
                      emit.multiply(tileRow, layout.targetChannels), channel);
                  this->channel(norm, firstOf(block, channel),
                                emit.multiply(slot, 2 * emit.lanes()));
                }
              });
  }

  void prefetch(Value index, int64_t shares) {
    int64_t line = emit.lineVectors();
    int64_t lines = ceilDiv(pixels, line);
    forEachOfShare(
        emit, index, shares, layout.targetChannels * lines, [&](Value unit) {
          Value channel = emit.divide(unit, lines);
          Value offset =
              emit.multiply(emit.remainder(unit, lines), line * emit.lanes());
          for (int64_t block = 0; block < row.blocks; ++block) {
            Value position = emit.add(firstOf(block, channel), offset);
            emit.prefetch(emit.operands.normInput, position, /*write=*/false);
            if (emit.fusion.normResidual)
              emit.prefetch(emit.operands.normOutput, position,
                            /*write=*/false);
          }
        });
  }

private:
  /// Position of a channel's first pixel of the row.
  Value firstOf(int64_t block, Value channel) {
    Value firstPlane = emit.add(
        emit.multiply(emit.add(row.block, block), layout.targetChannels),
        channel);
    return emit.multiply(emit.add(emit.multiply(firstPlane, plane), firstPixel),
                         emit.lanes());
  }

  ChannelNorm loadNorm(Value channel) {
    ChannelNorm norm;
    norm.mean = emit.loadSplat(emit.operands.normMean, channel);
    if (!emit.fusion.normResidual) {
      norm.scale = emit.loadSplat(emit.operands.sourceScale, channel);
      norm.shift = emit.loadSplat(emit.operands.sourceShift, channel);
    }
    return norm;
  }

  /// The pixels of one channel, which lie side by side.
  void channel(const ChannelNorm &norm, Value first, Value statistics) {
    int64_t unroll = std::max(kLeastUnroll, emit.lineVectors());
    while (pixels % unroll != 0)
      unroll /= 2;
    SmallVector<Value> start(2 * unroll, emit.zeroVector());
    ValueRange sums = emit.loop(
        emit.constant(0), emit.constant(pixels * emit.lanes()),
        unroll * emit.lanes(), start, [&](Value offset, ValueRange carried) {
          SmallVector<Value> next(carried);
          Value position = emit.add(first, offset);
          for (int64_t i = 0; i < unroll; ++i) {
            Value at = emit.add(position, i * emit.lanes());
            if (i % emit.lineVectors() == 0)
              prefetchNextChannel(at);
            pixel(norm, at, next[i], next[unroll + i]);
          }
          return next;
        });
    auto total = [&](ValueRange parts) {
      Value sum = parts.front();
      for (Value part : parts.drop_front())
        sum = emit.addVectors(sum, part);
      return sum;
    };
    emit.storeVector(total(sums.take_front(unroll)), emit.operands.statistics,
                     statistics);
    emit.storeVector(total(sums.drop_front(unroll)), emit.operands.statistics,
                     emit.add(statistics, emit.lanes()));
  }

  /// The next channel's pixels lie too far off for a hardware prefetcher.
  void prefetchNextChannel(Value position) {
    Value next = emit.add(position, plane * emit.lanes());
    emit.prefetch(emit.operands.result, next, /*write=*/true);
  }

  void pixel(const ChannelNorm &norm, Value position, Value &sum,
             Value &product) {
    Value gradient = emit.loadVector(emit.operands.result, position);
    Value input = emit.loadVector(emit.operands.normInput, position);
    Value sign = emit.fusion.normResidual
                     ? emit.loadVector(emit.operands.normOutput, position)
                     : emit.fma(input, norm.scale, norm.shift);
    // Zero or what is there already: LLVM would store that under a mask, which
    // takes AMD's cores twelve cycles a vector. A sum is no longer what is
    // there.
    gradient = emit.passWherePositive(
        sign, emit.addVectors(gradient, emit.zeroVector()));
    emit.storeVector(gradient, emit.operands.result, position);
    sum = emit.addVectors(sum, gradient);
    product =
        emit.fma(gradient, emit.subtractVectors(input, norm.mean), product);
  }

  KernelEmitter &emit;
  const StreamLayout &layout;
  const Tile &row;
  int64_t plane;
  int64_t pixels; ///< Of a channel in the row.
  Value firstPixel;
};

} // namespace

void emitNormGradient(KernelEmitter &emitter, const Tile &row) {
  NormGradientEmitter(emitter, row).run();
}

void prefetchForNormGradient(KernelEmitter &emitter, const Tile &tile,
                             Value index, int64_t shares) {
  int64_t tiles = emitter.layout.wholeTiles().width;
  if (tile.tailColumn || tiles == 0)
    return;
  Value column = emitter.divide(tile.column, emitter.layout.schedule.tileWidth);
  NormGradientEmitter(emitter, tile)
      .prefetch(emitter.add(emitter.multiply(column, shares), index),
                tiles * shares);
}

} // namespace lacuna::ir
