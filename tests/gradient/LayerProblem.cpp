//===- LayerProblem.cpp - A layer with data and its plain-loop truth ------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LayerProblem.h"

#include <cmath>
#include <limits>
#include <random>

namespace lacuna::testing {

namespace {

ActiveSet drawActive(const Geometry &geometry, const Structure &structure,
                     double density, std::mt19937 &random) {
  ActiveSet active;
  if (structure.scheme == Scheme::Dense)
    return active;
  std::uniform_real_distribution<double> uniform(0, 1);
  for (int64_t unit = 0; unit < structure.units(geometry); ++unit)
    if (uniform(random) < density) {
      active.units.push_back(static_cast<uint32_t>(unit));
      if (structure.scheme == Scheme::Pattern)
        active.patternIds.push_back(
            static_cast<uint8_t>(random() % structure.patterns.size()));
    }
  return active;
}

std::vector<float> drawValues(int64_t count, std::mt19937 &random) {
  std::uniform_real_distribution<float> uniform(-1, 1);
  std::vector<float> values(count);
  for (float &value : values)
    value = uniform(random);
  return values;
}

} // namespace

LayerProblem::LayerProblem(const ProblemShape &shape)
    : geometry(shape.geometry), structure(shape.structure),
      images(shape.images) {
  std::mt19937 random(shape.seed);
  active = drawActive(geometry, structure, shape.density, random);
  active.verify(geometry, structure);
  input = drawValues(images * geometry.inChannels * inputPlane(), random);
  gradient = drawValues(images * geometry.outChannels * outputPlane(), random);
  weights = drawValues(active.values(geometry, structure), random);
  bias = drawValues(geometry.outChannels, random);
}

template <typename Visit> void LayerProblem::forEachProduct(Visit visit) const {
  const Geometry &g = geometry;
  Extent2d out = g.output();
  std::vector<uint32_t> positions = active.positions(g, structure);
  for (size_t weight = 0; weight < positions.size(); ++weight) {
    int64_t o = positions[weight] / g.columns();
    int64_t c = positions[weight] % g.columns() / g.taps();
    int64_t kh = positions[weight] % g.taps() / g.kernel.width;
    int64_t kw = positions[weight] % g.taps() % g.kernel.width;
    for (int64_t n = 0; n < images; ++n)
      for (int64_t y = 0; y < out.height; ++y)
        for (int64_t x = 0; x < out.width; ++x) {
          int64_t i = y * g.stride.height + kh - g.padding.height;
          int64_t j = x * g.stride.width + kw - g.padding.width;
          if (i < 0 || j < 0 || i >= g.input.height || j >= g.input.width)
            continue;
          visit(weight,
                (n * g.inChannels + c) * inputPlane() + i * g.input.width + j,
                (n * g.outChannels + o) * outputPlane() + y * out.width + x);
        }
  }
}

std::vector<double> LayerProblem::output(bool withBias) const {
  std::vector<double> result(gradient.size(), 0);
  if (withBias)
    for (size_t i = 0; i < result.size(); ++i)
      result[i] = bias[i / outputPlane() % geometry.outChannels];
  forEachProduct([&](size_t weight, int64_t in, int64_t out) {
    result[out] += double(weights[weight]) * input[in];
  });
  return result;
}

std::vector<double> LayerProblem::inputGradient() const {
  std::vector<double> result(input.size(), 0);
  forEachProduct([&](size_t weight, int64_t in, int64_t out) {
    result[in] += double(weights[weight]) * gradient[out];
  });
  return result;
}

std::vector<double> LayerProblem::weightGradient() const {
  std::vector<double> result(weights.size(), 0);
  forEachProduct([&](size_t weight, int64_t in, int64_t out) {
    result[weight] += double(input[in]) * gradient[out];
  });
  return result;
}

std::vector<double> LayerProblem::truth(Operation operation,
                                        bool withBias) const {
  switch (operation) {
  case Operation::Forward:
    return output(withBias);
  case Operation::GradInput:
    return inputGradient();
  case Operation::GradWeight:
    return weightGradient();
  }
  return {};
}

double relativeError(const std::vector<float> &result,
                     const std::vector<double> &truth) {
  double difference = 0, norm = 0;
  if (result.size() != truth.size())
    return std::numeric_limits<double>::infinity();
  for (size_t i = 0; i < truth.size(); ++i) {
    if (!std::isfinite(result[i]))
      return std::numeric_limits<double>::infinity();
    difference += (result[i] - truth[i]) * (result[i] - truth[i]);
    norm += truth[i] * truth[i];
  }
  return norm > 0 ? std::sqrt(difference / norm) : std::sqrt(difference);
}

} // namespace lacuna::testing
