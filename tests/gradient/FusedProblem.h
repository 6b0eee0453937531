//===- FusedProblem.h - A layer with its fused neighbours -------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Needs the runtime alone, so that devices can run it too.
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_TESTS_GRADIENT_FUSEDPROBLEM_H
#define LACUNA_TESTS_GRADIENT_FUSEDPROBLEM_H

#include "GuardedArray.h"
#include "LayerProblem.h"

#include "lacuna/Runtime/KernelProvider.h"
#include "lacuna/Runtime/ThreadPool.h"

#include <vector>

namespace lacuna::testing {

/// What a kernel computes: the result of its operation, laid out as in
/// LayerProblem, and the sums that it takes along, [target channel][2], if any.
template <typename Value> struct FusedResult {
  std::vector<Value> values;
  std::vector<Value> sums;
};

/// An operation of a layer with what its neighbours add to it.
class FusedProblem {
public:
  FusedProblem(const ProblemShape &shape, Operation operation,
               const Fusion &fusion);

  /// Runs a kernel of this operation, structure and fusion, whose operands no
  /// byte can be touched beyond on that side.
  FusedResult<float> run(const Kernel &kernel, ThreadPool &pool,
                         Flush flush) const;
  /// By the definition of each fusion, in double precision.
  FusedResult<double> truth() const;
  /// The largest relative error of values and sums, with operands flush at
  /// either side.
  double error(const Kernel &kernel, ThreadPool &pool) const;

private:
  size_t inputChannel(size_t element) const;
  /// Whether the ReLU before the layer passed an element of the input.
  bool passed(size_t element) const;

  LayerProblem layer;
  Operation operation;
  Fusion fusion;
  /// Of each input channel: the map that normalises, and the mean before it.
  std::vector<float> scale, shift, mean;
  std::vector<float> addend; ///< What accumulate finds in the result.
  std::vector<float> output; ///< Of the ReLU before the layer.
};

} // namespace lacuna::testing

#endif // LACUNA_TESTS_GRADIENT_FUSEDPROBLEM_H
