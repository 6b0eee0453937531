//===- ElasticMutation.cpp - Prune, then grow, by a schedule of bounds ----===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ElasticMutation.h"

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
                                 const MutationBounds &bounds)
    : Method(options), methodName(std::move(name)), bounds(bounds),
      schedule(options.epochs) {
  for (const std::array<double, 3> &side : {bounds.lower, bounds.upper})
    for (double bound : side)
      if (!(bound >= 0 && bound < 1)) {
        std::ostringstream message;
        message << "sparsity: " << options.sparsity << " makes " << methodName
                << " pass through sparsity " << bound
                << ", which must be at least 0 and below 1";
        throw UserError(message.str());
      }
}

double ElasticMutation::scheduledSparsity(int epoch) const {
  return bounds.upper[schedule.stage(schedule.latestMutation(epoch))];
}

bool ElasticMutation::mutate(SparseParameter &parameter,
                             const MutationEvent &event) const {
  if (!schedule.mutatesAt(event.epoch))
    return false;
  int stage = schedule.stage(event.epoch);
  bool pruned =
      pruneToUnits(parameter, unitsAtSparsity(parameter, bounds.lower[stage]),
                   score(parameter));
  bool grown = growToUnits(
      parameter, unitsAtSparsity(parameter, bounds.upper[stage]), event);
  return pruned || grown;
}

} // namespace lacuna
