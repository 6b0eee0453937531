//===- MutationBenchmark.h - Time of a mutation of all layers ---*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_BENCHMARKS_MUTATIONBENCHMARK_H
#define LACUNA_BENCHMARKS_MUTATIONBENCHMARK_H

#include "lacuna/Runtime/KernelProvider.h"
#include "lacuna/Runtime/Network.h"
#include "lacuna/Runtime/ThreadPool.h"

#include <string>

namespace lacuna::benchmarks {

struct MutationBenchmarkOptions {
  std::string model = "resnet-32";
  std::string method = "mest-em";
  Scheme scheme = Scheme::Block;
  double sparsity = 0.9;
  int rounds = 10; ///< Mutations timed.
};

/// Seconds, of one core.
struct MutationTiming {
  int64_t sparseLayers = 0, sparseWeights = 0;
  int64_t activeWeights = 0; ///< After the last mutation.
  int mutations = 0;         ///< That the method made; 0 if it makes none.
  /// Choosing what goes and what comes, and moving what stays.
  double best = 0, median = 0;
  /// Packing the streams of all kernels after it.
  double bestRepack = 0, medianRepack = 0;
};

/// Lets a method mutate a network without training it: between mutations,
/// weights take one step against random gradients. What RigL chooses by them
/// counts as part of a mutation; what SNFS and DST do with theirs at every step
/// does not. DST starts from thresholds that leave the sparsity asked for.
/// Throws UserError for a method that chooses before training only.
MutationTiming timeMutations(const MutationBenchmarkOptions &options,
                             KernelProvider &provider, ThreadPool &pool);

} // namespace lacuna::benchmarks

#endif // LACUNA_BENCHMARKS_MUTATIONBENCHMARK_H
