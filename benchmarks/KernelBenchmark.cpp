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

/// The operands of one operation of a layer, which several kernels can share:
/// only the schedule differs.
class Problem {
public:
  Problem(const LayerShape &shape, Operation operation,
          const KernelBenchmarkOptions &options, int64_t lanes)
      : geometry(shape.geometry), operation(operation),
        structure(structureFor(options.scheme, shape.geometry)),
        active(drawActive(shape, structure, options.sparsity)),
        input(activations(options.batch, geometry.inChannels, geometry.input,
                          lanes, 1)),
        output(activations(options.batch, geometry.outChannels,
                           geometry.output(), lanes, 2)) {}

  const Geometry geometry;
  const Operation operation;
  const Structure structure;
  const ActiveSet active;

  lacuna_kernel_operands operands() {
    lacuna_kernel_operands operands{};
    operands.batch_blocks = input.shape().blocks();
    operands.source =
        operation == Operation::GradInput ? output.data() : input.data();
    if (operation == Operation::GradWeight)
      operands.gradient = output.data();
    else
      operands.result =
          operation == Operation::GradInput ? input.data() : output.data();
    return operands;
  }

private:
  Tensor input, output;
};

/// A kernel with streams, values and scratch of its own.
class BoundKernel {
public:
  BoundKernel(Problem &problem, std::shared_ptr<const Kernel> kernel,
              ThreadPool &pool)
      : kernel(std::move(kernel)), pool(pool),
        streams(packStreams(this->kernel->layout, problem.active)),
        values(streams.values()),
        weightGradient(MemoryKind::Gradients, streams.values()),
        laneSums(MemoryKind::Scratch,
                 problem.operation == Operation::GradWeight
                     ? streams.values() * this->kernel->layout.schedule.lanes
                     : 0),
        scratch(MemoryKind::Scratch,
                this->kernel->layout.scratchFloats() * pool.threads()),
        operands(problem.operands()) {
    fillUniform(values.data(), streams.values(), 3);
    operands.values = values.data();
    operands.offsets = streams.offsets.data();
    operands.indices = streams.indices.data();
    operands.lanes = laneSums.data();
    if (problem.operation == Operation::GradWeight)
      operands.result = weightGradient.data();
  }

  int64_t streamValues() const { return streams.values(); }

  void run() {
    const StreamLayout &layout = kernel->layout;
    pool.run(layout.workItems(operands.batch_blocks),
             [&](int thread, int64_t begin, int64_t end) {
               lacuna_kernel_operands own = operands;
               own.scratch = scratch.data() + thread * layout.scratchFloats();
               kernel->entry(&own, begin, end);
             });
  }

private:
  std::shared_ptr<const Kernel> kernel;
  ThreadPool &pool;
  Streams streams;
  std::vector<float> values;
  Buffer<float> weightGradient, laneSums, scratch;
  lacuna_kernel_operands operands;
};

} // namespace

KernelTiming timeKernel(const LayerShape &shape, Operation operation,
                        const KernelBenchmarkOptions &options,
                        KernelProvider &provider, ThreadPool &pool) {
  KernelTiming timing;
  timing.layer = shape.name;
  timing.operation = operation;
  timing.sparsity = options.scheme == Scheme::Dense ? 0 : options.sparsity;

  Problem problem(shape, operation, options, provider.lanes());
  double compiled = provider.statistics().compileSeconds;
  std::shared_ptr<const Kernel> kernel =
      provider.get({operation, problem.geometry, problem.structure});
  timing.compileSeconds = provider.statistics().compileSeconds - compiled;
  Streams streams;
  timing.packSeconds =
      bestInTurns(
          {[&] { streams = packStreams(kernel->layout, problem.active); }}, 3)
          .front();

  BoundKernel bound(problem, kernel, pool);
  std::vector<std::function<void()>> sides{[&] { bound.run(); }};
  if (auto dense = denseConvolution(operation, problem.geometry, options.batch))
    sides.push_back(std::move(dense));
  std::vector<double> best = bestInTurns(sides, options.rounds);
  timing.lacunaSeconds = best[0];
  timing.denseSeconds = best.size() > 1 ? best[1] : 0;

  Extent2d plane = problem.geometry.output();
  double flops = 2.0 * double(bound.streamValues()) * double(plane.height) *
                 double(plane.width) * double(options.batch);
  if (options.peakGflops > 0)
    timing.shareOfPeak = flops / timing.lacunaSeconds / 1e9 /
                         (options.peakGflops * pool.threads());
  return timing;
}

std::vector<double> timeSchedules(const LayerShape &shape, Operation operation,
                                  const KernelBenchmarkOptions &options,
                                  const std::vector<Schedule> &schedules,
                                  KernelProvider &provider, ThreadPool &pool) {
  Problem problem(shape, operation, options, provider.lanes());
  std::vector<std::unique_ptr<BoundKernel>> kernels;
  std::vector<std::function<void()>> sides;
  for (const Schedule &schedule : schedules) {
    KernelRequest request{operation, problem.geometry, problem.structure};
    request.schedule = schedule;
    kernels.push_back(
        std::make_unique<BoundKernel>(problem, provider.get(request), pool));
    sides.push_back([kernel = kernels.back().get()] { kernel->run(); });
  }
  return bestInTurns(sides, options.rounds);
}

} // namespace lacuna::benchmarks
