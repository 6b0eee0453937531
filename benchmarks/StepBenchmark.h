//===- StepBenchmark.h - A whole training step ------------------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_BENCHMARKS_STEPBENCHMARK_H
#define LACUNA_BENCHMARKS_STEPBENCHMARK_H

#include "lacuna/Runtime/KernelProvider.h"
#include "lacuna/Runtime/Memory.h"
#include "lacuna/Runtime/Profile.h"
#include "lacuna/Runtime/ThreadPool.h"

#include <string>

namespace lacuna::benchmarks {

struct StepBenchmarkOptions {
  std::string model = "resnet-32";
  Scheme scheme = Scheme::Block;
  double sparsity = 0.9;
  int64_t batch = 64;
  int steps = 20;
  bool fuse = true;
};

/// Times are of the fastest step, in seconds, but for the mutation.
struct StepTiming {
  double step = 0;
  Profile profile;
  double optimiser = 0;
  /// Compiling or loading the kernels of all layers, and packing their streams.
  double prepare = 0;
  /// One mutation of all layers, and the packing of its streams.
  double mutation = 0;
  double repack = 0;
  /// Multiply-adds of a step's sparse and dense layers, forward and backward.
  double multiplyAdds = 0;
  /// Bytes that a step must move at least: each activation tensor written once
  /// and read once in forward, read once and its gradient written and read once
  /// in backward.
  double leastBytes = 0;
  int64_t peakResidentBytes = 0;
  MemoryUsage memory;
};

/// Trains on random images; needs no data.
StepTiming timeStep(const StepBenchmarkOptions &options,
                    KernelProvider &provider, ThreadPool &pool);

} // namespace lacuna::benchmarks

#endif // LACUNA_BENCHMARKS_STEPBENCHMARK_H
