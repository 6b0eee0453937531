//===- MemoryBenchmark.h - Memory of training by kind -----------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_BENCHMARKS_MEMORYBENCHMARK_H
#define LACUNA_BENCHMARKS_MEMORYBENCHMARK_H

#include "lacuna/Runtime/KernelProvider.h"
#include "lacuna/Runtime/Memory.h"
#include "lacuna/Runtime/Network.h"
#include "lacuna/Runtime/ThreadPool.h"

#include <string>

namespace lacuna::benchmarks {

struct MemoryBenchmarkOptions {
  std::string model = "resnet-32";
  std::string method = "mest-em";
  Scheme scheme = Scheme::Block;
  double sparsity = 0.9;
  int64_t batch = 64;
  int epochs = 2; ///< At least 2, for methods that mutate between them.
  int64_t steps = 2;
  /// Steps between the mutations of methods that count them.
  int64_t updatePeriod = 1;
};

/// Bytes by formula, for values of `valueBytes` and indices of 16 bits: the
/// least that a format of this kind needs, with what the optimiser and the
/// gradients add. Activations, scratch and streams have no formula.
struct MemoryFormula {
  int64_t weights = 0, indices = 0, gradients = 0, optimiser = 0;

  int64_t total() const { return weights + indices + gradients + optimiser; }
};

/// Of one layer that holds so many active units and weights:
///  - unstructured: an index a weight, and a pointer a row,
///  - block: an index a block, and a pointer a row of blocks,
///  - pattern: an index and an identity a kernel, and a pointer a filter,
///  - channel: an index a filter,
///  - dense: none.
/// `copies`: values of the optimiser for each weight, 1 for SGD with momentum.
MemoryFormula layerFormula(const Geometry &geometry, const Structure &structure,
                           int64_t units, int64_t weights, int64_t copies = 1);

struct MemoryReport {
  /// Peaks of the run; what was there before is not counted.
  MemoryUsage measured;
  /// At the peak of active weights.
  MemoryFormula formula;
  /// What the same network needs when it is trained dense, by formula.
  MemoryFormula dense;
  int64_t peakActive = 0, totalWeights = 0;
  /// The largest buffer that holds weights, gradients, or what a method or an
  /// optimiser keeps for them.
  int64_t largestBuffer = 0;
  /// The largest sparse layer, dense: what no buffer of a method that never
  /// looks at dense gradients may reach. 0 without a sparse layer.
  int64_t largestDenseLayer = 0;

  bool holdsDenseBuffer() const { return largestBuffer >= largestDenseLayer; }
};

/// Trains on random images for a few steps; needs no data.
MemoryReport measureMemory(const MemoryBenchmarkOptions &options,
                           KernelProvider &provider, ThreadPool &pool);

} // namespace lacuna::benchmarks

#endif // LACUNA_BENCHMARKS_MEMORYBENCHMARK_H
