//===- KernelBenchmark.cpp - Kernels beside their dense peer --------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KernelBenchmark.h"

#include "DenseConvolution.h"
#include "Timing.h"

#include "lacuna/Runtime/Method.h"
#include "lacuna/Runtime/Network.h"
#include "lacuna/Runtime/Random.h"
#include "lacuna/Runtime/Tensor.h"

namespace lacuna::benchmarks {

namespace {

void fillUniform(float *values, int64_t size, uint32_t purpose) {
  RandomStream random(1, RandomPurpose::Test, purpose);
  for (int64_t i = 0; i < size; ++i)
    values[i] = 2 * random.uniform() - 1;
}

Tensor activations(int64_t images, int64_t channels, const Extent2d &plane,
                   int64_t lanes, uint32_t purpose) {
  Tensor tensor({images, channels, plane.height, plane.width, lanes});
  fillUniform(tensor.data(), tensor.shape().floats(), purpose);
  return tensor;
}

/// As many units as the sparsity leaves, drawn uniformly.
ActiveSet drawActive(const LayerShape &shape, const Structure &structure,
                     double sparsity) {
  if (structure.scheme == Scheme::Dense)
    return {};
  SparseParameter parameter(shape.name, shape.geometry, structure);
  RandomStream stream(/*seed=*/1, RandomPurpose::InitialMask);
  return randomUnits(parameter, sparsity, stream);
}

} // namespace

KernelTiming timeKernel(const LayerShape &shape, Operation operation,
                        const KernelBenchmarkOptions &options,
                        KernelProvider &provider, ThreadPool &pool) {
  const Geometry &geometry = shape.geometry;
  Structure structure = structureFor(options.scheme, geometry);
  KernelTiming timing;
  timing.layer = shape.name;
  timing.operation = operation;
  timing.sparsity = options.scheme == Scheme::Dense ? 0 : options.sparsity;

  double compiled = provider.statistics().compileSeconds;
  std::shared_ptr<const Kernel> kernel =
      provider.get({operation, geometry, structure});
  timing.compileSeconds = provider.statistics().compileSeconds - compiled;
  const StreamLayout &layout = kernel->layout;

  ActiveSet active = drawActive(shape, structure, timing.sparsity);
  Streams streams;
  timing.packSeconds =
      bestInTurns({[&] { streams = packStreams(layout, active); }}, 3).front();

  int64_t lanes = provider.lanes();
  Tensor input =
      activations(options.batch, geometry.inChannels, geometry.input, lanes, 1);
  Tensor output = activations(options.batch, geometry.outChannels,
                              geometry.output(), lanes, 2);
  std::vector<float> values(streams.values());
  fillUniform(values.data(), streams.values(), 3);
  Buffer<float> weightGradient(MemoryKind::Gradients, streams.values());
  Buffer<float> laneSums(MemoryKind::Scratch, operation == Operation::GradWeight
                                                  ? streams.values() * lanes
                                                  : 0);
  Buffer<float> scratch(MemoryKind::Scratch,
                        layout.scratchFloats() * pool.threads());

  lacuna_kernel_operands operands{};
  operands.values = values.data();
  operands.offsets = streams.offsets.data();
  operands.indices = streams.indices.data();
  operands.lanes = laneSums.data();
  operands.batch_blocks = input.shape().blocks();
  switch (operation) {
  case Operation::Forward:
    operands.source = input.data();
    operands.result = output.data();
    break;
  case Operation::GradInput:
    operands.source = output.data();
    operands.result = input.data();
    break;
  case Operation::GradWeight:
    operands.source = input.data();
    operands.gradient = output.data();
    operands.result = weightGradient.data();
    break;
  }

  std::vector<std::function<void()>> sides{[&] {
    pool.run(layout.workItems(operands.batch_blocks),
             [&](int thread, int64_t begin, int64_t end) {
               lacuna_kernel_operands own = operands;
               own.scratch = scratch.data() + thread * layout.scratchFloats();
               kernel->entry(&own, begin, end);
             });
  }};
  if (auto dense = denseConvolution(operation, geometry, options.batch))
    sides.push_back(std::move(dense));
  std::vector<double> best = bestInTurns(sides, options.rounds);
  timing.lacunaSeconds = best[0];
  timing.denseSeconds = best.size() > 1 ? best[1] : 0;

  Extent2d plane = geometry.output();
  double flops = 2.0 * double(streams.values()) * double(plane.height) *
                 double(plane.width) * double(options.batch);
  if (options.peakGflops > 0)
    timing.shareOfPeak = flops / timing.lacunaSeconds / 1e9 /
                         (options.peakGflops * pool.threads());
  return timing;
}

} // namespace lacuna::benchmarks
