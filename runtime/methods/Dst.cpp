//===- Dst.cpp - Dynamic sparse training with trainable thresholds --------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Dst.h"

#include "Methods.h"

#include "lacuna/Support/Error.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace lacuna {

namespace {

/// A layer with at most this share of its weights starts over from thresholds
/// of zero. As in the authors' code, the cells of an LSTM do not: the published
/// ones keep less.
constexpr double kResetShare = 0.01;
/// Partial sums of a row, so that they fit vectors.
constexpr int64_t kSums = 8;

} // namespace

double dstDerivative(double x) {
  // Without branches, for vectors.
  double distance = std::abs(x);
  double tail = distance <= 1 ? 0.4 : 0;
  return distance <= 0.4 ? 2 - 4 * distance : tail;
}

Dst::Dst(const MethodOptions &options)
    : Method(options), alpha(options.alpha.value_or(5e-4)),
      thresholdLimit(options.thresholdLimit.value_or(10)) {}

void Dst::initialise(MethodContext &context) {
  layers.clear();
  for (const MethodLayer &layer : context.layers) {
    SparseParameter &weight = layer.weight();
    if (weight.structure().scheme != Scheme::Unstructured)
      throw UserError("scheme: dst masks single weights, so " + weight.name() +
                      " needs the scheme unstructured");
    layers.push_back(
        std::make_unique<MaskedLayer>(weight, !layer.layer->options().ofCell));
    Parameter &dense = layers.back()->dense;
    layer.layer->weightDraws(context.seed, layer.number)
        .forEach([&](int64_t position, float draw) {
          dense.values()[position] = draw;
        });
    mask(weight, *layers.back());
  }
}

std::vector<Parameter *> Dst::trainables(MethodContext &context,
                                         const std::vector<Parameter *> &all) {
  std::vector<Parameter *> result;
  for (Parameter *parameter : all) {
    auto masked = std::find_if(
        context.layers.begin(), context.layers.end(),
        [&](const MethodLayer &layer) { return &layer.weight() == parameter; });
    if (masked == context.layers.end()) {
      result.push_back(parameter);
      continue;
    }
    MaskedLayer &layer = *layers[size_t(masked - context.layers.begin())];
    result.push_back(&layer.dense);
    result.push_back(&layer.thresholds);
  }
  return result;
}

void Dst::takeDenseGradient(MethodContext &context, const MethodLayer &layer,
                            const MutationEvent & /*event*/,
                            const float *gradient) {
  MaskedLayer &masked = *layers[context.indexOf(layer)];
  for (int64_t row = 0; row < masked.thresholds.size(); ++row)
    gradients(masked, row, gradient);
}

void Dst::gradients(MaskedLayer &layer, int64_t row,
                    const float *gradient) const {
  int64_t columns = layer.dense.size() / layer.thresholds.size();
  double threshold = layer.thresholds.values()[row];
  const float *own = gradient + row * columns;
  const float *values = layer.dense.values() + row * columns;
  float *result = layer.dense.gradient() + row * columns;
  std::array<double, kSums> sums{};
  auto weight = [&](int64_t i, double &sum) {
    double value = values[i], magnitude = std::abs(value);
    double x = magnitude - threshold, slope = dstDerivative(x);
    result[i] =
        static_cast<float>(own[i] * ((x > 0 ? 1 : 0) + magnitude * slope));
    sum += own[i] * value * slope;
  };
  int64_t i = 0;
  for (; i + kSums <= columns; i += kSums)
    for (int64_t lane = 0; lane < kSums; ++lane)
      weight(i + lane, sums[size_t(lane)]);
  for (; i < columns; ++i)
    weight(i, sums[0]);
  layer.thresholds.gradient()[row] =
      static_cast<float>(-std::accumulate(sums.begin(), sums.end(), 0.0) -
                         alpha * std::exp(-threshold));
}

void Dst::mutate(MethodContext &context, const MutationEvent &event) {
  if (event.moment != Moment::Updated)
    return;
  for (size_t i = 0; i < layers.size(); ++i) {
    guard(*layers[i]);
    mask(context.layers[i].weight(), *layers[i]);
  }
}

void Dst::adoptWeights(MethodContext &context) {
  for (size_t i = 0; i < layers.size(); ++i) {
    const SparseParameter &weight = context.layers[i].weight();
    Parameter &dense = layers[i]->dense;
    std::fill_n(dense.values(), dense.size(), 0.0f);
    const std::vector<uint32_t> &units = weight.active().units;
    for (size_t slot = 0; slot < units.size(); ++slot)
      dense.values()[units[slot]] = weight.values()[slot];
    dense.markChanged();
  }
}

void Dst::guard(MaskedLayer &layer) const {
  float limit = static_cast<float>(thresholdLimit);
  for (int64_t row = 0; row < layer.thresholds.size(); ++row) {
    float &threshold = layer.thresholds.values()[row];
    if (!std::isfinite(threshold))
      throw UserError("training: a threshold of " + layer.thresholds.name() +
                      " is " + std::to_string(threshold) +
                      "; use a smaller --alpha, a lower learning rate or "
                      "another seed");
    if (limit > 0)
      threshold = std::clamp(threshold, -limit, limit);
  }
}

std::vector<uint32_t> Dst::support(const MaskedLayer &layer) {
  int64_t rows = layer.thresholds.size();
  int64_t columns = layer.dense.size() / rows;
  // Every unit is written, and overwritten by the next unless it counts: a
  // branch could not tell which do.
  std::vector<uint32_t> units(size_t(layer.dense.size()) + 1);
  size_t next = 0;
  for (int64_t row = 0; row < rows; ++row) {
    float threshold = layer.thresholds.values()[row];
    for (int64_t i = row * columns; i < (row + 1) * columns; ++i) {
      units[next] = static_cast<uint32_t>(i);
      next += std::abs(layer.dense.values()[i]) - threshold > 0 ? 1 : 0;
    }
  }
  units.resize(next);
  units.shrink_to_fit();
  return units;
}

void Dst::mask(SparseParameter &weight, MaskedLayer &layer) {
  ActiveSet next;
  next.units = support(layer);
  if (layer.resets &&
      double(next.units.size()) <= kResetShare * double(layer.dense.size())) {
    std::fill_n(layer.thresholds.values(), layer.thresholds.size(), 0.0f);
    layer.thresholds.markChanged();
    next.units = support(layer);
  }
  if (!(next == weight.active()))
    weight.activate(std::move(next));
  const std::vector<uint32_t> &units = weight.active().units;
  for (size_t i = 0; i < units.size(); ++i)
    weight.values()[i] = layer.dense.values()[units[i]];
  weight.markChanged();
}

void Dst::visitState(StateVisitor &state) {
  Method::visitState(state);
  for (const std::unique_ptr<MaskedLayer> &layer : layers) {
    layer->dense.visitState(state);
    layer->thresholds.visitState(state);
  }
}

std::unique_ptr<Method> makeDst(const MethodOptions &options) {
  return std::make_unique<Dst>(options);
}

} // namespace lacuna
