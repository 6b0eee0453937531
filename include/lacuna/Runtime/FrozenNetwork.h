//===- FrozenNetwork.h - What a network computes at inference ---*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_RUNTIME_FROZENNETWORK_H
#define LACUNA_RUNTIME_FROZENNETWORK_H

#include "lacuna/Kernel/Structure.h"
#include "lacuna/Runtime/Layer.h"
#include "lacuna/Runtime/Operators.h"

#include <string>
#include <variant>
#include <vector>

namespace lacuna {

/// A convolution or linear layer. A linear layer reads images as
/// [channels][height][width], flat.
struct FrozenLayer {
  Geometry geometry;
  Structure structure;
  ActiveSet active;
  std::vector<float> values; ///< In the canonical order of the active set.
  std::vector<float> bias;   ///< [out_channels], zero without a bias.
};

/// scale[c] * x + shift[c]: a batch norm by its running statistics.
struct FrozenAffine {
  std::vector<float> scale, shift;
};

/// max(x, 0); a NaN stays one.
struct FrozenRelu {};

struct FrozenMaxPool {
  operators::PoolWindow window;
};

struct FrozenAveragePool {
  int64_t window;
};

/// The sum of two values of one shape.
struct FrozenSum {};

/// One operation, its numbers copied from the network.
struct FrozenOperation {
  std::string name; ///< Of the layer it comes from.
  /// What it reads: 0 is the images, i the result of operation i - 1.
  std::vector<size_t> operands;
  std::variant<FrozenLayer, FrozenAffine, FrozenRelu, FrozenMaxPool,
               FrozenAveragePool, FrozenSum>
      body;
};

/// A network by what it computes in evaluation, in an order in which operands
/// come first. The result of the last operation is the logits.
struct FrozenNetwork {
  std::string name;
  ImageShape input;
  std::vector<FrozenOperation> operations;

  /// Appends an operation and returns the number of its result.
  size_t add(std::string layer, std::vector<size_t> operands,
             decltype(FrozenOperation::body) body) {
    operations.push_back(
        {std::move(layer), std::move(operands), std::move(body)});
    return operations.size();
  }
};

} // namespace lacuna

#endif // LACUNA_RUNTIME_FROZENNETWORK_H
