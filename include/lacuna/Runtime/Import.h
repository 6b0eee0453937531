//===- Import.h - Weights from elsewhere ------------------------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Turns dense arrays, as NumPy saves them and PyTorch names them, into an
// exported network (Export.h), from which training starts.
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_RUNTIME_IMPORT_H
#define LACUNA_RUNTIME_IMPORT_H

#include "lacuna/Runtime/Export.h"

#include <string>
#include <utility>
#include <vector>

namespace lacuna {

/// Which units of weights from elsewhere are active.
///  - NonZero: those that hold a weight other than zero.
///  - Largest: as many of a layer as the network holds, those of the largest
///    norm (largestWeights()).
///  - Held: those that the network holds.
enum class ImportedUnits { NonZero, Largest, Held };

/// An array of a network, as an export names it.
using NetworkArray = std::pair<std::string, std::vector<int64_t>>;

/// Names and shapes of all arrays of a network, in the order of the forward
/// pass.
std::vector<NetworkArray> networkArrays(Network &network);

/// Reads the arrays of a network from an .npz archive and writes `folder` as
/// exportNetwork() does. Where the archive lacks the name that an export has,
/// PyTorch's serves: NORM.weight and NORM.bias for gamma and beta,
/// NORM.running_var. PyTorch's num_batches_tracked is no part of a network.
/// Throws UserError naming file and array where one is missing, unknown, of
/// another shape, not finite or a negative variance, and with NonZero where no
/// pattern of the network holds all nonzero weights of a kernel.
void importWeights(const std::string &archive, Network &network,
                   ImportedUnits units, const ExportManifest &manifest,
                   const std::string &folder);

} // namespace lacuna

#endif // LACUNA_RUNTIME_IMPORT_H
