//===- Pruning.cpp - Dropping units ---------------------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Selection.h"

#include "lacuna/Runtime/Method.h"
#include "lacuna/Support/Error.h"

#include <algorithm>
#include <cmath>

namespace lacuna {

namespace {

/// Where the slots of each filter start. Units ascend, so they follow one
/// another.
std::vector<size_t> filterStarts(const SparseParameter &parameter) {
  int64_t kernels = parameter.geometry().inChannels;
  const std::vector<uint32_t> &units = parameter.active().units;
  std::vector<size_t> starts{0};
  for (int64_t filter = 1; filter <= parameter.geometry().outChannels; ++filter)
    starts.push_back(
        size_t(std::lower_bound(units.begin() + int64_t(starts.back()),
                                units.end(), filter * kernels) -
               units.begin()));
  return starts;
}

} // namespace

void verifyFinite(const SparseParameter &parameter,
                  const std::vector<double> &scores) {
  // All of them without a branch for each, then the first that is not.
  unsigned finite = 1;
  for (double score : scores)
    finite &= std::isfinite(score) ? 1 : 0;
  for (size_t slot = 0; finite == 0 && slot < scores.size(); ++slot)
    if (!std::isfinite(scores[slot]))
      throw UserError("training: unit " +
                      std::to_string(parameter.active().units[slot]) + " of " +
                      parameter.name() + " has an importance of " +
                      std::to_string(scores[slot]) +
                      "; use a lower learning rate or a smaller lambda");
}

std::vector<uint32_t> slotsToKeep(const SparseParameter &parameter,
                                  int64_t count,
                                  const std::vector<double> &scores) {
  verifyFinite(parameter, scores);
  return parameter.structure().scheme == Scheme::Pattern
             ? largestBalanced(scores, filterStarts(parameter), count)
             : largest(scores, count);
}

bool pruneToUnits(SparseParameter &parameter, int64_t count,
                  const std::vector<double> &scores) {
  if (parameter.activeUnits() <= count)
    return false;
  parameter.prune(slotsToKeep(parameter, count, scores));
  verifyInvariant(parameter.activeUnits() == count,
                  "pruning left another number of units than asked for");
  return true;
}

} // namespace lacuna
