//===- ContractionEmitter.cpp - Forward and grad-input kernels ------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// For each tile, chunk and group: the pixels of a panel stay in registers while
// the items of the group pass by.
//
//===----------------------------------------------------------------------===//

#include "TileWalk.h"

#include "lacuna/Support/Divisors.h"

#include "llvm/ADT/STLExtras.h"

#include <optional>

using namespace mlir;
using arith::CmpIPredicate;

namespace lacuna::ir {

namespace {

/// Results of at least this many bytes leave the last cache before anything
/// reads them.
constexpr int64_t kStreamedBytes = int64_t(32) << 20;
/// The same where most of what is written are zeros between the results.
constexpr int64_t kStreamedGapBytes = int64_t(4) << 20;

class ContractionEmitter {
public:
  explicit ContractionEmitter(KernelEmitter &emitter)
      : emit(emitter), layout(emitter.layout), walk(emitter),
        rows(layout.schedule.panelRows) {
    for (const StreamPhase &phase : layout.phases)
      if (!phase.bodies.empty())
        lastWithTaps = &phase;
  }

  void kernel() {
    large = resultIsLarge();
    emit.loop(emit.operands.begin, emit.operands.end, 1, [&](Value workItem) {
      walk.rowOfWorkItem(workItem, [&](const Tile &row) {
        walk.tilesOfRow(row, [&](const Tile &tile) {
          emit.loop(emit.constant(0), emit.constant(layout.chunks), 1,
                    [&](Value chunk) {
                      walk.pack(tile, chunk);
                      for (const StreamPhase &phase : layout.phases)
                        groups(tile, phase, chunk);
                    });
        });
        if (emit.fusion.normGradient)
          emitNormGradient(emit, row);
      });
    });
    if (streams)
      emit.fenceStreams();
  }

private:
  /// A place that a panel writes in each of its rows.
  struct Target {
    int64_t offset;              ///< From the tile's first pixel in the phase.
    std::optional<size_t> pixel; ///< Of the panel; none is a gap.
  };

  static SmallVector<int64_t> offsets(ArrayRef<Target> places) {
    return llvm::map_to_vector(
        places, [](const Target &place) { return place.offset; });
  }

  /// Whether the result of this call is better kept out of the caches.
  Value resultIsLarge() {
    int64_t blockBytes =
        layout.targetChannels * walk.targetPlane() * KernelEmitter::kFloatBytes;
    int64_t least = storesGaps() ? kStreamedGapBytes : kStreamedBytes;
    return emit.compare(CmpIPredicate::sge, emit.operands.batchBlocks,
                        emit.constant(ceilDiv(least, blockBytes)));
  }

  /// Whether a panel may store past the caches: nothing reads back what it
  /// stores, and it stores whole lines.
  bool mayStream(const StreamPhase &phase, ArrayRef<Target> places) const {
    return emit.instructions.streamingStores && layout.chunks == 1 &&
           !emit.fusion.accumulate && !emit.fusion.normGradient &&
           walk.fillsTargetLines(phase, offsets(places));
  }

  /// Emits what suits a panel's results that go past the caches and those that
  /// stay in them.
  void ifStreamed(bool mayStream, llvm::function_ref<void()> pastCaches,
                  llvm::function_ref<void()> cached) {
    if (!mayStream)
      return cached();
    streams = true;
    emit.branch(large, pastCaches, cached);
  }

  void groups(const Tile &tile, const StreamPhase &phase, Value chunk) {
    SmallVector<TilePixel> pixels = walk.pixels(phase, tile);
    // Nothing adds to these pixels: what they hold stays, or zeros are stored
    // there with the results beside them.
    bool untouched =
        phase.bodies.empty() && (emit.fusion.accumulate || fillsGaps());
    if (pixels.empty() || untouched)
      return;
    emit.loop(emit.constant(0), emit.constant(layout.groups), 1,
              [&](Value group) {
                Run run = loadRun(phase, chunk, group);
                size_t step = layout.schedule.panelPixels;
                int64_t panels = ceilDiv(pixels.size(), step);
                for (size_t first = 0; first < pixels.size(); first += step) {
                  size_t count = std::min(pixels.size() - first, step);
                  ArrayRef<TilePixel> all = pixels;
                  prefetch(tile, phase, chunk,
                           emit.add(emit.multiply(group, panels), first / step),
                           layout.groups * panels);
                  panel(tile, phase, chunk, group, run, all.take_front(first),
                        all.slice(first, count));
                }
              });
  }

