//===- MestEms.cpp - MEST with elastic mutation and a soft memory bound ---===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ElasticMutation.h"
#include "Methods.h"

#include <cmath>

namespace lacuna {

namespace {

/// Trains with more weights than the target allows by these shares of its
/// active weights, in the first and the second stage.
MutationBounds withSurplus(double first, double second) {
  return {{1, 1, 1}, {1 + first, 1 + second, 1}};
}

} // namespace

std::unique_ptr<Method> makeMestEms(const MethodOptions &options) {
  return std::make_unique<ElasticMutation>(
      "mest-ems", options, [](double sparsity) {
        // The authors' schedule for 95 % doubles the surplus of that for 90 %.
        // Layers of their own sparsities make it to the percent.
        bool isNinetyFive = std::lround(100 * sparsity) == 95;
        return isNinetyFive ? withSurplus(1, 0.5) : withSurplus(0.5, 0.25);
      });
}

std::unique_ptr<Method> makeMestEmsReadme(const MethodOptions &options) {
  return std::make_unique<ElasticMutation>(
      "mest-ems-readme", options, [](double) { return withSurplus(0.2, 0.1); });
}

} // namespace lacuna
