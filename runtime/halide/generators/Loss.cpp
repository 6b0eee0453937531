//===- Loss.cpp - Softmax cross-entropy and its gradient ------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Layout.h"

namespace lacuna::pipelines {

using namespace Halide;

namespace {

Var lane("lane"), row("row"), cls("cls");

/// Halide's exponential is a polynomial that does not know NaN.
Expr exponential(const Expr &value) {
  return select(is_nan(value), value, exp(value));
}

} // namespace

/// The rows of `summary` for the images of one block: largest logit, sum of
/// exponentials relative to it, logit of the label relative to it, the class of
/// the (first) largest logit, and the mean of all logits relative to it.
class SoftmaxSummary : public BlockedGenerator<SoftmaxSummary> {
public:
  Input<Buffer<float>> logits{"logits", 2};    // lane, class
  Input<Buffer<uint16_t>> labels{"labels", 1}; // lane
  Output<Buffer<float>> summary{"summary", 2};

  void generate() {
    int lanes = vectorLanes;
    RDom r(0, logits.dim(1).extent());
    Func largest("largest"), best("best"), sum("sum"), target("target"),
        total("total");

    // NaN in the first place stays; later ones reach the sum.
    largest(lane) = logits(lane, 0);
    largest(lane) =
        select(logits(lane, r) > largest(lane), logits(lane, r), largest(lane));

    // -1 where the largest is NaN. (A pair of value and index would be one
    // loop, but Halide 14 stores the value before it compares for the index.)
    best(lane) = -1;
    best(lane) = select(best(lane) < 0 && logits(lane, r) == largest(lane), r.x,
                        best(lane));

    sum(lane) = Expr(0.0);
    sum(lane) += cast<double>(exponential(logits(lane, r) - largest(lane)));

    target(lane) = 0.0f;
    target(lane) = select(cast<int32_t>(labels(lane)) == r.x,
                          logits(lane, r) - largest(lane), target(lane));

    total(lane) = Expr(0.0);
    total(lane) += cast<double>(logits(lane, r) - largest(lane));
    Expr mean = cast<float>(total(lane) / cast<double>(logits.dim(1).extent()));

    summary(lane, row) =
        mux(row, {largest(lane), cast<float>(sum(lane)), target(lane),
                  cast<float>(best(lane)), mean});

    declareDense(logits, lanes);
    declareDense(summary, lanes);
    labels.dim(0).set_bounds(0, lanes);
    summary.bound(row, 0, 5).unroll(row).vectorize(lane, lanes);
    for (Func stage : {largest, best, sum, target, total}) {
      stage.compute_root().bound(lane, 0, lanes).vectorize(lane, lanes);
      stage.update().vectorize(lane, lanes);
    }
  }
};

/// (softmax - target) / images; zero in lanes from `valid` on. The target has
/// `smoothing` spread evenly over the classes and the rest at the label.
class SoftmaxGradient : public BlockedGenerator<SoftmaxGradient> {
public:
  Input<Buffer<float>> logits{"logits", 2};
  Input<Buffer<uint16_t>> labels{"labels", 1};
  Input<Buffer<float>> summary{"summary", 2};
  Input<float> images{"images"};
  Input<float> smoothing{"smoothing"};
  Input<int32_t> valid{"valid"};
  Output<Buffer<float>> gradient{"gradient", 2};

  void generate() {
    Expr probability =
        exponential(logits(lane, cls) - summary(lane, 0)) / summary(lane, 1);
    Expr isLabel = cast<int32_t>(labels(lane)) == cls;
    Expr spread = smoothing / cast<float>(logits.dim(1).extent());
    Expr target = select(isLabel, (1.0f - smoothing) + spread, spread);
    gradient(lane, cls) =
        select(lane < valid, (probability - target) / images, 0.0f);
  }

  void schedule() {
    int lanes = vectorLanes;
    declareDense(logits, lanes);
    declareDense(summary, lanes);
    declareDense(gradient, lanes);
    labels.dim(0).set_bounds(0, lanes);
    gradient.vectorize(lane, lanes);
  }
};

} // namespace lacuna::pipelines

HALIDE_REGISTER_GENERATOR(lacuna::pipelines::SoftmaxSummary, softmax_summary)
HALIDE_REGISTER_GENERATOR(lacuna::pipelines::SoftmaxGradient, softmax_gradient)
