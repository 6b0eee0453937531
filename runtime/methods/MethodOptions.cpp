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

void MethodOptions::verify() const {
  requireOption(sparsity >= 0 && sparsity < 1, "sparsity", sparsity,
                "at least 0 and below 1");
  requireOption(epochs >= 1, "epochs", epochs, "at least 1");
  requireNonNegative("lambda", lambda);
  if (dropFraction)
    requireOption(*dropFraction > 0 && *dropFraction < 1, "drop-fraction",
                  *dropFraction, "above 0 and below 1");
  if (updatePeriod)
    requireOption(*updatePeriod >= 1, "update-period", double(*updatePeriod),
                  "at least 1");
  if (stopFraction)
    requireOption(*stopFraction >= 0 && *stopFraction <= 1, "stop-fraction",
                  *stopFraction, "between 0 and 1");
  requireNonNegative("alpha", alpha);
  requireNonNegative("threshold-limit", thresholdLimit);
  requireNonNegative("l1", l1);
  requireNonNegative("noise", noise);
  requireNonNegative("growth-deviation", growthDeviation);
  requireOption(samplesPerClass >= 2, "samples-per-class",
                double(samplesPerClass), "at least 2");
  requireOption(rewindEpoch >= 0 && rewindEpoch < epochs, "rewind-epoch",
                rewindEpoch, "at least 0 and below the number of epochs");
}

void MethodOptions::visitState(StateVisitor &state) const {
  state.expect("sparsity", sparsity);
  state.expect("epochs", epochs);
  state.expect("lambda", lambda);
  state.expect("distribution", int(distribution.kind));
  for (const auto &[layer, share] : distribution.sparsities)
    state.expect("distribution." + layer, share);
  // What a method's default stands for cannot be asked for.
  constexpr int kDefault = -1;
  state.expect("drop_fraction", dropFraction.value_or(kDefault));
  state.expect("update_period", updatePeriod.value_or(kDefault));
  state.expect("stop_fraction", stopFraction.value_or(kDefault));
  state.expect("prune_scope", int(scope));
  state.expect("alpha", alpha);
  state.expect("threshold_limit", thresholdLimit);
  state.expect("l1", l1);
  state.expect("noise", noise);
  state.expect("growth_deviation", growthDeviation);
  state.expect("samples_per_class", samplesPerClass);
  state.expect("rewind_epoch", rewindEpoch);
  state.expect("reference_counts", int(referenceCounts));
}

} // namespace lacuna
