//===- Growth.cpp - Activating units --------------------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Growth.h"

#include "Selection.h"

#include "lacuna/Runtime/Method.h"
#include "lacuna/Support/Error.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace lacuna {

namespace {

/// How many kernels each filter gets: the same number, and one more in as many
/// as the remainder asks for. Filters that already have the one more keep it.
std::vector<int64_t> filterTargets(const std::vector<int64_t> &held,
                                   int64_t count, RandomStream &stream) {
  int64_t filters = static_cast<int64_t>(held.size());
  int64_t share = count / filters, remainder = count % filters;
  std::vector<int64_t> targets(filters, share);
  std::vector<uint32_t> candidates;
  for (int64_t filter = 0; filter < filters; ++filter) {
    if (held[filter] > share) {
      targets[filter] = held[filter];
      remainder -= held[filter] - share;
    } else {
      candidates.push_back(static_cast<uint32_t>(filter));
    }
  }
  verifyInvariant(remainder >= 0 &&
                      remainder <= static_cast<int64_t>(candidates.size()),
                  "filters hold more kernels than growth may give them");
  for (uint32_t chosen : sampleDistinct(
           stream, static_cast<int64_t>(candidates.size()), remainder))
    ++targets[candidates[chosen]];
  return targets;
}

} // namespace

ActiveSet drawRanks(const SparseParameter &parameter,
                    const std::vector<uint32_t> &takenSlots, int64_t count,
                    RandomStream &stream) {
  const Structure &structure = parameter.structure();
  ActiveSet drawn;
  int64_t takenCount = static_cast<int64_t>(takenSlots.size());
  if (structure.scheme != Scheme::Pattern) {
    drawn.units = sampleDistinct(stream, parameter.units() - takenCount,
                                 count - takenCount);
    return drawn;
  }

  int64_t kernels = parameter.geometry().inChannels;
  int64_t filters = parameter.geometry().outChannels;
  const std::vector<uint32_t> &units = parameter.active().units;
  std::vector<int64_t> held;
  auto next = takenSlots.begin();
  for (int64_t filter = 0; filter < filters; ++filter) {
    auto own = next;
    next = std::lower_bound(
        own, takenSlots.end(), (filter + 1) * kernels,
        [&](uint32_t slot, int64_t unit) { return units[slot] < unit; });
    held.push_back(next - own);
  }
  std::vector<int64_t> targets = filterTargets(held, count, stream);
  drawn.units.reserve(size_t(count - takenCount));
  drawn.patternIds.reserve(size_t(count - takenCount));
  uint32_t patterns = static_cast<uint32_t>(structure.patterns.size());
  uint32_t first = 0; // Rank of the filter's first kernel that is not taken.
  for (int64_t filter = 0; filter < filters; ++filter) {
    int64_t untaken = kernels - held[filter];
    for (uint32_t rank :
         sampleDistinct(stream, untaken, targets[filter] - held[filter])) {
      drawn.units.push_back(first + rank);
      drawn.patternIds.push_back(static_cast<uint8_t>(stream.below(patterns)));
    }
    first += static_cast<uint32_t>(untaken);
  }
  return drawn;
}

void forEachGrown(const SparseParameter &parameter,
                  const std::vector<uint32_t> &before,
                  const std::function<void(int64_t, int64_t)> &visit) {
  std::vector<int64_t> starts = parameter.unitStarts();
  const std::vector<uint32_t> &units = parameter.active().units;
  size_t old = 0;
  for (size_t slot = 0; slot < units.size(); ++slot) {
    while (old < before.size() && before[old] < units[slot])
      ++old;
    if (old == before.size() || before[old] != units[slot])
      visit(starts[slot], starts[slot + 1]);
  }
}

void startGrownFilters(SparseParameter &parameter,
                       const std::vector<uint32_t> &before,
                       RandomStream &stream) {
  if (parameter.structure().scheme != Scheme::Channel)
    return;
  double squares = 0;
  int64_t grown = 0;
  for (int64_t i = 0; i < parameter.size(); ++i)
    squares += double(parameter.values()[i]) * parameter.values()[i];
  forEachGrown(parameter, before,
               [&](int64_t first, int64_t last) { grown += last - first; });
  int64_t others = parameter.size() - grown;
  double deviation =
      others > 0 && squares > 0
          ? std::sqrt(squares / double(others))
          : 1 / std::sqrt(double(parameter.geometry().columns()));
  forEachGrown(parameter, before, [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i)
      parameter.values()[i] = stream.normal() * static_cast<float>(deviation);
  });
  parameter.markChanged();
}

std::vector<uint32_t> redrawUnits(SparseParameter &parameter,
                                  const std::vector<uint32_t> &keptSlots,
                                  int64_t count, RandomStream &stream) {
  count = std::max(count, static_cast<int64_t>(keptSlots.size()));
  std::vector<uint32_t> kept = parameter.exchangeByRank(
      keptSlots, drawRanks(parameter, keptSlots, count, stream));
  startGrownFilters(parameter, kept, stream);
  verifyInvariant(parameter.activeUnits() == count,
                  "growth left another number of units than asked for");
  return kept;
}

bool growToUnits(SparseParameter &parameter, int64_t count,
                 RandomStream &stream) {
  if (parameter.activeUnits() >= count)
    return false;
  std::vector<uint32_t> all(size_t(parameter.activeUnits()));
  std::iota(all.begin(), all.end(), 0u);
  redrawUnits(parameter, all, count, stream);
  return true;
}

ActiveSet randomUnits(const SparseParameter &parameter, double sparsity,
                      RandomStream &stream) {
  // Where no unit is taken, ranks are units.
  return drawRanks(parameter, {}, unitsAtSparsity(parameter, sparsity), stream);
}

} // namespace lacuna
