//===- Distribution.cpp - How sparse each layer is ------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Runtime/Distribution.h"

#include "lacuna/Support/Error.h"

#include <algorithm>

namespace lacuna {

namespace {

using Kind = SparsityDistribution::Kind;

double rawDensity(const Geometry &geometry, Kind kind) {
  double sum = double(geometry.inChannels) + double(geometry.outChannels);
  double product = double(geometry.inChannels) * double(geometry.outChannels);
  if (kind == Kind::ErdosRenyiKernel && geometry.kind == LayerKind::Conv2d) {
    sum += double(geometry.kernel.height) + double(geometry.kernel.width);
    product *= double(geometry.taps());
  }
  return sum / product;
}

/// Scales raw densities so that the weights that stay add up; layers that would
/// exceed density 1 are dense.
std::vector<double> erdosRenyi(const std::vector<DistributedLayer> &layers,
                               Kind kind, double sparsity) {
  double all = 0;
  for (const DistributedLayer &layer : layers)
    all += double(layer.geometry.weights());
  std::vector<bool> dense(layers.size(), false);
  for (;;) {
    double budget = (1 - sparsity) * all, rawSum = 0, largest = 0;
    for (size_t i = 0; i < layers.size(); ++i) {
      double weights = double(layers[i].geometry.weights());
      double raw = rawDensity(layers[i].geometry, kind);
      if (dense[i]) {
        budget -= weights;
      } else {
        rawSum += raw * weights;
        largest = std::max(largest, raw);
      }
    }
    double scale = rawSum > 0 ? budget / rawSum : 0;
    if (scale * largest <= 1) {
      std::vector<double> sparsities;
      for (size_t i = 0; i < layers.size(); ++i)
        sparsities.push_back(
            dense[i] ? 0 : 1 - scale * rawDensity(layers[i].geometry, kind));
      return sparsities;
    }
    for (size_t i = 0; i < layers.size(); ++i)
      if (!dense[i] && rawDensity(layers[i].geometry, kind) == largest)
        dense[i] = true;
  }
}

std::vector<double>
explicitSparsities(const SparsityDistribution &distribution,
                   const std::vector<DistributedLayer> &layers) {
  std::string names;
  for (const DistributedLayer &layer : layers)
    names += (names.empty() ? "" : ", ") + layer.name;
  for (const auto &[name, sparsity] : distribution.sparsities)
    if (std::none_of(layers.begin(), layers.end(),
                     [&, &wanted = name](const DistributedLayer &layer) {
                       return layer.name == wanted;
                     }))
      throw UserError(distribution.source + ": " + name +
                      " is no sparse layer of this model; those are " + names);
  std::vector<double> sparsities;
  for (const DistributedLayer &layer : layers) {
    auto entry = distribution.sparsities.find(layer.name);
    if (entry == distribution.sparsities.end())
      throw UserError(distribution.source + ": names no sparsity for layer " +
                      layer.name);
    sparsities.push_back(entry->second);
  }
  return sparsities;
}

} // namespace

std::vector<double>
distributeSparsity(const SparsityDistribution &distribution,
                   const std::vector<DistributedLayer> &layers,
                   double sparsity) {
  switch (distribution.kind) {
  case Kind::Uniform:
    return std::vector<double>(layers.size(), sparsity);
  case Kind::ErdosRenyi:
  case Kind::ErdosRenyiKernel:
    return erdosRenyi(layers, distribution.kind, sparsity);
  case Kind::Explicit:
    return explicitSparsities(distribution, layers);
  }
  throw InternalError("unknown distribution");
}

} // namespace lacuna
