//===- FrozenConvolution.cpp - Convolutions with constant weights ---------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Lanes are pixels that follow each other in memory, whichever row they are of:
// the pixel at `row * pitch + column` of the result reads, for every tap, the
// input at the same place plus a constant. What lies between two rows is
// computed as well, and zero is stored there.
//
//===----------------------------------------------------------------------===//

#include "StageEmitter.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace lacuna::ir {

namespace {

class ConvolutionEmitter {
public:
  ConvolutionEmitter(Stage &stage, const FrozenPlan &plan, FrozenLayerOp layer)
      : stage(stage), plan(plan), layer(layer), planes(stage.result.planes),
        lanes(stage.target.lanes) {}

  void emitTables() {
    addCommonTables();
    addItemTables();
    StageEmitter emitter(stage, lanes);
    enter(emitter);
    offsets = plan.dense ? Value() : emitter.table("starts");
    indices = emitter.table("indices");
    clearMargins();
    forEachTile([&](Value pixel, int64_t vectors) {
      for (int64_t chunk = 0; chunk < chunks(); ++chunk)
        e->loop(e->constant(0), e->constant(plan.groups()), 1,
                [&](Value group) { walkGroup(chunk, group, pixel, vectors); });
    });
  }

  void emitBaked() {
    addCommonTables();
    stage.addTable("values", plan.values);
    for (int64_t first = 0; first < plan.groups();) {
      int64_t last = first, items = 0;
      while (last < plan.groups() &&
             (last == first || items + plan.itemsOf(last) <= kMaxBakedItems)) {
        items += plan.itemsOf(last);
        ++last;
      }
      StageEmitter emitter(stage, lanes);
      enter(emitter);
      if (first == 0)
        clearMargins();
      for (int64_t group = first; group < last; ++group)
        forEachTile([&](Value pixel, int64_t vectors) {
          bakeGroup(group, pixel, vectors);
        });
      first = last;
    }
  }

private:
  int64_t chunks() const {
    return llvm::divideCeil(plan.geometry.inChannels, plan.channelChunk);
  }
  /// Where the pixel that the first pixel of the result reads lies.
  int64_t sourceOf(int64_t column) const {
    const Geometry &g = plan.geometry;
    int64_t tap = column % g.taps();
    return column / g.taps() * stage.source.planes.channelPitch +
           stage.source.planes.offset(tap / g.kernel.width - g.padding.height,
                                      tap % g.kernel.width - g.padding.width);
  }
  int64_t computedFloats() const { return plan.planeVectors * lanes; }
  /// Whether vectors hold anything but pixels.
  bool isMasked() const {
    return computedFloats() != planes.height * planes.width;
  }

  void enter(StageEmitter &emitter) {
    e = &emitter;
    values = e->table("values");
    bias = e->table("bias");
    if (isMasked())
      keep = e->table("keep");
  }

  void addCommonTables() {
    stage.addTable("bias", layer.getBias());
    if (!isMasked())
      return;
    SmallVector<float> kept(static_cast<size_t>(computedFloats()), 0.0f);
    for (int64_t y = 0; y < planes.height; ++y)
      for (int64_t x = 0; x < planes.width; ++x)
        kept[static_cast<size_t>(y * planes.rowPitch + x)] = 1.0f;
    stage.addTable("keep", ArrayRef<float>(kept));
  }

  /// Items by chunk, then group. Those of a dense layer are the same for every
  /// group, and so their indices are there once.
  void addItemTables() {
    SmallVector<float> ordered;
    SmallVector<int64_t> starts{0}, indexTable;
    ordered.reserve(plan.values.size());
    for (int64_t chunk = 0; chunk < chunks(); ++chunk) {
      int64_t first = firstColumn(chunk), last = firstColumn(chunk + 1);
      for (int64_t group = 0; group < plan.groups(); ++group) {
        auto begin = plan.columns.begin() + plan.starts[size_t(group)];
        auto end = plan.columns.begin() + plan.starts[size_t(group) + 1];
        auto low = std::lower_bound(begin, end, first);
        auto high = std::lower_bound(begin, end, last);
        for (auto column = low; column != high; ++column)
          if (!plan.dense || group == 0)
            indexTable.push_back(sourceOf(*column) - sourceOfChunk(chunk));
        auto value =
            plan.values.begin() + (low - plan.columns.begin()) * plan.rows;
        ordered.append(value, value + (high - low) * plan.rows);
        starts.push_back(starts.back() + (high - low));
      }
    }
    stage.addTable("values", ArrayRef<float>(ordered));
    stage.addTable("indices", ArrayRef<int64_t>(indexTable));
    if (!plan.dense)
      stage.addTable("starts", ArrayRef<int64_t>(starts));
  }

