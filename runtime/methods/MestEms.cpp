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
std::unique_ptr<Method> make(const std::string &name,
                             const MethodOptions &options, double firstSurplus,
                             double secondSurplus) {
  return std::make_unique<ElasticMutation>(
      name, options,
      MutationBounds{{1, 1, 1}, {1 + firstSurplus, 1 + secondSurplus, 1}});
}

} // namespace

std::unique_ptr<Method> makeMestEms(const MethodOptions &options) {
  // The authors' schedule for 95 % doubles the surplus of that for 90 %.
  bool isNinetyFive = std::abs(options.sparsity - 0.95) < 1e-9;
  return isNinetyFive ? make("mest-ems", options, 1, 0.5)
                      : make("mest-ems", options, 0.5, 0.25);
}

std::unique_ptr<Method> makeMestEmsReadme(const MethodOptions &options) {
  return make("mest-ems-readme", options, 0.2, 0.1);
}

} // namespace lacuna