  /// Prefetches share `index` of `shares` of what the next tile packs in this
  /// chunk, and of what the norm gradient reads.
  void prefetch(const Tile &tile, const StreamPhase &phase, Value chunk,
                Value index, int64_t shares) {
    // With the usual padding, the last phase of a stride has the most taps to
    // hide it; that of a 1x1 kernel has the only one.
    if (&phase != lastWithTaps)
      return;
    walk.prefetchSource(tile, chunk, index, shares);
    if (emit.fusion.normGradient)
      prefetchForNormGradient(emit, tile,
                              emit.add(emit.multiply(chunk, shares), index),
                              layout.chunks * shares);
  }

  /// Whether there are phases that no tap reaches, and their zeros are stored.
  bool storesGaps() const {
    return fillsGaps() && llvm::any_of(layout.phases, [](const auto &phase) {
             return phase.bodies.empty();
           });
  }

  /// Whether the first phase also stores the zeros of the phases that no tap
  /// reaches, so that a cache line that phases share is written once. Along no
  /// axis has another phase more pixels.
  bool fillsGaps() const {
    return !emit.fusion.accumulate && !layout.phases.front().bodies.empty();
  }

  /// The pixels of a panel and the gaps between them, in the order of memory.
  SmallVector<Target> targets(const Tile &tile, const StreamPhase &phase,
                              ArrayRef<TilePixel> pixels) const {
    SmallVector<Target> result;
    for (auto [p, pixel] : llvm::enumerate(pixels))
      result.push_back({walk.targetOffset(pixel), p});
    if (&phase != &layout.phases.front() || !fillsGaps())
      return result;
    for (const StreamPhase &gap : layout.phases)
      if (gap.bodies.empty())
        for (const TilePixel &pixel : walk.pixels(gap, tile))
          if (llvm::is_contained(pixels, pixel))
            result.push_back({walk.targetOffset(pixel) + walk.phaseOffset(gap),
                              std::nullopt});
    llvm::sort(result, [](const Target &a, const Target &b) {
      return a.offset < b.offset;
    });
    return result;
  }

  /// Where a group's values start, and the first item of each body, then the
  /// end of the last.
  struct Run {
    Value firstValue;
    SmallVector<Value> items;
  };

  Run loadRun(const StreamPhase &phase, Value chunk, Value group) {
    int64_t stride = layout.offsetsStride(phase);
    Value slot = emit.add(
        emit.multiply(emit.add(emit.multiply(chunk, layout.groups), group),
                      stride),
        phase.offsetsBase);
    Run run;
    run.firstValue = emit.loadOffset(slot);
    int64_t bodies = static_cast<int64_t>(phase.bodies.size());
    for (int64_t body = 0; body < bodies; ++body)
      run.items.push_back(emit.loadOffset(emit.add(slot, 1 + body)));
    // The next group's first item ends this one's last body.
    if (bodies > 0)
      run.items.push_back(emit.loadOffset(emit.add(slot, stride + 1)));
    return run;
  }

