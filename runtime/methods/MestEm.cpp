//===- MestEm.cpp - MEST with elastic mutation ----------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ElasticMutation.h"
#include "Methods.h"

namespace lacuna {

std::unique_ptr<Method> makeMestEm(const MethodOptions &options) {
  return std::make_unique<ElasticMutation>("mest-em", options, [](double) {
    return MutationBounds{{0.8, 0.9, 1}, {1, 1, 1}};
  });
}

} // namespace lacuna
