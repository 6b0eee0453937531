//===- DenseGrowth.cpp - Growth where dense values are largest ------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DenseGrowth.h"

#include "Candidates.h"

#include "lacuna/Support/Error.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace lacuna {

namespace {

double square(float value) { return double(value) * double(value); }

/// Of the taps of one kernel.
struct Squares {
  const float *kernel;
  double operator()(uint8_t tap) const { return square(kernel[tap]); }
};

/// Units and their squared norms in a dense tensor.
class DenseUnits {
public:
  DenseUnits(const SparseParameter &parameter, const float *dense)
      : geometry(parameter.geometry()), structure(parameter.structure()),
        dense(dense) {}

  Candidate candidate(uint32_t unit) const {
    if (structure.scheme == Scheme::Pattern)
      return bestPattern(structure.patterns, unit, squaresOf(unit));
    int64_t columns = geometry.columns();
    double sum = 0;
    switch (structure.scheme) {
    case Scheme::Unstructured:
      sum = square(dense[unit]);
      break;
    case Scheme::Block: {
      const float *first = dense +
                           unit / columns * structure.blockRows * columns +
                           unit % columns;
      for (int64_t row = 0; row < structure.blockRows; ++row)
        sum += square(first[row * columns]);
      break;
    }
    case Scheme::Channel:
      for (int64_t column = 0; column < columns; ++column)
        sum += square(dense[unit * columns + column]);
      break;
    case Scheme::Dense:
    case Scheme::Pattern:
      throw InternalError("a scheme whose units do not grow by their norm");
    }
    return {sum, unit, 0};
  }

  Candidate withItsPattern(uint32_t unit, uint8_t pattern) const {
    return withPattern(structure.patterns, unit, pattern, squaresOf(unit));
  }

private:
  Squares squaresOf(uint32_t unit) const {
    return {dense + unit * geometry.taps()};
  }

  const Geometry &geometry;
  const Structure &structure;
  const float *dense;
};

/// Kernels kept and kernels that may grow, of one filter.
struct Filter {
  int64_t kept = 0;
  std::vector<Candidate> others;
};

std::vector<Candidate> balanced(std::vector<Filter> &filters, int64_t count) {
  int64_t share = count / static_cast<int64_t>(filters.size());
  int64_t remainder = count % static_cast<int64_t>(filters.size());
  std::vector<Candidate> chosen, next;
  for (Filter &filter : filters) {
    if (filter.kept > share) {
      --remainder;
      continue;
    }
    size_t grown = static_cast<size_t>(share - filter.kept);
    if (grown < filter.others.size())
      std::nth_element(filter.others.begin(),
                       filter.others.begin() + int64_t(grown),
                       filter.others.end(), isBetter);
    chosen.insert(chosen.end(), filter.others.begin(),
                  filter.others.begin() + static_cast<int64_t>(grown));
    if (grown < filter.others.size())
      next.push_back(filter.others[grown]);
  }
  verifyInvariant(remainder >= 0 &&
                      remainder <= static_cast<int64_t>(next.size()),
                  "filters hold more kernels than growth may give them");
  std::sort(next.begin(), next.end(), isBetter);
  chosen.insert(chosen.end(), next.begin(), next.begin() + remainder);
  return chosen;
}

} // namespace

ActiveSet keepAndGrow(const SparseParameter &parameter,
                      const std::vector<uint32_t> &keptSlots, int64_t count,
                      const float *dense) {
  const ActiveSet &active = parameter.active();
  bool patterned = parameter.structure().scheme == Scheme::Pattern;
  DenseUnits units(parameter, dense);
  auto finite = [&](const Candidate &candidate) {
    if (!std::isfinite(candidate.score))
      throw UserError("training: the dense gradient of unit " +
                      std::to_string(candidate.unit) + " of " +
                      parameter.name() +
                      " is not finite; use a lower learning rate");
    return candidate;
  };
  std::vector<Candidate> chosen;
  for (uint32_t slot : keptSlots)
    chosen.push_back({0, active.units[slot],
                      patterned ? active.patternIds[slot] : uint8_t(0)});

  BestOf best(patterned ? 0 : count - static_cast<int64_t>(keptSlots.size()));
  std::vector<Filter> filters(
      patterned ? static_cast<size_t>(parameter.geometry().outChannels) : 0);
  size_t slot = 0, kept = 0;
  for (uint32_t unit = 0; unit < parameter.units(); ++unit) {
    bool isActive = slot < active.units.size() && active.units[slot] == unit;
    bool isKept =
        isActive && kept < keptSlots.size() && keptSlots[kept] == slot;
    if (patterned) {
      Filter &filter = filters[unit / parameter.geometry().inChannels];
      if (isKept)
        ++filter.kept;
      else
        filter.others.push_back(finite(
            isActive ? units.withItsPattern(unit, active.patternIds[slot])
                     : units.candidate(unit)));
    } else if (!isKept) {
      best.offer(finite(units.candidate(unit)));
    }
    slot += isActive;
    kept += isKept;
  }
  std::vector<Candidate> grown =
      patterned ? balanced(filters, count) : std::move(best.candidates());
  chosen.insert(chosen.end(), grown.begin(), grown.end());
  verifyInvariant(static_cast<int64_t>(chosen.size()) == count,
                  "growth left another number of units than asked for");
  return activeSetOf(std::move(chosen), patterned);
}

} // namespace lacuna
