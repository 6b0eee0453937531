//===- Mest.cpp - MEST with a constant mutation ratio ---------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ElasticMutation.h"
#include "Methods.h"

namespace lacuna {

std::unique_ptr<Method> makeMest(const MethodOptions &options) {
  constexpr double kReplaced = 0.2;
  double kept = 1 - kReplaced;
  return std::make_unique<ElasticMutation>("mest", options, [kept](double) {
    return MutationBounds{{kept, kept, kept}, {1, 1, 1}};
  });
}

} // namespace lacuna
