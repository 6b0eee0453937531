//===- InitialMask.h - Units by their weights -------------------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_RUNTIME_INITIALMASK_H
#define LACUNA_RUNTIME_INITIALMASK_H

#include "lacuna/Runtime/SparseLayer.h"

#include <cstdint>
#include <vector>

namespace lacuna {

/// Where a sparse layer starts.
///  - Random: units drawn uniformly.
///  - Magnitude: the units whose initial weights have the largest norm, as if
///    the dense initialisation had been pruned.
enum class InitialMask { Random, Magnitude };

/// Throws UserError, naming the known masks, on an unknown name.
InitialMask parseInitialMask(const std::string &name);

/// The `count` units with the largest initial weights; ties keep the lower
/// unit. A kernel takes the pattern that keeps most of its norm, and filters
/// keep equal numbers of kernels, as in pruneToUnits(). Reads the draws one at
/// a time: holds no more than the result and one unit row.
ActiveSet largestDraws(const SparseParameter &parameter,
                       const WeightDraws &draws, int64_t count);

/// The same of weights that are there: [out][in][kh][kw], all finite.
ActiveSet largestWeights(const SparseParameter &parameter,
                         const std::vector<float> &weights, int64_t count);

/// The units that hold a weight other than zero. Kernels take patterns as in
/// largestDraws(), which may leave some of their weights out.
ActiveSet nonzeroUnits(const SparseParameter &parameter,
                       const std::vector<float> &weights);

} // namespace lacuna

#endif // LACUNA_RUNTIME_INITIALMASK_H
