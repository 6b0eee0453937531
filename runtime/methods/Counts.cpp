//===- Counts.cpp - How many units a sparsity leaves ----------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Runtime/Method.h"
#include "lacuna/Support/Error.h"

#include <algorithm>
#include <cmath>
#include <sstream>

namespace lacuna {

namespace {

/// Share of a layer's weights that its patterns keep when every kernel is
/// active.
double patternDensity(const SparseParameter &parameter) {
  const Structure &structure = parameter.structure();
  if (structure.scheme != Scheme::Pattern)
    return 1;
  size_t kept = structure.patterns.front().size();
  for (const KernelPattern &pattern : structure.patterns)
    if (pattern.size() != kept)
      throw UserError(parameter.name() +
                      ": patterns keep different numbers of taps, so a "
                      "sparsity does not say how many kernels to keep; use "
                      "patterns of equal size");
  return double(kept) / double(parameter.geometry().taps());
}

/// Share of units that are active, which for patterns is above the share of
/// weights.
double unitDensity(const SparseParameter &parameter, double sparsity) {
  double most = patternDensity(parameter), share = (1 - sparsity) / most;
  // Forgives the rounding of 1 - (1 - kept / taps).
  if (share > 1 + 1e-9) {
    std::ostringstream message;
    message << "sparsity: " << parameter.name() << " would need sparsity "
            << sparsity << ", but its patterns alone make it " << 1 - most
            << " sparse; ask for a higher sparsity or another scheme";
    throw UserError(message.str());
  }
  return share;
}

} // namespace

int64_t unitsAtSparsity(const SparseParameter &parameter, double sparsity) {
  int64_t units = parameter.units();
  int64_t count = std::llround(unitDensity(parameter, sparsity) *
                               static_cast<double>(units));
  if (count < 1) {
    std::ostringstream message;
    message << "sparsity: " << sparsity << " leaves none of the " << units
            << " units of " << parameter.name()
            << " active; ask for a lower sparsity";
    throw UserError(message.str());
  }
  return std::min(count, units);
}

int64_t referenceKept(const SparseParameter &parameter, double sparsity) {
  double unitSparsity = 1 - unitDensity(parameter, sparsity);
  if (parameter.structure().scheme == Scheme::Pattern) {
    int64_t kernels = parameter.geometry().inChannels;
    // Forgives a product that rounding leaves just below a whole number.
    return parameter.geometry().outChannels *
           (kernels -
            static_cast<int64_t>(unitSparsity * double(kernels) + 1e-9));
  }
  int64_t units = parameter.units();
  return units - 1 -
         static_cast<int64_t>(double(units - 1) * unitSparsity + 1e-9);
}

int64_t referenceGrown(const SparseParameter &parameter, int64_t active,
                       double sparsity) {
  double unitSparsity = 1 - unitDensity(parameter, sparsity);
  if (parameter.structure().scheme == Scheme::Pattern) {
    int64_t kernels = parameter.geometry().inChannels;
    int64_t filters = parameter.geometry().outChannels;
    double empty = double(kernels - active / filters);
    double grown = empty - unitSparsity * double(kernels);
    return grown > 0 ? filters * static_cast<int64_t>(grown + 1e-9) : 0;
  }
  double units = double(parameter.units());
  double grown = units - double(active) - unitSparsity * units;
  return grown > 0 ? static_cast<int64_t>(grown + 1e-9) : 0;
}

int64_t unitsAtMost(const SparseParameter &parameter, double sparsity) {
  return unitsAtSparsity(parameter,
                         std::max(sparsity, 1 - patternDensity(parameter)));
}

} // namespace lacuna
