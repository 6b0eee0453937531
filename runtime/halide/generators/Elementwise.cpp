//===- Elementwise.cpp - ReLU and sums of tensors -------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Layout.h"

namespace lacuna::pipelines {

using namespace Halide;

namespace {

Var lane("lane"), vec("vec");

} // namespace

/// Written as a selection so that NaN passes through: training that diverges
/// must not look healthy.
class Relu : public BlockedGenerator<Relu> {
public:
  Input<Buffer<float>> input{"input", 2};
  Output<Buffer<float>> output{"output", 2};

  void generate() {
    Expr value = input(lane, vec);
    output(lane, vec) = select(value < 0.0f, 0.0f, value);
  }

  void schedule() {
    int lanes = vectorLanes;
    declareDense(input, lanes);
    declareDense(output, lanes);
    scheduleVectors(output, lane, vec, lanes);
  }
};

/// `result` may be `gradient`.
class ReluBackward : public BlockedGenerator<ReluBackward> {
public:
  Input<Buffer<float>> output{"output", 2};
  Input<Buffer<float>> gradient{"gradient", 2};
  Output<Buffer<float>> result{"result", 2};

  void generate() {
    result(lane, vec) =
        select(output(lane, vec) > 0.0f, gradient(lane, vec), 0.0f);
  }

  void schedule() {
    int lanes = vectorLanes;
    declareDense(output, lanes);
    declareDense(gradient, lanes);
    declareDense(result, lanes);
    scheduleVectors(result, lane, vec, lanes);
  }
};

/// `result` may be `augend`.
class Accumulate : public BlockedGenerator<Accumulate> {
public:
  Input<Buffer<float>> augend{"augend", 2};
  Input<Buffer<float>> addend{"addend", 2};
  Output<Buffer<float>> result{"result", 2};

  void generate() { result(lane, vec) = augend(lane, vec) + addend(lane, vec); }

  void schedule() {
    int lanes = vectorLanes;
    declareDense(augend, lanes);
    declareDense(addend, lanes);
    declareDense(result, lanes);
    scheduleVectors(result, lane, vec, lanes);
  }
};

} // namespace lacuna::pipelines

HALIDE_REGISTER_GENERATOR(lacuna::pipelines::Relu, relu)
HALIDE_REGISTER_GENERATOR(lacuna::pipelines::ReluBackward, relu_backward)
HALIDE_REGISTER_GENERATOR(lacuna::pipelines::Accumulate, accumulate)
