//===- PlaneStages.cpp - Pools, affine maps and copies --------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What is done pixel by pixel, a row at a time. A row is walked in vectors; the
// last one ends with the row, whatever the width, and repeats pixels of the one
// before.
//
//===----------------------------------------------------------------------===//

#include "StageEmitter.h"

#include "llvm/Support/MathExtras.h"

#include <limits>
#include <numeric>

using namespace mlir;

namespace lacuna::ir {

namespace {

/// Lanes that fit a row.
int64_t rowLanes(int64_t width, int64_t lanes) {
  return std::min<int64_t>(llvm::bit_floor(static_cast<uint64_t>(width)),
                           lanes);
}

/// Calls visit(channel, row) in loops.
void forEachRow(StageEmitter &e, int64_t channels, int64_t height,
                llvm::function_ref<void(Value, Value)> visit) {
  e.loop(e.constant(0), e.constant(channels), 1, [&](Value channel) {
    e.loop(e.constant(0), e.constant(height), 1,
           [&](Value row) { visit(channel, row); });
  });
}

/// Most vectors of a row that code has one by one.
constexpr int64_t kMaxUnrolledVectors = 64;
/// The same of the rows and columns of a window.
constexpr int64_t kMaxUnrolledWindow = 8;

/// Calls visit(shift, x) for the vectors of a row, which are `step` columns
/// wide and start at column shift + x. Of rows with many vectors, shift counts
/// in a loop, by a multiple of `period`; else it is null.
void forEachVector(StageEmitter &e, int64_t width, int64_t step, int64_t period,
                   llvm::function_ref<void(Value, int64_t)> visit) {
  int64_t looped = 0;
  if (llvm::divideCeil(width, step) > kMaxUnrolledVectors) {
    int64_t turn = std::lcm(step, period);
    looped = width / turn * turn;
    e.loop(e.constant(0), e.constant(looped), turn, [&](Value shift) {
      for (int64_t x = 0; x < turn; x += step)
        visit(shift, x);
    });
  }
  int64_t x = looped;
  for (; x + step <= width; x += step)
    visit(Value(), x);
  if (x < width)
    visit(Value(), width - step);
}

/// A position that forEachVector() has moved on. `shift` may be null.
Value shifted(StageEmitter &e, Value position, Value shift) {
  return shift ? e.add(position, shift) : position;
}

/// Where the first pixel of a row lies, of planes that are not split.
Value rowStart(StageEmitter &e, const Tensor &tensor, Value channel,
               Value row) {
  const PlaneLayout &planes = tensor.planes;
  return e.add(e.add(e.add(tensor.base, planes.origin()),
                     e.multiply(channel, planes.channelPitch)),
               e.multiply(row, planes.rowPitch));
}

/// That of a NaN and a number is the NaN, as in training.
Value maximum(StageEmitter &e, Value a, Value b) {
  return arith::MaximumFOp::create(e.builder, e.loc, a, b,
                                   arith::FastMathFlags::nsz);
}

/// Every second element of twice as many, from the first or the second on.
Value everySecond(StageEmitter &e, Value low, Value high, int64_t first) {
  SmallVector<int64_t> picked;
  for (int64_t i = 0; i < e.lanes(); ++i)
    picked.push_back(2 * i + first);
  return vector::ShuffleOp::create(e.builder, e.loc, low, high, picked);
}

Value splat(StageEmitter &e, float value) {
  return arith::ConstantOp::create(
      e.builder, e.loc,
      DenseElementsAttr::get(e.vectorType(), e.builder.getF32FloatAttr(value)));
}

} // namespace

void emitAffine(Stage &stage, AffineOp map) {
  const PlaneLayout &planes = stage.result.planes;
  stage.addTable("scale", map.getScale());
  stage.addTable("shift", map.getShift());
  StageEmitter e(stage, rowLanes(planes.width, stage.target.lanes));
  if (planes.isPadded())
    e.clear(e.result);
  Value scales = e.table("scale"), shifts = e.table("shift");
  forEachRow(e, planes.channels, planes.height, [&](Value channel, Value row) {
    Value scale = e.loadSplat(scales, channel);
    Value shift = e.loadSplat(shifts, channel);
    Value from = rowStart(e, e.source, channel, row);
    Value to = rowStart(e, e.result, channel, row);
    forEachVector(e, planes.width, e.lanes(), 1, [&](Value along, int64_t x) {
      Value position = e.add(shifted(e, from, along), x);
      Value value =
          e.fma(e.loadVector(e.source.memory, position), scale, shift);
      if (map.getRelu())
        value = e.rectify(value);
      e.storeVector(value, e.result.memory, e.add(shifted(e, to, along), x));
    });
  });
}

void emitRepack(Stage &stage) {
  const PlaneLayout &planes = stage.result.planes;
  // Pairs of columns go to two phases.
  bool halves = planes.phases.width == 2 && planes.width % 2 == 0;
  int64_t reach = halves ? 2 : 1;
  int64_t lanes =
      planes.phases.width > 2 || (planes.phases.width == 2 && !halves)
          ? 1
          : rowLanes(planes.width / reach, stage.target.lanes);
  StageEmitter e(stage, lanes);
  if (planes.isPadded())
    e.clear(e.result);
  forEachRow(e, planes.channels, planes.height, [&](Value channel, Value row) {
    Value from = rowStart(e, e.source, channel, row);
    Value padded = e.add(row, planes.margin.height);
    Value phase = e.multiply(e.remainder(padded, planes.phases.height),
                             planes.phases.width * planes.phasePitch);
    Value line =
        e.multiply(e.divide(padded, planes.phases.height), planes.rowPitch);
    Value to = e.add(e.add(e.result.base, e.add(phase, line)),
                     e.multiply(channel, planes.channelPitch));
    int64_t phases = planes.phases.width;
    forEachVector(
        e, planes.width, reach * lanes, phases, [&](Value along, int64_t x) {
          Value read = shifted(e, from, along);
          Value write =
              shifted(e, to, along ? e.divide(along, phases) : Value());
          auto store = [&](Value value, int64_t x) {
            int64_t column = x + planes.margin.width;
            e.storeVector(value, e.result.memory,
                          e.add(write, column % phases * planes.phasePitch +
                                           column / phases));
          };
          Value low = e.loadVector(e.source.memory, e.add(read, x));
          if (!halves)
            return store(low, x);
          Value high = e.loadVector(e.source.memory, e.add(read, x + lanes));
          store(everySecond(e, low, high, 0), x);
          store(everySecond(e, low, high, 1), x + 1);
        });
  });
}

namespace {

/// One window at a time. It may reach over the edge, and be of any size.
void emitMaxPoolByWindow(StageEmitter &e, MaxPoolOp pool) {
  const PlaneLayout &from = e.source.planes, &to = e.result.planes;
  int64_t window = pool.getWindow(), stride = pool.getStride();
  int64_t padding = pool.getPadding();
  // The places of a window that lie in the plane.
  auto limits = [&](Value output, int64_t extent) {
    Value begin = e.subtract(e.multiply(output, stride), e.constant(padding));
    return std::pair(e.maximum(begin, e.constant(0)),
                     e.minimum(e.add(begin, window), e.constant(extent)));
  };
  forEachRow(e, to.channels, to.height, [&](Value channel, Value row) {
    Value target = rowStart(e, e.result, channel, row);
    e.loop(e.constant(0), e.constant(to.width), 1, [&](Value column) {
      auto rows = limits(row, from.height);
      auto columns = limits(column, from.width);
      auto alongRow = [&](Value y, ValueRange best) {
        Value line = rowStart(e, e.source, channel, y);
        return SmallVector<Value>(e.loop(
            columns.first, columns.second, 1, best,
            [&](Value x, ValueRange carried) {
              Value pixel = e.loadVector(e.source.memory, e.add(line, x));
              return SmallVector<Value>{maximum(e, carried.front(), pixel)};
            }));
      };
      Value least = splat(e, -std::numeric_limits<float>::infinity());
      Value result =
          e.loop(rows.first, rows.second, 1, least, alongRow).front();
      e.storeVector(result, e.result.memory, e.add(target, column));
    });
  });
}

} // namespace

void emitMaxPool(Stage &stage, MaxPoolOp pool) {
  const PlaneLayout &planes = stage.result.planes;
  int64_t window = pool.getWindow(), stride = pool.getStride();
  // Of images, nothing may be read behind the last pixel.
  bool vectors = pool.getPadding() == 0 && stride <= 2 &&
                 stage.source.kind == Storage::Scratch;
  int64_t lanes = vectors ? rowLanes(planes.width, stage.target.lanes) : 1;
  bool byWindow = pool.getPadding() > 0 || window > kMaxUnrolledWindow;
  StageEmitter e(stage, byWindow ? 1 : lanes);
  if (planes.isPadded())
    e.clear(e.result);
  if (byWindow)
    return emitMaxPoolByWindow(e, pool);
  forEachRow(e, planes.channels, planes.height, [&](Value channel, Value row) {
    Value from = rowStart(e, e.source, channel, e.multiply(row, stride));
    Value to = rowStart(e, e.result, channel, row);
    forEachVector(e, planes.width, e.lanes(), 1, [&](Value along, int64_t x) {
      Value read =
          shifted(e, from, along ? e.multiply(along, stride) : Value());
      Value best;
      for (int64_t y = 0; y < window; ++y)
        for (int64_t tap = 0; tap < window; ++tap) {
          int64_t first = y * e.source.planes.rowPitch + x * stride + tap;
          Value pixels = e.loadVector(e.source.memory, e.add(read, first));
          if (stride == 2 && e.lanes() > 1)
            pixels = everySecond(
                e, pixels,
                e.loadVector(e.source.memory, e.add(read, first + e.lanes())),
                0);
          best = best ? maximum(e, best, pixels) : pixels;
        }
      e.storeVector(best, e.result.memory, e.add(shifted(e, to, along), x));
    });
  });
}

namespace {

/// Adds the vectors of one row of a window to `sum`.
SmallVector<Value> sumOfRow(StageEmitter &e, Value line, int64_t window,
                            Value sum) {
  auto plus = [&](Value sum, Value position) {
    return e.addVectors(sum, e.loadVector(e.source.memory, position));
  };
  if (window / e.lanes() > kMaxUnrolledVectors)
    return SmallVector<Value>(e.loop(
        e.constant(0), e.constant(window), e.lanes(), sum,
        [&](Value x, ValueRange carried) {
          return SmallVector<Value>{plus(carried.front(), e.add(line, x))};
        }));
  for (int64_t x = 0; x < window; x += e.lanes())
    sum = plus(sum, e.add(line, x));
  return {sum};
}

} // namespace

void emitAveragePool(Stage &stage, AveragePoolOp pool) {
  const PlaneLayout &planes = stage.result.planes;
  int64_t window = pool.getWindow();
  int64_t lanes = stage.target.lanes;
  while (window % lanes != 0)
    lanes /= 2;
  StageEmitter e(stage, lanes);
  if (planes.isPadded())
    e.clear(e.result);
  Value share = arith::ConstantOp::create(
      e.builder, e.loc,
      e.builder.getF32FloatAttr(1.0f / static_cast<float>(window * window)));
  forEachRow(e, planes.channels, planes.height, [&](Value channel, Value row) {
    Value to = rowStart(e, e.result, channel, row);
    e.loop(e.constant(0), e.constant(planes.width), 1, [&](Value column) {
      Value from =
          e.add(rowStart(e, e.source, channel, e.multiply(row, window)),
                e.multiply(column, window));
      Value sum = e.loop(e.constant(0), e.constant(window), 1, e.zeroVector(),
                         [&](Value y, ValueRange carried) {
                           Value line = e.add(
                               from, e.multiply(y, e.source.planes.rowPitch));
                           return sumOfRow(e, line, window, carried.front());
                         })
                      .front();
      Value mean =
          arith::MulFOp::create(e.builder, e.loc, e.sumLanes(sum), share);
      e.storeScalar(mean, e.result.memory, e.add(to, column));
    });
  });
}

} // namespace lacuna::ir