  int64_t firstColumn(int64_t chunk) const {
    return std::min(chunk * plan.channelChunk, plan.geometry.inChannels) *
           plan.geometry.taps();
  }
  int64_t sourceOfChunk(int64_t chunk) const {
    return chunk * plan.channelChunk * stage.source.planes.channelPitch;
  }

  /// Zeros before the first channel and behind the pixels of each.
  void clearMargins() {
    auto clear = [&](Value begin, int64_t floats) {
      e->loop(e->constant(0), e->constant(floats), lanes, [&](Value i) {
        e->storeVector(e->zeroVector(), e->result.memory, e->add(begin, i));
      });
    };
    if (planes.origin() > 0)
      clear(e->result.base, planes.origin());
    int64_t below = planes.channelPitch - computedFloats();
    if (below > 0)
      e->loop(e->constant(0), e->constant(planes.channels), 1, [&](Value c) {
        clear(e->add(e->add(e->result.base, planes.origin() + computedFloats()),
                     e->multiply(c, planes.channelPitch)),
              below);
      });
  }

  /// Calls body(first pixel, vectors) in a loop over tiles, and once for what
  /// is left of the plane.
  void forEachTile(llvm::function_ref<void(Value, int64_t)> body) {
    int64_t whole = plan.planeVectors / plan.pixelVectors * plan.pixelVectors;
    if (whole == plan.pixelVectors)
      body(e->constant(0), plan.pixelVectors);
    else
      e->loop(e->constant(0), e->constant(whole * lanes),
              plan.pixelVectors * lanes,
              [&](Value pixel) { body(pixel, plan.pixelVectors); });
    if (whole < plan.planeVectors)
      body(e->constant(whole * lanes), plan.planeVectors - whole);
  }

  /// Of a group: by row, then vector of pixels.
  using Sums = StageEmitter::Sums;

  void walkGroup(int64_t chunk, Value group, Value pixel, int64_t vectors) {
    Value begin, end;
    int64_t valueShift = 0, indexShift = 0;
    Value groupValues = e->constant(0);
    if (plan.dense) {
      int64_t count = firstColumn(chunk + 1) - firstColumn(chunk);
      begin = e->constant(0);
      end = e->constant(count);
      groupValues = e->multiply(group, count * plan.rows);
      valueShift = firstColumn(chunk) * plan.groups() * plan.rows;
      indexShift = firstColumn(chunk);
    } else {
      Value run = e->add(group, chunk * plan.groups());
      begin = e->loadNumber(offsets, run);
      end = e->loadNumber(offsets, e->add(run, 1));
    }
    Value source = e->add(e->add(e->source.base, sourceOfChunk(chunk)), pixel);
    auto addItem = [&](Value item, MutableArrayRef<Value> sums) {
      Value index = e->loadNumber(indices, e->add(item, indexShift));
      Value value =
          e->add(e->add(e->multiply(item, plan.rows), groupValues), valueShift);
      multiplyAdd(e->add(source, index), value, vectors, sums);
    };

    Sums first =
        chunk == 0 ? biases(group, vectors) : stored(group, pixel, vectors);
    Sums sums = e->sumItems(begin, end, plan.chains, first, addItem);
    finish(sums, group, pixel, vectors, chunk + 1 == chunks());
  }

