//===- KernelProblem.h - Operands of one kernel -----------------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_BENCHMARKS_KERNELPROBLEM_H
#define LACUNA_BENCHMARKS_KERNELPROBLEM_H

#include "lacuna/Runtime/KernelProvider.h"
#include "lacuna/Runtime/Tensor.h"
#include "lacuna/Runtime/ThreadPool.h"

#include <memory>
#include <string>
#include <vector>

namespace lacuna::benchmarks {

/// What one request computes from, filled at random, and where its result goes:
/// shared by kernels that differ in their schedule.
class KernelProblem {
public:
  /// As many units are active as the sparsity leaves, drawn uniformly.
  KernelProblem(const KernelRequest &request, double sparsity, int64_t batch,
                int64_t lanes);

  const KernelRequest request;
  const ActiveSet active;
  const std::vector<float> weights; ///< Canonical values.

  /// All that does not depend on the schedule.
  lacuna_kernel_operands operands();
  /// Where forward and grad-input write.
  Tensor &result();
  /// Fills that again as it was at first.
  void resetResult();

private:
  Tensor input, output, normInput, normOutput;
  std::vector<float> bias, scale, shift, mean;
};

/// What a kernel computed, in an order that no schedule decides.
struct KernelResults {
  std::vector<double> values; ///< What it is there for.
  std::vector<double> sums;   ///< Fused: [channel][2][lane].
};

/// A kernel of a problem, with streams, values and scratch of its own.
class BoundKernel {
public:
  BoundKernel(KernelProblem &problem, std::shared_ptr<const Kernel> kernel,
              ThreadPool &pool);

  int64_t streamValues() const { return streams.values(); }
  const Schedule &schedule() const { return kernel->layout.schedule; }
  const std::string &name() const { return kernel->name; }

  void run();
  /// What the latest run left.
  KernelResults results() const;

private:
  KernelProblem &problem;
  std::shared_ptr<const Kernel> kernel;
  ThreadPool &pool;
  Streams streams;
  Buffer<float> values, weightGradient, laneSums, scratch, statistics;
  lacuna_kernel_operands operands;
};

} // namespace lacuna::benchmarks

#endif // LACUNA_BENCHMARKS_KERNELPROBLEM_H
