//===- ElasticMutation.cpp - Prune, then grow, by a schedule of bounds ----===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ElasticMutation.h"

#include "Budget.h"
#include "Growth.h"
#include "Selection.h"

#include "lacuna/Support/Error.h"

#include <algorithm>
#include <cmath>
#include <sstream>

namespace lacuna {

namespace {

constexpr double kReferenceEpochs = 160;

int scaled(double referenceEpoch, int epochs) {
  return static_cast<int>(
      std::lround(referenceEpoch / kReferenceEpochs * epochs));
}

} // namespace

MutationSchedule::MutationSchedule(int epochs)
    : period(std::max(1, scaled(5, epochs))),
      milestones{scaled(90, epochs), scaled(120, epochs)} {}

int MutationSchedule::stage(int epoch) const {
  return static_cast<int>(
      std::count_if(milestones.begin(), milestones.end(),
                    [&](int milestone) { return epoch >= milestone; }));
}

ElasticMutation::ElasticMutation(std::string name, const MethodOptions &options,
                                 Bounds boundsAt)
    : Method(options), methodName(std::move(name)),
      boundsAt(std::move(boundsAt)), schedule(options.epochs) {
  if (options.distribution.kind != SparsityDistribution::Kind::Explicit)
    takeBounds(options.sparsity, "sparsity");
}

void ElasticMutation::takeBounds(double sparsity, const std::string &source) {
  bounds = boundsAt(sparsity);
  for (double share : bounds.upper)
    if (share * (1 - sparsity) > 1) {
      std::ostringstream message;
      message << source << ": " << sparsity << " of all sparse layers makes "
              << methodName << " pass through sparsity "
              << 1 - share * (1 - sparsity) << ", which must be at least 0";
      throw UserError(message.str());
    }
}

double ElasticMutation::scheduledSparsity(double target, int epoch) const {
  int stage = schedule.stage(schedule.latestMutation(epoch));
  return std::max(0.0, 1 - bounds.upper[stage] * (1 - target));
}

std::string ElasticMutation::mutationSchedule() const {
  return "at the start of every " +
         (schedule.period == 1 ? std::string("epoch")
                               : std::to_string(schedule.period) + " epochs") +
         " (--epochs)";
}

bool ElasticMutation::mutatesAt(const MutationEvent &event) const {
  return event.moment == Moment::EpochStart && schedule.mutatesAt(event.epoch);
}

void ElasticMutation::mutate(MethodContext &context,
                             const MutationEvent &event) {
  if (!mutatesAt(event))
    return;
  int stage = schedule.stage(event.epoch);
  for (const MethodLayer &layer : context.layers) {
    SparseParameter &weight = layer.weight();
    double lower = 1 - bounds.lower[stage] * (1 - layer.sparsity);
    double upper = scheduledSparsity(layer.sparsity, event.epoch);
    int64_t held = weight.activeUnits();
    int64_t kept = std::min(held, keptUnits(weight, lower));
    int64_t grown = !options.referenceCounts ? unitsAtSparsity(weight, upper)
                    : bounds.lower[stage] == bounds.upper[stage]
                        ? kept
                        : kept + referenceGrown(weight, kept, upper);
    if (kept == held && grown <= kept)
      continue;
    RandomStream stream =
        context.stream(RandomPurpose::Growth, layer, event.epoch);
    redrawUnits(weight, slotsToKeep(weight, kept, score(weight)), grown,
                stream);
  }
}

int64_t ElasticMutation::keptUnits(const SparseParameter &weight,
                                   double sparsity) const {
  return options.referenceCounts ? referenceKept(weight, sparsity)
                                 : unitsAtSparsity(weight, sparsity);
}

void ElasticMutation::initialise(MethodContext &context) {
  if (options.distribution.kind == SparsityDistribution::Kind::Explicit)
    takeBounds(overallSparsity(context), options.distribution.source);
  Method::initialise(context);
  if (options.referenceCounts)
    finish(context);
}

void ElasticMutation::finish(MethodContext &context) {
  if (!options.referenceCounts)
    return Method::finish(context);
  for (const MethodLayer &layer : context.layers) {
    SparseParameter &weight = layer.weight();
    pruneToUnits(weight, referenceKept(weight, layer.sparsity), score(weight));
  }
}

} // namespace lacuna
