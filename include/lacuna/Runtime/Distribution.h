//===- Distribution.h - How sparse each layer is -------------- -*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_RUNTIME_DISTRIBUTION_H
#define LACUNA_RUNTIME_DISTRIBUTION_H

#include "lacuna/Kernel/Structure.h"

#include <map>
#include <string>
#include <vector>

namespace lacuna {

/// How an overall sparsity is spread over the sparse layers.
struct SparsityDistribution {
  /// - Uniform: every layer alike.
  /// - ErdosRenyi (Mocanu et al., 2018): density in proportion to
  ///   (inputs + outputs) / (inputs * outputs), kernels left out.
  /// - ErdosRenyiKernel (Evci et al., 2020): the same with the sides of the
  ///   kernel in sum and product.
  /// - Explicit: as `sparsities` says.
  enum class Kind { Uniform, ErdosRenyi, ErdosRenyiKernel, Explicit };

  Kind kind = Kind::Uniform;
  /// Explicit only: of each layer by name.
  std::map<std::string, double> sparsities;
  /// Explicit only: the file they come from, for messages.
  std::string source;
};

/// uniform, er, erk, or the path of a file:
///  - *.json: an object of sparsities by layer name.
///  - *.yaml, *.yml: a profile of MEST's authors. Its `prune_ratios` name
///    weights either as Lacuna does, with or without `.weight`, or as the
///    authors' networks do: `layer2.0.conv1.weight` is
///    `stage2.block1.conv1`. Other keys are ignored, bounds among them, as
///    the authors' code ignores them.
/// Throws UserError naming file and entry on anything else.
SparsityDistribution parseDistribution(const std::string &text);

/// A layer that shares in a distribution.
struct DistributedLayer {
  std::string name;
  Geometry geometry;
};

/// The sparsity of each layer, in order. Erdos-Renyi layers that would need
/// more than all their weights are dense, and the others make up for it. Throws
/// UserError when an explicit distribution does not name every layer, or names
/// another.
std::vector<double>
distributeSparsity(const SparsityDistribution &distribution,
                   const std::vector<DistributedLayer> &layers,
                   double sparsity);

} // namespace lacuna

#endif // LACUNA_RUNTIME_DISTRIBUTION_H
