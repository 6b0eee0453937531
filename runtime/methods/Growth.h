//===- Growth.h - Activating units ---------------------------- -*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_RUNTIME_METHODS_GROWTH_H
#define LACUNA_RUNTIME_METHODS_GROWTH_H

#include "lacuna/Runtime/Parameter.h"
#include "lacuna/Runtime/Random.h"

namespace lacuna {

/// Inactive units that bring a parameter to `count` active ones. See
/// growToUnits().
ActiveSet drawUnits(const SparseParameter &parameter, int64_t count,
                    RandomStream &stream);

} // namespace lacuna

#endif // LACUNA_RUNTIME_METHODS_GROWTH_H
