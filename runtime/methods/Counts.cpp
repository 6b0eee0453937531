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

/// Share of units that are active, which for patterns is above the share of
/// weights.
double unitDensity(const SparseParameter &parameter, double sparsity) {
  const Structure &structure = parameter.structure();
  double density = 1 - sparsity;
  if (structure.scheme != Scheme::Pattern)
    return density;
  size_t kept = structure.patterns.front().size();
  for (const KernelPattern &pattern : structure.patterns)
    if (pattern.size() != kept)
      throw UserError(parameter.name() +
                      ": patterns keep different numbers of taps, so a "
                      "sparsity does not say how many kernels to keep; use "
                      "patterns of equal size");
  double taps = double(parameter.geometry().taps());
  double share = density * taps / double(kept);
  // Forgives the rounding of 1 - (1 - kept / taps).
  if (share > 1 + 1e-9) {
    std::ostringstream message;
    message << "sparsity: " << parameter.name() << " would need sparsity "
            << sparsity << ", but its patterns alone make it "
            << 1 - double(kept) / taps
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

} // namespace lacuna
