//===- NormGradientEmitter.cpp - The gradient through a batch norm --------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a grad-input kernel does to the results of a row of tiles when all of
// them are finished. They are still in the L2, and what belongs to them in
// other tensors is read in order, as hardware prefetchers like it: tile by
// tile, each panel would wait for the lines of two more tensors.
//
//===----------------------------------------------------------------------===//

#include "TileWalk.h"

#include <algorithm>

using namespace mlir;

namespace lacuna::ir {

namespace {

/// Vectors in flight: sums that need not wait for each other.
constexpr int64_t kUnroll = 4;

/// The batch norm of one channel.
struct ChannelNorm {
  Value mean, scale, shift;
};

class NormGradientEmitter {
public:
  NormGradientEmitter(KernelEmitter &emitter, const Tile &row)
      : emit(emitter), layout(emitter.layout), row(row) {}

  void run() {
    Extent2d whole = layout.wholeTiles();
    int64_t step = layout.targetStep.height;
    // The phases of a row of tiles cover neighbouring rows of pixels; a plane
    // lower than the stride has no more than its own.
    int64_t wholeRows = layout.schedule.tileHeight * step;
    int64_t pixelRows = row.tailRow
                            ? layout.target.height - whole.height * wholeRows
                            : std::min(wholeRows, layout.target.height);
    Value firstPixel = emit.multiply(row.row, step * layout.target.width);
    int64_t plane = layout.target.height * layout.target.width;
    emit.loop(emit.constant(0), emit.constant(layout.targetChannels), 1,
              [&](Value channel) {
                ChannelNorm norm = loadNorm(channel);
                for (int64_t block = 0; block < row.blocks; ++block) {
                  Value batchBlock = emit.add(row.block, block);
                  Value firstPlane =
                      emit.add(emit.multiply(batchBlock, layout.targetChannels),
                               channel);
                  Value first =
                      emit.add(emit.multiply(firstPlane, plane), firstPixel);
                  Value tileRow =
                      emit.add(emit.multiply(batchBlock, layout.tileRows()),
                               row.tileRow);
                  Value slot = emit.add(
                      emit.multiply(tileRow, layout.targetChannels), channel);
                  this->channel(norm, emit.multiply(first, emit.lanes()),
                                pixelRows * layout.target.width,
                                emit.multiply(slot, 2 * emit.lanes()));
                }
              });
  }

private:
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
  void channel(const ChannelNorm &norm, Value first, int64_t pixels,
               Value statistics) {
    int64_t unroll = kUnroll;
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
    Value next = emit.add(position, layout.target.height * layout.target.width *
                                        emit.lanes());
    emit.prefetch(emit.operands.result, next, /*write=*/true);
    emit.prefetch(emit.operands.normInput, next, /*write=*/false);
    if (emit.fusion.normResidual)
      emit.prefetch(emit.operands.normOutput, next, /*write=*/false);
  }

  void pixel(const ChannelNorm &norm, Value position, Value &sum,
             Value &product) {
    Value gradient = emit.loadVector(emit.operands.result, position);
    Value input = emit.loadVector(emit.operands.normInput, position);
    Value sign = emit.fusion.normResidual
                     ? emit.loadVector(emit.operands.normOutput, position)
                     : emit.fma(input, norm.scale, norm.shift);
    gradient = emit.passWherePositive(sign, gradient);
    emit.storeVector(gradient, emit.operands.result, position);
    sum = emit.addVectors(sum, gradient);
    product =
        emit.fma(gradient, emit.subtractVectors(input, norm.mean), product);
  }

  KernelEmitter &emit;
  const StreamLayout &layout;
  const Tile &row;
};

} // namespace

void emitNormGradient(KernelEmitter &emitter, const Tile &row) {
  NormGradientEmitter(emitter, row).run();
}

} // namespace lacuna::ir
