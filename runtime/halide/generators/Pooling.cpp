//===- Pooling.cpp - Max and average pooling and their gradients ----------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Layout.h"

namespace lacuna::pipelines {

using namespace Halide;

namespace {

Var lane("lane"), x("x"), y("y"), plane("plane");

} // namespace

class MaxPool : public BlockedGenerator<MaxPool> {
public:
  Input<Buffer<float>> input{"input", 4}; // lane, x, y, plane
  Input<int32_t> window{"window"};
  Input<int32_t> stride{"stride"};
  Input<int32_t> padding{"padding"};
  Output<Buffer<float>> output{"output", 4};

  void generate() {
    RDom r(0, window, 0, window);
    // Outside the plane, the nearest pixel stands in: it is in the window too,
    // because the padding is below half a window.
    auto at = [&](const Expr &column, const Expr &row) {
      return input(lane, clamp(column, 0, input.dim(1).extent() - 1),
                   clamp(row, 0, input.dim(2).extent() - 1), plane);
    };
    Func largest("largest");
    Expr left = x * stride - padding, top = y * stride - padding;
    largest(lane, x, y, plane) = at(left, top);
    Expr value = at(left + r.x, top + r.y);
    Expr kept = largest(lane, x, y, plane);
    largest(lane, x, y, plane) =
        select(value > kept || is_nan(value), value, kept);
    output(lane, x, y, plane) = largest(lane, x, y, plane);

    int lanes = vectorLanes;
    declareDense(input, lanes);
    declareDense(output, lanes);
    output.vectorize(lane, lanes);
    largest.compute_at(output, x).vectorize(lane, lanes);
    largest.update().vectorize(lane, lanes);
  }
};

/// Finds the first element of each window that equals its maximum and sends
/// the gradient there. Windows may overlap.
class MaxPoolBackward : public BlockedGenerator<MaxPoolBackward> {
public:
  Input<Buffer<float>> input{"input", 4};
  Input<Buffer<float>> output{"output", 4};
  Input<Buffer<float>> gradient{"gradient", 4};
  Input<int32_t> window{"window"};
  Input<int32_t> stride{"stride"};
  Input<int32_t> padding{"padding"};
  Output<Buffer<float>> inputGradient{"input_gradient", 4};

  void generate() {
    Expr width = input.dim(1).extent(), height = input.dim(2).extent();
    RDom r(0, window, 0, window);
    Func first("first");
    first(lane, x, y, plane) = -1;
    Expr found = first(lane, x, y, plane);
    Expr column = x * stride - padding + r.x;
    Expr row = y * stride - padding + r.y;
    Expr inside = column >= 0 && column < width && row >= 0 && row < height;
    Expr value = input(lane, clamp(column, 0, width - 1),
                       clamp(row, 0, height - 1), plane);
    first(lane, x, y, plane) =
        select(inside && found < 0 && value == output(lane, x, y, plane),
               r.y * window + r.x, found);

    RDom s(0, window, 0, window, 0, output.dim(1).extent(), 0,
           output.dim(2).extent());
    Expr toColumn = s.z * stride - padding + s.x;
    Expr toRow = s.w * stride - padding + s.y;
    s.where(toColumn >= 0 && toColumn < width && toRow >= 0 && toRow < height);
    inputGradient(lane, x, y, plane) = 0.0f;
    inputGradient(lane, clamp(toColumn, 0, width - 1),
                  clamp(toRow, 0, height - 1), plane) +=
        select(first(lane, s.z, s.w, plane) == s.y * window + s.x,
               gradient(lane, s.z, s.w, plane), 0.0f);

    int lanes = vectorLanes;
    declareDense(input, lanes);
    declareDense(output, lanes);
    declareDense(gradient, lanes);
    declareDense(inputGradient, lanes);
    inputGradient.vectorize(lane, lanes);
    inputGradient.update()
        .reorder(lane, s.x, s.y, s.z, s.w, plane)
        .vectorize(lane, lanes);
    first.compute_at(inputGradient, s.z).vectorize(lane, lanes);
    first.update().vectorize(lane, lanes);
  }
};

class AveragePool : public BlockedGenerator<AveragePool> {
public:
  Input<Buffer<float>> input{"input", 4};
  Input<int32_t> window{"window"};
  Output<Buffer<float>> output{"output", 4};

  void generate() {
    RDom r(0, window, 0, window);
    Func sum("sum");
    sum(lane, x, y, plane) = Expr(0.0);
    sum(lane, x, y, plane) +=
        cast<double>(input(lane, x * window + r.x, y * window + r.y, plane));
    output(lane, x, y, plane) =
        cast<float>(sum(lane, x, y, plane) / cast<double>(window * window));

    int lanes = vectorLanes;
    declareDense(input, lanes);
    declareDense(output, lanes);
    output.vectorize(lane, lanes);
    sum.compute_at(output, x).vectorize(lane, lanes);
    sum.update().vectorize(lane, lanes);
  }
};

/// The plane is seen as windows of pixels, (lane, x in window, window's x, y in
/// window, window's y, plane), so that no index is divided.
class AveragePoolBackward : public BlockedGenerator<AveragePoolBackward> {
public:
  Input<Buffer<float>> gradient{"gradient", 4};
  Input<int32_t> window{"window"};
  Output<Buffer<float>> inputGradient{"input_gradient", 6};

  void generate() {
    Var dx("dx"), dy("dy");
    inputGradient(lane, dx, x, dy, y, plane) =
        gradient(lane, x, y, plane) / cast<float>(window * window);

    int lanes = vectorLanes;
    declareDense(gradient, lanes);
    declareDense(inputGradient, lanes);
    inputGradient.vectorize(lane, lanes);
  }
};

} // namespace lacuna::pipelines

HALIDE_REGISTER_GENERATOR(lacuna::pipelines::MaxPool, max_pool)
HALIDE_REGISTER_GENERATOR(lacuna::pipelines::MaxPoolBackward, max_pool_backward)
HALIDE_REGISTER_GENERATOR(lacuna::pipelines::AveragePool, average_pool)
HALIDE_REGISTER_GENERATOR(lacuna::pipelines::AveragePoolBackward,
                          average_pool_backward)