  void panel(const Tile &tile, const StreamPhase &phase, Value chunk,
             Value group, const Run &run, ArrayRef<TilePixel> before,
             ArrayRef<TilePixel> pixels) {
    Value channel = emit.multiply(group, rows);
    Value first = walk.targetPosition(phase, tile, channel);
    SmallVector<Target> places = targets(tile, phase, pixels);
    auto position = [&](int64_t row, int64_t offset) {
      return emit.add(first, row * walk.targetPlane() + offset);
    };

    bool streamed = mayStream(phase, places);
    SmallVector<Value> state =
        initialSums(tile, chunk, channel, pixels, places, streamed, position);
    state.push_back(run.firstValue);
    for (auto [index, body] : llvm::enumerate(phase.bodies))
      items(body, pixels, run.items[index], run.items[index + 1], state);
    auto store = [&](bool pastCaches) {
      for (int64_t row = 0; row < rows; ++row)
        for (const Target &place : places) {
          Value value = place.pixel ? state[row * pixels.size() + *place.pixel]
                                    : emit.zeroVector();
          Value at = position(row, place.offset);
          if (pastCaches)
            emit.streamVector(value, emit.operands.result, at);
          else
            emit.storeVector(value, emit.operands.result, at);
        }
    };
    ifStreamed(streamed, [&] { store(true); }, [&] { store(false); });
    if (!emit.fusion.statistics)
      return;
    auto add = [&] { addStatistics(tile, channel, before, pixels, state); };
    if (layout.chunks == 1)
      return add();
    emit.branch(emit.compare(CmpIPredicate::eq, chunk,
                             emit.constant(layout.chunks - 1)),
                add, [] {});
  }

  /// Adds a panel's finished sums to the statistics of its batch blocks and row
  /// of tiles. The first panel that meets a block in the first tile of the row
  /// starts them.
  void addStatistics(const Tile &tile, Value channel,
                     ArrayRef<TilePixel> before, ArrayRef<TilePixel> pixels,
                     ArrayRef<Value> sums) {
    auto holds = [](ArrayRef<TilePixel> some, int64_t block) {
      return llvm::any_of(
          some, [&](const TilePixel &pixel) { return pixel.block == block; });
    };
    Value firstTile =
        emit.compare(CmpIPredicate::eq, tile.column, emit.constant(0));
    for (int64_t block = 0; block < tile.blocks; ++block) {
      if (!holds(pixels, block))
        continue;
      Value tileRow = emit.add(
          emit.multiply(emit.add(tile.block, block), layout.tileRows()),
          tile.tileRow);
      Value slot =
          emit.add(emit.multiply(tileRow, layout.targetChannels), channel);
      for (int64_t row = 0; row < rows; ++row) {
        Value position = emit.multiply(emit.add(slot, row), 2 * emit.lanes());
        auto earlier = [&](int64_t offset) -> Value {
          Value value = emit.loadVector(emit.operands.statistics,
                                        emit.add(position, offset));
          if (holds(before, block))
            return value;
          return arith::SelectOp::create(emit.builder, emit.loc, firstTile,
                                         emit.zeroVector(), value);
        };
        Value sum = earlier(0), squares = earlier(emit.lanes());
        for (auto [p, pixel] : llvm::enumerate(pixels))
          if (pixel.block == block) {
            Value value = sums[row * pixels.size() + p];
            sum = emit.addVectors(sum, value);
            squares = emit.fma(value, value, squares);
          }
        emit.storeVector(sum, emit.operands.statistics, position);
        emit.storeVector(squares, emit.operands.statistics,
                         emit.add(position, emit.lanes()));
      }
    }
  }

