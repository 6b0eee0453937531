//===- MethodOptions.cpp - What methods can be told -----------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Runtime/Method.h"

#include "lacuna/Support/Error.h"
#include "lacuna/Support/Options.h"

#include <cmath>
#include <utility>

namespace lacuna {

namespace {

void requireNonNegative(const char *field, double value) {
  requireOption(value >= 0 && !std::isinf(value), field, value,
                "a finite number, at least 0");
}

} // namespace

PruneScope parsePruneScope(const std::string &name) {
  if (name == "layer")
    return PruneScope::Layer;
  if (name == "global")
    return PruneScope::Global;
  throw UserError("prune-scope: '" + name +
                  "' is unknown, use one of layer, global");
}

void verifyEpochs(int epochs) {
  requireOption(epochs >= 1 && epochs <= kMaxEpochs, "epochs", epochs,
                "between 1 and " + std::to_string(kMaxEpochs));
}

void verifySparsity(double sparsity) {
  requireOption(sparsity >= 0 && sparsity < 1, "sparsity", sparsity,
                "at least 0 and below 1");
}

void MethodOptions::verify() const {
  verifySparsity(sparsity);
  verifyEpochs(epochs);
  auto nonNegative = [](const char *field, const std::optional<double> &value) {
    if (value)
      requireNonNegative(field, *value);
  };
  nonNegative("lambda", lambda);
  if (dropFraction)
    requireOption(*dropFraction > 0 && *dropFraction < 1, "drop-fraction",
                  *dropFraction, "above 0 and below 1");
  if (updatePeriod)
    requireOption(*updatePeriod >= 1, "update-period", double(*updatePeriod),
                  "at least 1");
  if (stopFraction)
    requireOption(*stopFraction >= 0 && *stopFraction <= 1, "stop-fraction",
                  *stopFraction, "between 0 and 1");
  nonNegative("alpha", alpha);
  nonNegative("threshold-limit", thresholdLimit);
  nonNegative("l1", l1);
  nonNegative("noise", noise);
  nonNegative("growth-deviation", growthDeviation);
  if (samplesPerClass)
    requireOption(*samplesPerClass >= 2, "samples-per-class",
                  double(*samplesPerClass), "at least 2");
  if (rewindEpoch)
    requireOption(*rewindEpoch >= 0 && *rewindEpoch < epochs, "rewind-epoch",
                  *rewindEpoch, "at least 0 and below the number of epochs");
  if (scope == PruneScope::Global &&
      distribution.kind != SparsityDistribution::Kind::Uniform)
    throw UserError("distribution: --prune-scope global ranks the weights of "
                    "all layers together and finds its own; leave one out");
}

std::vector<std::string> MethodOptions::given() const {
  const std::pair<const char *, bool> options[] = {
      {"distribution",
       distribution.kind != SparsityDistribution::Kind::Uniform},
      {"lambda", lambda.has_value()},
      {"drop-fraction", dropFraction.has_value()},
      {"update-period", updatePeriod.has_value()},
      {"stop-fraction", stopFraction.has_value()},
      {"prune-scope", scope.has_value()},
      {"alpha", alpha.has_value()},
      {"threshold-limit", thresholdLimit.has_value()},
      {"l1", l1.has_value()},
      {"noise", noise.has_value()},
      {"growth-deviation", growthDeviation.has_value()},
      {"samples-per-class", samplesPerClass.has_value()},
      {"rewind-epoch", rewindEpoch.has_value()},
      {"reference-counts", referenceCounts}};
  std::vector<std::string> names;
  for (const auto &[name, isGiven] : options)
    if (isGiven)
      names.emplace_back(name);
  return names;
}

void MethodOptions::visitState(StateVisitor &state) const {
  state.expect("sparsity", sparsity);
  state.expect("epochs", epochs);
  state.expect("distribution", int(distribution.kind));
  for (const auto &[layer, share] : distribution.sparsities)
    state.expect("distribution." + layer, share);
  // What a method's default stands for cannot be asked for.
  constexpr int kDefault = -1;
  state.expect("lambda", lambda.value_or(kDefault));
  state.expect("drop_fraction", dropFraction.value_or(kDefault));
  state.expect("update_period", updatePeriod.value_or(kDefault));
  state.expect("stop_fraction", stopFraction.value_or(kDefault));
  state.expect("prune_scope", scope ? int(*scope) : kDefault);
  state.expect("alpha", alpha.value_or(kDefault));
  state.expect("threshold_limit", thresholdLimit.value_or(kDefault));
  state.expect("l1", l1.value_or(kDefault));
  state.expect("noise", noise.value_or(kDefault));
  state.expect("growth_deviation", growthDeviation.value_or(kDefault));
  state.expect("samples_per_class", samplesPerClass.value_or(kDefault));
  state.expect("rewind_epoch", rewindEpoch.value_or(kDefault));
  state.expect("reference_counts", int(referenceCounts));
}

} // namespace lacuna