  void multiplyAdd(Value source, Value value, int64_t vectors,
                   MutableArrayRef<Value> sums) {
    SmallVector<Value> pixels;
    for (int64_t v = 0; v < vectors; ++v)
      pixels.push_back(
          e->loadVector(e->source.memory, e->add(source, v * lanes)));
    for (int64_t row = 0; row < plan.rows; ++row) {
      Value weight = e->loadSplat(values, e->add(value, row));
      for (int64_t v = 0; v < vectors; ++v) {
        Value &sum = sums[static_cast<size_t>(row * vectors + v)];
        sum = e->fma(pixels[static_cast<size_t>(v)], weight, sum);
      }
    }
  }

  void bakeGroup(int64_t group, Value pixel, int64_t vectors) {
    Value number = e->constant(group);
    Value source = e->add(e->source.base, pixel);
    Sums first = biases(number, vectors);
    int64_t begin = plan.starts[size_t(group)];
    Sums sums = e->sumItems(
        begin, begin + plan.itemsOf(group), plan.chains, first,
        [&](int64_t item, MutableArrayRef<Value> sums) {
          multiplyAdd(e->add(source, sourceOf(plan.columns[size_t(item)])),
                      e->constant(plan.valueOf(group, item)), vectors, sums);
        });
    finish(sums, number, pixel, vectors, /*last=*/true);
  }

  Sums biases(Value group, int64_t vectors) {
    Sums sums;
    for (int64_t row = 0; row < plan.rows; ++row)
      sums.append(
          static_cast<size_t>(vectors),
          e->loadSplat(bias, e->add(e->multiply(group, plan.rows), row)));
    return sums;
  }

  /// Calls visit(sum, position in channel planes) for each vector of a group.
  void forEachVector(Value group, Value pixel, int64_t vectors,
                     int64_t channelPitch,
                     llvm::function_ref<void(size_t, Value, Value)> visit) {
    Value first = e->add(e->multiply(group, plan.rows * channelPitch), pixel);
    for (int64_t row = 0; row < plan.rows; ++row)
      for (int64_t v = 0; v < vectors; ++v)
        visit(static_cast<size_t>(row * vectors + v),
              e->add(first, row * channelPitch + v * lanes),
              e->add(pixel, v * lanes));
  }

  /// What an earlier chunk has left.
  Sums stored(Value group, Value pixel, int64_t vectors) {
    Sums sums;
    Value base = e->add(e->result.base, planes.origin());
    forEachVector(group, pixel, vectors, planes.channelPitch,
                  [&](size_t, Value position, Value) {
                    sums.push_back(e->loadVector(e->result.memory,
                                                 e->add(base, position)));
                  });
    return sums;
  }

  void finish(Sums &sums, Value group, Value pixel, int64_t vectors,
              bool last) {
    if (last && e->residual) {
      const PlaneLayout &other = e->residual->planes;
      Value base = e->add(e->residual->base, other.origin());
      forEachVector(group, pixel, vectors, other.channelPitch,
                    [&](size_t i, Value position, Value) {
                      sums[i] = e->addVectors(
                          sums[i], e->loadVector(e->residual->memory,
                                                 e->add(base, position)));
                    });
    }
    Value base = e->add(e->result.base, planes.origin());
    forEachVector(
        group, pixel, vectors, planes.channelPitch,
        [&](size_t i, Value position, Value inPlane) {
          Value sum = sums[i];
          if (last && layer.getRelu())
            sum = e->rectify(sum);
          if (last && isMasked())
            sum = e->passWherePositive(e->loadVector(keep, inPlane), sum);
          e->storeVector(sum, e->result.memory, e->add(base, position));
        });
  }

  Stage &stage;
  const FrozenPlan &plan;
  FrozenLayerOp layer;
  const PlaneLayout &planes; ///< Of the result.
  int64_t lanes;
  StageEmitter *e = nullptr;
  Value values, bias, keep, offsets, indices;
};

} // namespace

void emitFrozenConvolution(Stage &stage, const FrozenPlan &plan,
                           FrozenLayerOp layer, bool baked) {
  ConvolutionEmitter emitter(stage, plan, layer);
  if (baked)
    emitter.emitBaked();
  else
    emitter.emitTables();
}

} // namespace lacuna::ir
