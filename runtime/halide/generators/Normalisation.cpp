//===- Normalisation.cpp - Batch norm: sums and affine maps ---------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Layout.h"

#include <vector>

namespace lacuna::pipelines {

using namespace Halide;

namespace {

Var lane("lane"), pixel("pixel"), channel("channel"), kind("kind"),
    chain("chain");

/// Independent chains of additions: one would wait for each addition.
constexpr int kChains = 4;

/// value() = for each lane, kind and channel the sum over pixels and blocks of
/// the kind-th of `terms(pixel, block)`, in double. Lanes stay apart, so what
/// padding images hold cannot reach the sum of another.
class LaneSums {
public:
  template <typename Terms>
  LaneSums(int kinds, Expr pixels, Expr blocks, const Terms &terms)
      : kinds(kinds), whole(0, pixels / kChains, 0, blocks),
        rest(0, pixels % kChains, 0, blocks) {
    wholeSums(lane, chain, kind, channel) = Expr(0.0);
    wholeSums(lane, chain, kind, channel) +=
        mux(kind, terms(whole.x * kChains + chain, whole.y));
    restSums(lane, kind, channel) = Expr(0.0);
    restSums(lane, kind, channel) +=
        mux(kind, terms(pixels / kChains * kChains + rest.x, rest.y));
  }

  Expr value() const {
    auto part = [&](int which) {
      return wholeSums(lane, which, kind, channel);
    };
    return ((part(0) + part(1)) + (part(2) + part(3))) +
           restSums(lane, kind, channel);
  }

  void schedule(Func sums, int lanes) {
    sums.bound(kind, 0, kinds).unroll(kind).vectorize(lane, lanes);
    wholeSums.compute_at(sums, channel)
        .bound(kind, 0, kinds)
        .vectorize(lane, lanes)
        .unroll(chain)
        .unroll(kind);
    wholeSums.update()
        .reorder(lane, kind, chain, whole.x, whole.y)
        .vectorize(lane, lanes)
        .unroll(chain)
        .unroll(kind);
    restSums.compute_at(sums, channel)
        .bound(kind, 0, kinds)
        .vectorize(lane, lanes)
        .unroll(kind);
    restSums.update()
        .reorder(lane, kind, rest.x, rest.y)
        .vectorize(lane, lanes)
        .unroll(kind);
  }

private:
  Func wholeSums{"whole_sums"}, restSums{"rest_sums"};
  int kinds;
  RDom whole, rest;
};

} // namespace

class ChannelSums : public BlockedGenerator<ChannelSums> {
public:
  Input<Buffer<float>> input{"input", 4}; // lane, pixel, channel, block
  Output<Buffer<double>> sums{"sums", 3};

  void generate() {
    int lanes = vectorLanes;
    declareDense(input, lanes);
    LaneSums reduction(1, input.dim(1).extent(), input.dim(3).extent(),
                       [&](const Expr &p, const Expr &b) {
                         return std::vector<Expr>{
                             cast<double>(input(lane, p, channel, b))};
                       });
    sums(lane, kind, channel) = reduction.value();
    declareDense(sums, lanes);
    reduction.schedule(sums, lanes);
  }
};

/// The square of a float is exact in double.
class ChannelMoments : public BlockedGenerator<ChannelMoments> {
public:
  Input<Buffer<float>> input{"input", 4};
  Output<Buffer<double>> sums{"sums", 3};

  void generate() {
    int lanes = vectorLanes;
    declareDense(input, lanes);
    LaneSums reduction(2, input.dim(1).extent(), input.dim(3).extent(),
                       [&](const Expr &p, const Expr &b) {
                         Expr value = cast<double>(input(lane, p, channel, b));
                         return std::vector<Expr>{value, value * value};
                       });
    sums(lane, kind, channel) = reduction.value();
    declareDense(sums, lanes);
    reduction.schedule(sums, lanes);
  }
};

class BatchNormSums : public BlockedGenerator<BatchNormSums> {
public:
  Input<Buffer<float>> input{"input", 4};
  Input<Buffer<float>> gradient{"gradient", 4};
  Input<Buffer<float>> mean{"mean", 1};
  Output<Buffer<double>> sums{"sums", 3};

  void generate() {
    int lanes = vectorLanes;
    declareDense(input, lanes);
    declareDense(gradient, lanes);
    LaneSums reduction(2, input.dim(1).extent(), input.dim(3).extent(),
                       [&](const Expr &p, const Expr &b) {
                         Expr slope =
                             cast<double>(gradient(lane, p, channel, b));
                         Expr centred =
                             cast<double>(input(lane, p, channel, b)) -
                             cast<double>(mean(channel));
                         return std::vector<Expr>{slope, slope * centred};
                       });
    sums(lane, kind, channel) = reduction.value();
    declareDense(sums, lanes);
    reduction.schedule(sums, lanes);
  }
};

class ScaleShift : public BlockedGenerator<ScaleShift> {
public:
  GeneratorParam<bool> withResidual{"with_residual", false};
  GeneratorParam<bool> withRelu{"with_relu", false};

  Input<Buffer<float>> input{"input", 3}; // lane, pixel, channel
  Input<Buffer<float>> scale{"scale", 1};
  Input<Buffer<float>> shift{"shift", 1};
  Output<Buffer<float>> output{"output", 3};
  Input<Buffer<float>> *residual = nullptr;

  void configure() {
    if (withResidual)
      residual = add_input<Buffer<float>>("residual", 3);
  }

  void generate() {
    Expr value = input(lane, pixel, channel) * scale(channel) + shift(channel);
    if (withResidual)
      value += (*residual)(lane, pixel, channel);
    if (withRelu)
      value = select(value < 0.0f, 0.0f, value);
    output(lane, pixel, channel) = value;
  }

  void schedule() {
    int lanes = vectorLanes;
    declareDense(input, lanes);
    declareDense(output, lanes);
    if (withResidual)
      declareDense(*residual, lanes);
    scheduleVectors(output, lane, pixel, lanes);
  }
};

/// `output` may be `gradient` or `input`. Lanes from `valid` on become zero.
class AffineCombine : public BlockedGenerator<AffineCombine> {
public:
  Input<Buffer<float>> gradient{"gradient", 3};
  Input<Buffer<float>> input{"input", 3};
  Input<Buffer<float>> a{"a", 1};
  Input<Buffer<float>> b{"b", 1};
  Input<Buffer<float>> c{"c", 1};
  Input<int32_t> valid{"valid"};
  Output<Buffer<float>> output{"output", 3};

  void generate() {
    Expr value = gradient(lane, pixel, channel) * a(channel) +
                 input(lane, pixel, channel) * b(channel) + c(channel);
    output(lane, pixel, channel) = select(lane < valid, value, 0.0f);
  }

  void schedule() {
    int lanes = vectorLanes;
    declareDense(gradient, lanes);
    declareDense(input, lanes);
    declareDense(output, lanes);
    scheduleVectors(output, lane, pixel, lanes);
  }
};

} // namespace lacuna::pipelines

HALIDE_REGISTER_GENERATOR(lacuna::pipelines::ChannelSums, channel_sums)
HALIDE_REGISTER_GENERATOR(lacuna::pipelines::ChannelMoments, channel_moments)
HALIDE_REGISTER_GENERATOR(lacuna::pipelines::BatchNormSums, batch_norm_sums)
HALIDE_REGISTER_GENERATOR(lacuna::pipelines::ScaleShift, scale_shift)
HALIDE_REGISTER_GENERATOR(lacuna::pipelines::AffineCombine, affine_combine)
