//===- KernelBenchmark.cpp - Kernels beside their dense peer --------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KernelBenchmark.h"

#include "DenseConvolution.h"
#include "KernelProblem.h"
#include "Timing.h"

#include "lacuna/Runtime/Network.h"

namespace lacuna::benchmarks {

KernelTiming timeKernel(const LayerShape &shape, Operation operation,
                        const KernelBenchmarkOptions &options,
                        KernelProvider &provider, ThreadPool &pool) {
  KernelTiming timing;
  timing.layer = shape.name;
  timing.operation = operation;
  timing.sparsity = options.scheme == Scheme::Dense ? 0 : options.sparsity;

  KernelRequest request{operation, shape.geometry,
                        structureFor(options.scheme, shape.geometry)};
  KernelProblem problem(request, options.sparsity, options.batch,
                        provider.lanes());
  double compiled = provider.statistics().compileSeconds;
  std::shared_ptr<const Kernel> kernel = provider.get(request);
  timing.compileSeconds = provider.statistics().compileSeconds - compiled;
  Streams streams;
  timing.packSeconds =
      bestInTurns(
          {[&] { streams = packStreams(kernel->layout, problem.active); }}, 3)
          .front();

  BoundKernel bound(problem, kernel, pool);
  std::vector<std::function<void()>> sides{[&] { bound.run(); }};
  if (auto dense = denseConvolution(operation, shape.geometry, options.batch))
    sides.push_back(std::move(dense));
  std::vector<double> best = bestInTurns(sides, options.rounds);
  timing.lacunaSeconds = best[0];
  timing.denseSeconds = best.size() > 1 ? best[1] : 0;

  Extent2d plane = shape.geometry.output();
  double flops = 2.0 * double(bound.streamValues()) * double(plane.height) *
                 double(plane.width) * double(options.batch);
  if (options.peakGflops > 0)
    timing.shareOfPeak = flops / timing.lacunaSeconds / 1e9 /
                         (options.peakGflops * pool.threads());
  return timing;
}

} // namespace lacuna::benchmarks
