//===- Optimisers.cpp - Steps of SGD and Adam -----------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Layout.h"

namespace lacuna::pipelines {

using namespace Halide;

namespace {

Var i("i");

template <typename Output> void vectorise(Output &result, int lanes) {
  result.vectorize(i, lanes, TailStrategy::GuardWithIf);
}

/// The gradient and that of the weight decay.
template <typename Port>
Expr decayed(const Port &gradient, const Expr &weightDecay,
             const Port &values) {
  return gradient(i) + weightDecay * values(i);
}

} // namespace

/// The first half of a step of stochastic gradient descent. `result` may be
/// `momentum`. (Halves, because Halide 14 may read an operand of a pipeline
/// with two results again after it has stored the first.)
class SgdMomentum : public BlockedGenerator<SgdMomentum> {
public:
  Input<Buffer<float>> values{"values", 1};
  Input<Buffer<float>> momentum{"momentum", 1};
  Input<Buffer<float>> gradient{"gradient", 1};
  Input<float> mu{"mu"};
  Input<float> weightDecay{"weight_decay"};
  Output<Buffer<float>> result{"result", 1};

  void generate() {
    result(i) = mu * momentum(i) + decayed(gradient, weightDecay, values);
    vectorise(result, vectorLanes);
  }
};

/// The second half. `result` may be `values`.
class SgdStep : public BlockedGenerator<SgdStep> {
public:
  Input<Buffer<float>> values{"values", 1};
  Input<Buffer<float>> momentum{"momentum", 1};
  Input<float> learningRate{"learning_rate"};
  Output<Buffer<float>> result{"result", 1};

  void generate() {
    result(i) = values(i) - learningRate * momentum(i);
    vectorise(result, vectorLanes);
  }
};

/// The second half with Nesterov's momentum: the step looks ahead by what the
/// momentum will do next.
class SgdNesterovStep : public BlockedGenerator<SgdNesterovStep> {
public:
  Input<Buffer<float>> values{"values", 1};
  Input<Buffer<float>> momentum{"momentum", 1};
  Input<Buffer<float>> gradient{"gradient", 1};
  Input<float> learningRate{"learning_rate"};
  Input<float> mu{"mu"};
  Input<float> weightDecay{"weight_decay"};
  Output<Buffer<float>> result{"result", 1};

  void generate() {
    Expr slope = decayed(gradient, weightDecay, values);
    result(i) = values(i) - learningRate * (slope + mu * momentum(i));
    vectorise(result, vectorLanes);
  }
};

/// keep * first + share * (gradient + weight decay). `share` is 1 - keep,
/// rounded once. `result` may be `first`.
class AdamFirst : public BlockedGenerator<AdamFirst> {
public:
  Input<Buffer<float>> values{"values", 1};
  Input<Buffer<float>> first{"first", 1};
  Input<Buffer<float>> gradient{"gradient", 1};
  Input<float> keep{"keep"};
  Input<float> share{"share"};
  Input<float> weightDecay{"weight_decay"};
  Output<Buffer<float>> result{"result", 1};

  void generate() {
    Expr slope = decayed(gradient, weightDecay, values);
    result(i) = keep * first(i) + share * slope;
    vectorise(result, vectorLanes);
  }
};

/// The same of the squares.
class AdamSecond : public BlockedGenerator<AdamSecond> {
public:
  Input<Buffer<float>> values{"values", 1};
  Input<Buffer<float>> second{"second", 1};
  Input<Buffer<float>> gradient{"gradient", 1};
  Input<float> keep{"keep"};
  Input<float> share{"share"};
  Input<float> weightDecay{"weight_decay"};
  Output<Buffer<float>> result{"result", 1};

  void generate() {
    Expr slope = decayed(gradient, weightDecay, values);
    result(i) = keep * second(i) + share * (slope * slope);
    vectorise(result, vectorLanes);
  }
};

/// values - rate * first / (sqrt(second) * correction + epsilon). `result` may
/// be `values`.
class AdamStep : public BlockedGenerator<AdamStep> {
public:
  Input<Buffer<float>> values{"values", 1};
  Input<Buffer<float>> first{"first", 1};
  Input<Buffer<float>> second{"second", 1};
  Input<float> rate{"rate"};
  Input<float> correction{"correction"};
  Input<float> epsilon{"epsilon"};
  Output<Buffer<float>> result{"result", 1};

  void generate() {
    result(i) = values(i) -
                rate * (first(i) / (sqrt(second(i)) * correction + epsilon));
    vectorise(result, vectorLanes);
  }
};

} // namespace lacuna::pipelines

HALIDE_REGISTER_GENERATOR(lacuna::pipelines::SgdMomentum, sgd_momentum)
HALIDE_REGISTER_GENERATOR(lacuna::pipelines::SgdStep, sgd_step)
HALIDE_REGISTER_GENERATOR(lacuna::pipelines::SgdNesterovStep, sgd_nesterov_step)
HALIDE_REGISTER_GENERATOR(lacuna::pipelines::AdamFirst, adam_first)
HALIDE_REGISTER_GENERATOR(lacuna::pipelines::AdamSecond, adam_second)
HALIDE_REGISTER_GENERATOR(lacuna::pipelines::AdamStep, adam_step)
