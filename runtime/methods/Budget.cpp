//===- Budget.cpp - Sharing weights between layers ------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Budget.h"

#include "Selection.h"

#include "lacuna/Support/Error.h"

#include <algorithm>
#include <cmath>
#include <sstream>

namespace lacuna {

int64_t unitWeights(const SparseParameter &parameter) {
  return parameter.structure().unitSize(parameter.geometry());
}

int64_t activeWeights(const MethodContext &context) {
  int64_t sum = 0;
  for (const MethodLayer &layer : context.layers)
    sum += layer.weight().size();
  return sum;
}

double overallSparsity(const MethodContext &context) {
  double zeros = 0, all = 0;
  for (const MethodLayer &layer : context.layers) {
    double weights = double(layer.weight().denseSize());
    zeros += layer.sparsity * weights;
    all += weights;
  }
  return all > 0 ? zeros / all : 0;
}

int64_t weightsAtSparsity(const MethodContext &context, double sparsity) {
  int64_t all = 0;
  for (const MethodLayer &layer : context.layers)
    all += layer.weight().denseSize();
  return std::llround((1 - sparsity) * double(all));
}

void verifyGlobalTarget(const MethodContext &context, double sparsity) {
  int64_t least = 0, most = 0, all = 0;
  for (const MethodLayer &layer : context.layers) {
    const SparseParameter &weight = layer.weight();
    least += unitWeights(weight);
    most += unitWeights(weight) * weight.units();
    all += weight.denseSize();
  }
  int64_t target = weightsAtSparsity(context, sparsity);
  if (target >= least && target <= most)
    return;
  std::ostringstream message;
  message << "sparsity: " << sparsity << " of all sparse layers together ";
  if (target > most)
    message << "is less than their patterns alone make them, "
            << 1 - double(most) / double(all)
            << "; ask for a higher sparsity or another scheme";
  else
    message << "leaves " << target << " weights, less than one unit of each, "
            << least << "; ask for a lower sparsity";
  throw UserError(message.str());
}

void verifyTarget(const MethodContext &context, const Method &method) {
  const MethodOptions &options = method.settings();
  if (options.scope == PruneScope::Global)
    return verifyGlobalTarget(context, options.sparsity);
  for (const MethodLayer &layer : context.layers)
    unitsAtSparsity(layer.weight(), layer.sparsity);
}

void activateAll(MethodContext &context) {
  for (const MethodLayer &layer : context.layers) {
    SparseParameter &weight = layer.weight();
    weight.activate(largestDraws(
        weight, layer.layer->weightDraws(context.seed, layer.number),
        weight.units()));
  }
}

std::vector<int64_t> splitWeights(int64_t weights, std::vector<double> shares,
                                  const std::vector<int64_t> &unitSizes,
                                  const std::vector<int64_t> &capacities) {
  size_t layers = shares.size();
  std::vector<int64_t> units(layers, 0);
  auto isFull = [&](size_t i) { return units[i] == capacities[i]; };
  double total = 0;
  for (bool filled = true; filled;) {
    filled = false;
    total = 0;
    int64_t open = 0;
    for (size_t i = 0; i < layers; ++i)
      if (!isFull(i)) {
        total += shares[i];
        ++open;
      }
    if (open == 0)
      return units;
    if (!(total > 0)) {
      std::fill(shares.begin(), shares.end(), 1.0);
      total = double(open);
    }
    // What full layers leave raises everybody else's part.
    for (size_t i = 0; i < layers && !filled; ++i)
      if (!isFull(i) && double(weights) * shares[i] / total >=
                            double(capacities[i] * unitSizes[i])) {
        units[i] = capacities[i];
        weights -= capacities[i] * unitSizes[i];
        filled = true;
      }
  }

  std::vector<size_t> order;
  std::vector<double> fraction(layers, 0);
  int64_t left = weights;
  for (size_t i = 0; i < layers; ++i) {
    if (isFull(i))
      continue;
    double wanted = double(weights) * shares[i] / total / double(unitSizes[i]);
    units[i] = static_cast<int64_t>(wanted);
    fraction[i] = wanted - double(units[i]);
    left -= units[i] * unitSizes[i];
    order.push_back(i);
  }
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return fraction[a] != fraction[b] ? fraction[a] > fraction[b] : a < b;
  });
  for (bool gave = true; gave;) {
    gave = false;
    for (size_t i : order)
      if (!isFull(i) && unitSizes[i] <= left) {
        ++units[i];
        left -= unitSizes[i];
        gave = true;
      }
  }
  return units;
}

void pruneGlobally(MethodContext &context, int64_t weights,
                   const std::vector<std::vector<double>> &scores) {
  struct Place {
    double score;
    size_t layer;
  };
  std::vector<Place> places;
  std::vector<int64_t> counts(context.layers.size(), 0);
  for (size_t i = 0; i < context.layers.size(); ++i) {
    const std::vector<double> &own = scores[i];
    if (own.empty())
      continue;
    verifyFinite(context.layers[i].weight(), own);
    size_t best = static_cast<size_t>(std::max_element(own.begin(), own.end()) -
                                      own.begin());
    counts[i] = 1;
    weights -= unitWeights(context.layers[i].weight());
    for (size_t slot = 0; slot < own.size(); ++slot)
      if (slot != best)
        places.push_back({own[slot], i});
  }
  std::sort(places.begin(), places.end(), [](const Place &a, const Place &b) {
    return a.score != b.score ? a.score > b.score : a.layer < b.layer;
  });
  for (const Place &place : places) {
    int64_t size = unitWeights(context.layers[place.layer].weight());
    if (size > weights)
      continue;
    weights -= size;
    ++counts[place.layer];
  }
  for (size_t i = 0; i < context.layers.size(); ++i)
    pruneToUnits(context.layers[i].weight(), counts[i], scores[i]);
}

void pruneInScope(MethodContext &context, const Method &method,
                  const std::function<double(double)> &sparsityNow) {
  if (method.settings().scope != PruneScope::Global) {
    for (const MethodLayer &layer : context.layers) {
      SparseParameter &weight = layer.weight();
      pruneToUnits(weight, unitsAtMost(weight, sparsityNow(layer.sparsity)),
                   method.score(weight));
    }
    return;
  }
  std::vector<std::vector<double>> scores;
  for (const MethodLayer &layer : context.layers) {
    scores.push_back(method.score(layer.weight()));
    for (double &value : scores.back())
      value /= std::sqrt(double(unitWeights(layer.weight())));
  }
  pruneGlobally(
      context,
      weightsAtSparsity(context, sparsityNow(method.settings().sparsity)),
      scores);
}

} // namespace lacuna