  /// What sums start from: bias, zero or what the result holds in the first
  /// chunk, then what the chunks before have left there.
  SmallVector<Value>
  initialSums(const Tile &tile, Value chunk, Value channel,
              ArrayRef<TilePixel> pixels, ArrayRef<Target> places,
              bool streamed,
              llvm::function_ref<Value(int64_t, int64_t)> position) {
    // The next tile's lines are on their way before they are stored to.
    auto prefetchNext = [&] {
      Value next = walk.nextTargetTile(tile);
      for (int64_t row = 0; row < rows; ++row)
        for (int64_t offset : walk.targetLines(offsets(places)))
          emit.prefetch(emit.operands.result,
                        emit.add(position(row, offset), next),
                        /*write=*/true);
    };
    auto fresh = [&] {
      if (walk.prefetchesNextTile(tile))
        ifStreamed(streamed, [] {}, prefetchNext);
      SmallVector<Value> sums;
      for (int64_t row = 0; row < rows; ++row) {
        Value start = emit.fusion.bias ? emit.loadSplat(emit.operands.bias,
                                                        emit.add(channel, row))
                                       : emit.zeroVector();
        sums.append(pixels.size(), start);
      }
      return sums;
    };
    auto partial = [&] {
      SmallVector<Value> sums;
      for (int64_t row = 0; row < rows; ++row)
        for (const TilePixel &pixel : pixels)
          sums.push_back(emit.loadVector(
              emit.operands.result, position(row, walk.targetOffset(pixel))));
      return sums;
    };
    Value first = emit.compare(CmpIPredicate::eq, chunk, emit.constant(0));
    if (emit.fusion.accumulate) {
      if (walk.prefetchesNextTile(tile))
        emit.branch(first, prefetchNext, [] {});
      return partial();
    }
    if (layout.chunks == 1)
      return fresh();
    SmallVector<Type> types(rows * pixels.size(), emit.vectorType());
    auto choice =
        scf::IfOp::create(emit.builder, emit.loc, types, first,
                          /*addThenBlock=*/true, /*addElseBlock=*/true);
    OpBuilder::InsertionGuard guard(emit.builder);
    emit.builder.setInsertionPointToStart(choice.thenBlock());
    scf::YieldOp::create(emit.builder, emit.loc, fresh());
    emit.builder.setInsertionPointToStart(choice.elseBlock());
    scf::YieldOp::create(emit.builder, emit.loc, partial());
    return SmallVector<Value>(choice.getResults());
  }

  /// All items of a body: several at a time while there are that many, then
  /// one by one.
  void items(const StreamBody &body, ArrayRef<TilePixel> pixels, Value first,
             Value last, SmallVector<Value> &state) {
    auto loop = [&](Value low, Value high, int64_t step) {
      ValueRange results = emit.loop(
          low, high, step, state, [&](Value item, ValueRange carried) {
            SmallVector<Value> next(carried);
            for (int64_t i = 0; i < step; ++i)
              next = accumulate(body, pixels, emit.add(item, i), next);
            return next;
          });
      state.assign(results.begin(), results.end());
    };
    int64_t unroll = layout.schedule.itemUnroll;
    if (unroll > 1) {
      Value count = emit.subtract(last, first);
      Value middle = emit.subtract(last, emit.remainder(count, unroll));
      loop(first, middle, unroll);
      first = middle;
    }
    loop(first, last, 1);
  }

  /// One item: every source vector is loaded once and feeds all taps, rows and
  /// pixels that need it.
  SmallVector<Value> accumulate(const StreamBody &body,
                                ArrayRef<TilePixel> pixels, Value item,
                                ValueRange carried) {
    int64_t taps = static_cast<int64_t>(body.deltas.size());
    SmallVector<Value> sums(carried.drop_back());
    Value firstValue = carried.back();
    Value source = emit.multiply(emit.loadItemIndex(item), emit.lanes());

    SmallVector<SourceUse> uses = walk.sourceUses(body, pixels);

    SplatRun weights(emit, emit.operands.values, firstValue, taps * rows);
    NearVectors vectors(emit, emit.operands.scratch, source,
                        TileWalk::offsets(uses));
    Value vector;
    for (size_t i = 0; i < uses.size(); ++i) {
      const SourceUse &use = uses[i];
      if (i == 0 || use.offset != uses[i - 1].offset)
        vector = vectors.load(use.offset);
      for (int64_t row = 0; row < rows; ++row) {
        Value weight = weights[use.tap * rows + row];
        Value &sum = sums[row * pixels.size() + use.pixel];
        sum = emit.fma(weight, vector, sum);
      }
    }
    sums.push_back(emit.add(firstValue, taps * rows));
    return sums;
  }

  KernelEmitter &emit;
  const StreamLayout &layout;
  TileWalk walk;
  int64_t rows;
  const StreamPhase *lastWithTaps = nullptr;
  Value large;          ///< Whether panels that may stream their results do.
  bool streams = false; ///< Whether any may.
};

} // namespace

void emitContraction(KernelEmitter &emitter) {
  ContractionEmitter(emitter).kernel();
}

} // namespace lacuna::ir
