//===- Elementwise.cpp - ReLU, sums of tensors, optimiser steps -----------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Layout.h"

namespace lacuna::pipelines {

using namespace Halide;

namespace {

Var lane("lane"), vec("vec"), i("i");

} // namespace

/// Written as a selection so that NaN passes through: training that diverges
/// must not look healthy.
class Relu : public Generator<Relu> {
public:
  Input<Buffer<float>> input{"input", 2};
  Output<Buffer<float>> output{"output", 2};

  void generate() {
    Expr value = input(lane, vec);
    output(lane, vec) = select(value < 0.0f, 0.0f, value);
  }

  void schedule() {
    int lanes = natural_vector_size<float>();
    declareDense(input, lanes);
    declareDense(output, lanes);
    scheduleVectors(output, lane, vec, lanes);
  }
};

/// `result` may be `gradient`.
class ReluBackward : public Generator<ReluBackward> {
public:
  Input<Buffer<float>> output{"output", 2};
  Input<Buffer<float>> gradient{"gradient", 2};
  Output<Buffer<float>> result{"result", 2};

  void generate() {
    result(lane, vec) =
        select(output(lane, vec) > 0.0f, gradient(lane, vec), 0.0f);
  }

  void schedule() {
    int lanes = natural_vector_size<float>();
    declareDense(output, lanes);
    declareDense(gradient, lanes);
    declareDense(result, lanes);
    scheduleVectors(result, lane, vec, lanes);
  }
};

/// `result` may be `augend`.
class Accumulate : public Generator<Accumulate> {
public:
  Input<Buffer<float>> augend{"augend", 2};
  Input<Buffer<float>> addend{"addend", 2};
  Output<Buffer<float>> result{"result", 2};

  void generate() { result(lane, vec) = augend(lane, vec) + addend(lane, vec); }

  void schedule() {
    int lanes = natural_vector_size<float>();
    declareDense(augend, lanes);
    declareDense(addend, lanes);
    declareDense(result, lanes);
    scheduleVectors(result, lane, vec, lanes);
  }
};

/// The first half of a step of stochastic gradient descent. `result` may be
/// `momentum`. (Halves, because Halide 14 may read an operand of a pipeline
/// with two results again after it has stored the first.)
class SgdMomentum : public Generator<SgdMomentum> {
public:
  Input<Buffer<float>> values{"values", 1};
  Input<Buffer<float>> momentum{"momentum", 1};
  Input<Buffer<float>> gradient{"gradient", 1};
  Input<float> mu{"mu"};
  Input<float> weightDecay{"weight_decay"};
  Output<Buffer<float>> result{"result", 1};

  void generate() {
    result(i) = mu * momentum(i) + (gradient(i) + weightDecay * values(i));
    result.vectorize(i, natural_vector_size<float>(),
                     TailStrategy::GuardWithIf);
  }
};

/// The second half. `result` may be `values`.
class SgdStep : public Generator<SgdStep> {
public:
  Input<Buffer<float>> values{"values", 1};
  Input<Buffer<float>> momentum{"momentum", 1};
  Input<float> learningRate{"learning_rate"};
  Output<Buffer<float>> result{"result", 1};

  void generate() {
    result(i) = values(i) - learningRate * momentum(i);
    result.vectorize(i, natural_vector_size<float>(),
                     TailStrategy::GuardWithIf);
  }
};

} // namespace lacuna::pipelines

HALIDE_REGISTER_GENERATOR(lacuna::pipelines::Relu, relu)
HALIDE_REGISTER_GENERATOR(lacuna::pipelines::ReluBackward, relu_backward)
HALIDE_REGISTER_GENERATOR(lacuna::pipelines::Accumulate, accumulate)
HALIDE_REGISTER_GENERATOR(lacuna::pipelines::SgdMomentum, sgd_momentum)
HALIDE_REGISTER_GENERATOR(lacuna::pipelines::SgdStep, sgd_step)
