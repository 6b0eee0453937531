//===- Method.cpp - Dynamic sparse training methods -----------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Runtime/Method.h"

#include "Growth.h"
#include "Methods.h"

#include "lacuna/Support/Error.h"

#include <algorithm>
#include <cmath>
#include <sstream>

namespace lacuna {

namespace {

using Names = std::vector<std::string>;

struct Entry {
  std::string name;
  std::unique_ptr<Method> (*make)(const MethodOptions &);
  Names uses; ///< Of the options that not every method has a use for.

  bool hasUseFor(const std::string &option) const {
    return std::find(uses.begin(), uses.end(), option) != uses.end();
  }
};

Names operator+(Names names, const Names &more) {
  names.insert(names.end(), more.begin(), more.end());
  return names;
}

const std::vector<Entry> &entries() {
  static const Names target{"scheme", "sparsify-all", "sparsity"};
  // Of methods that start from as many units as the target leaves.
  static const Names start = target + Names{"distribution", "initial-mask"};
  static const Names mest = start + Names{"lambda", "reference-counts"};
  static const Names moves =
      start + Names{"drop-fraction", "update-period", "stop-fraction"};
  static const std::vector<Entry> table{
      {"dense", makeDense, {}},
      {"static", makeStatic, start},
      {"mest", makeMest, mest},
      {"mest-em", makeMestEm, mest},
      {"mest-ems", makeMestEms, mest},
      {"mest-ems-readme", makeMestEmsReadme, mest},
      {"set", makeSet, moves + Names{"growth-deviation"}},
      {"rigl", makeRigl, moves},
      {"snfs", makeSnfs, start + Names{"drop-fraction"}},
      {"dsr", makeDsr, moves},
      {"deepr", makeDeepR, start + Names{"l1", "noise"}},
      {"dst", makeDst, {"scheme", "sparsify-all", "alpha", "threshold-limit"}},
      {"snip", makeSnip, target},
      {"grasp", makeGrasp, target + Names{"samples-per-class"}},
      {"lottery", makeLottery,
       target + Names{"distribution", "drop-fraction", "prune-scope",
                      "rewind-epoch"}},
      {"gradual", makeGradual,
       target + Names{"distribution", "update-period", "stop-fraction",
                      "prune-scope"}},
  };
  return table;
}

std::string joined(const Names &names) {
  std::string text;
  for (const std::string &name : names)
    text += (text.empty() ? "" : ", ") + name;
  return text;
}

const Entry &entryOf(const std::string &name) {
  for (const Entry &entry : entries())
    if (entry.name == name)
      return entry;
  throw UserError("method: '" + name + "' is unknown, use one of " +
                  joined(methodNames()));
}

/// The L2 norm of |w| + lambda * |g| over the weights of a unit, whose number
/// is known at compile time unless 0.
template <int64_t kSize>
double importance(const float *weights, const float *gradients,
                  int64_t unitSize, double lambda) {
  auto value = [&](int64_t i) {
    return std::abs(double(weights[i])) +
           lambda * std::abs(double(gradients[i]));
  };
  // The root of its square, without rounding.
  if (kSize == 1)
    return value(0);
  const int64_t size = kSize > 0 ? kSize : unitSize;
  double squares = 0;
  for (int64_t i = 0; i < size; ++i)
    squares += value(i) * value(i);
  return std::sqrt(squares);
}

template <int64_t kSize>
void scoreUnits(const SparseParameter &parameter, int64_t unitSize,
                double lambda, std::vector<double> &scores) {
  const int64_t size = kSize > 0 ? kSize : unitSize;
  const float *weights = parameter.values(), *gradients = parameter.gradient();
  for (size_t slot = 0; slot < scores.size(); ++slot) {
    int64_t first = int64_t(slot) * size;
    scores[slot] =
        importance<kSize>(weights + first, gradients + first, size, lambda);
  }
}

} // namespace

Method::Method(const MethodOptions &options) : options(options) {
  options.verify();
}

std::string Method::stepSchedule(int64_t period, double stop) {
  std::ostringstream text;
  text << "every " << period << " steps (--update-period)";
  if (stop < 1)
    text << " until " << stop << " of training (--stop-fraction)";
  return text.str();
}

std::vector<Parameter *>
Method::trainables(MethodContext & /*context*/,
                   const std::vector<Parameter *> &all) {
  return all;
}

void Method::initialise(MethodContext &context) {
  for (const MethodLayer &layer : context.layers) {
    SparseParameter &weight = layer.weight();
    if (context.initialMask == InitialMask::Magnitude) {
      weight.activate(largestDraws(
          weight, layer.layer->weightDraws(context.seed, layer.number),
          unitsAtSparsity(weight, layer.sparsity)));
      continue;
    }
    // What is active already is no choice of this run.
    weight.activate({});
    RandomStream stream(context.seed, RandomPurpose::InitialMask, layer.number);
    weight.activate(randomUnits(weight, layer.sparsity, stream));
  }
}

std::vector<double> Method::score(const SparseParameter &parameter) const {
  std::vector<double> scores(static_cast<size_t>(parameter.activeUnits()));
  double lambda = options.lambda.value_or(0);
  switch (int64_t size = parameter.uniformUnitSize()) {
  case 0: {
    std::vector<int64_t> starts = parameter.unitStarts();
    for (size_t slot = 0; slot < scores.size(); ++slot)
      scores[slot] = importance<0>(parameter.values() + starts[slot],
                                   parameter.gradient() + starts[slot],
                                   starts[slot + 1] - starts[slot], lambda);
    break;
  }
  case 1:
    scoreUnits<1>(parameter, size, lambda, scores);
    break;
  case 4:
    scoreUnits<4>(parameter, size, lambda, scores);
    break;
  default:
    scoreUnits<0>(parameter, size, lambda, scores);
  }
  return scores;
}

void Method::finish(MethodContext &context) {
  for (const MethodLayer &layer : context.layers) {
    SparseParameter &weight = layer.weight();
    int64_t target = unitsAtSparsity(weight, layer.sparsity);
    pruneToUnits(weight, target, score(weight));
    verifyInvariant(weight.activeUnits() == target,
                    "training ends at another sparsity than asked for");
  }
}

MethodContext::MethodContext(Network &network, const Method &method,
                             uint64_t seed, InitialMask initialMask)
    : MethodContext(network.weightLayers(), method, seed, initialMask) {
  this->network = &network;
}

MethodContext::MethodContext(const std::vector<SparseLayer *> &weightLayers,
                             const Method &method, uint64_t seed,
                             InitialMask initialMask)
    : seed(seed), initialMask(initialMask) {
  std::vector<DistributedLayer> distributed;
  for (size_t number = 0; number < weightLayers.size(); ++number) {
    const SparseParameter &weight = weightLayers[number]->weight();
    if (weight.structure().scheme == Scheme::Dense)
      continue;
    layers.push_back({weightLayers[number], static_cast<uint32_t>(number), 0});
    distributed.push_back({weightLayers[number]->name(), weight.geometry()});
  }
  std::vector<double> sparsities = distributeSparsity(
      method.settings().distribution, distributed, method.settings().sparsity);
  for (size_t i = 0; i < layers.size(); ++i)
    layers[i].sparsity = sparsities[i];
}

size_t MethodContext::indexOf(const MethodLayer &layer) const {
  for (size_t i = 0; i < layers.size(); ++i)
    if (layers[i].number == layer.number)
      return i;
  throw InternalError("a method is asked about a layer it does not know");
}

RandomStream MethodContext::stream(RandomPurpose purpose,
                                   const MethodLayer &layer,
                                   int64_t mutation) const {
  return {seed, purpose, static_cast<uint32_t>(mutation), layer.number};
}

void Method::visitState(StateVisitor &state) {
  state.expect("name", name());
  options.visitState(state);
}

std::vector<std::string> methodNames() {
  std::vector<std::string> names;
  for (const Entry &entry : entries())
    names.push_back(entry.name);
  return names;
}

bool methodUses(const std::string &method, const std::string &option) {
  return entryOf(method).hasUseFor(option);
}

void verifyMethodUses(const std::string &method, const std::string &option) {
  if (methodUses(method, option))
    return;
  Names users;
  for (const Entry &entry : entries())
    if (entry.hasUseFor(option))
      users.push_back(entry.name);
  throw UserError(option + ": the method " + method +
                  " has no use for it, only " + joined(users) +
                  (users.size() == 1 ? " has" : " have") +
                  "; leave it out or choose another method");
}

std::unique_ptr<Method> makeMethod(const std::string &name,
                                   const MethodOptions &options) {
  const Entry &entry = entryOf(name);
  for (const std::string &option : options.given())
    verifyMethodUses(name, option);
  return entry.make(options);
}

} // namespace lacuna
