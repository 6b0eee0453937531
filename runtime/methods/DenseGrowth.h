//===- DenseGrowth.h - Growth where dense values are largest -- -*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_RUNTIME_METHODS_DENSEGROWTH_H
#define LACUNA_RUNTIME_METHODS_DENSEGROWTH_H

#include "lacuna/Runtime/Parameter.h"

#include <cstdint>
#include <vector>

namespace lacuna {

/// The units at these slots of the active set, and the inactive or other ones
/// whose dense values ([out][in][kh][kw]) have the largest norm, `count` in
/// all. A kernel grows the pattern that holds most of its norm; one that is
/// active but not among `keptSlots` returns with its own. Pattern layers stay
/// balanced over filters as in pruneToUnits(). Ties go to the lower unit.
ActiveSet keepAndGrow(const SparseParameter &parameter,
                      const std::vector<uint32_t> &keptSlots, int64_t count,
                      const float *dense);

} // namespace lacuna

#endif // LACUNA_RUNTIME_METHODS_DENSEGROWTH_H
