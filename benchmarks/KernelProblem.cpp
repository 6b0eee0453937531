//===- KernelProblem.cpp - Operands of one kernel -------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KernelProblem.h"

#include "lacuna/Runtime/Method.h"
#include "lacuna/Runtime/Random.h"

namespace lacuna::benchmarks {

namespace {

enum Purpose : uint32_t {
  kInput = 1,
  kOutput,
  kWeights,
  kNormInput,
  kNormOutput,
  kBias,
  kScale,
  kShift,
  kMean
};

void fillUniform(float *values, int64_t size, uint32_t purpose) {
  RandomStream random(1, RandomPurpose::Test, purpose);
  for (int64_t i = 0; i < size; ++i)
    values[i] = 2 * random.uniform() - 1;
}

std::vector<float> uniform(int64_t size, uint32_t purpose) {
  std::vector<float> values(static_cast<size_t>(size));
  fillUniform(values.data(), size, purpose);
  return values;
}

Tensor activations(int64_t images, int64_t channels, const Extent2d &plane,
                   int64_t lanes, uint32_t purpose) {
  Tensor tensor({images, channels, plane.height, plane.width, lanes});
  fillUniform(tensor.data(), tensor.shape().floats(), purpose);
  return tensor;
}

ActiveSet drawActive(const KernelRequest &request, double sparsity) {
  if (request.structure.scheme == Scheme::Dense)
    return {};
  SparseParameter parameter("layer", request.geometry, request.structure);
  RandomStream stream(/*seed=*/1, RandomPurpose::InitialMask);
  return randomUnits(parameter, sparsity, stream);
}

} // namespace

KernelProblem::KernelProblem(const KernelRequest &request, double sparsity,
                             int64_t batch, int64_t lanes)
    : request(request), active(drawActive(request, sparsity)),
      weights(uniform(active.values(request.geometry, request.structure),
                      kWeights)) {
  const Geometry &geometry = request.geometry;
  auto inputLike = [&](uint32_t purpose) {
    return activations(batch, geometry.inChannels, geometry.input, lanes,
                       purpose);
  };
  input = inputLike(kInput);
  output = activations(batch, geometry.outChannels, geometry.output(), lanes,
                       kOutput);
  if (request.fusion.normGradient)
    normInput = inputLike(kNormInput);
  if (request.fusion.normResidual)
    normOutput = inputLike(kNormOutput);
  bias = uniform(geometry.outChannels, kBias);
  scale = uniform(geometry.inChannels, kScale);
  shift = uniform(geometry.inChannels, kShift);
  mean = uniform(geometry.inChannels, kMean);
}

Tensor &KernelProblem::result() {
  return request.operation == Operation::GradInput ? input : output;
}

void KernelProblem::resetResult() {
  fillUniform(result().data(), result().shape().floats(),
              request.operation == Operation::GradInput ? kInput : kOutput);
}

lacuna_kernel_operands KernelProblem::operands() {
  lacuna_kernel_operands operands{};
  operands.batch_blocks = input.shape().blocks();
  operands.source =
      request.operation == Operation::GradInput ? output.data() : input.data();
  if (request.operation == Operation::GradWeight)
    operands.gradient = output.data();
  else
    operands.result = result().data();
  if (request.fusion.bias)
    operands.bias = bias.data();
  if (request.fusion.normalise || request.fusion.normGradient) {
    operands.source_scale = scale.data();
    operands.source_shift = shift.data();
  }
  if (request.fusion.normGradient) {
    operands.norm_input = normInput.data();
    operands.norm_mean = mean.data();
  }
  if (request.fusion.normResidual)
    operands.norm_output = normOutput.data();
  return operands;
}

BoundKernel::BoundKernel(KernelProblem &problem,
                         std::shared_ptr<const Kernel> bound, ThreadPool &pool)
    : problem(problem), kernel(std::move(bound)), pool(pool),
      streams(packStreams(kernel->layout, problem.active)),
      operands(problem.operands()) {
  const StreamLayout &layout = kernel->layout;
  bool gradWeight = layout.operation == Operation::GradWeight;
  auto scratchOf = [](int64_t floats) {
    return Buffer<float>(MemoryKind::Scratch, floats);
  };
  scratch = scratchOf(layout.scratchFloats() * pool.threads());
  operands.offsets = streams.offsets.data();
  operands.indices = streams.indices.data();
  if (gradWeight) {
    weightGradient = Buffer<float>(MemoryKind::Gradients, streams.values());
    laneSums = scratchOf(streams.values() * layout.schedule.lanes);
    operands.result = weightGradient.data();
    operands.lanes = laneSums.data();
  } else {
    values = Buffer<float>(MemoryKind::Streams, streams.values());
    for (int64_t i = 0; i < streams.values(); ++i)
      values[i] = problem.weights[streams.valueOrder[i]];
    operands.values = values.data();
  }
  const Fusion &fusion = kernel->fusion;
  if (fusion.statistics || fusion.normGradient) {
    statistics = scratchOf(layout.statisticsFloats(operands.batch_blocks));
    operands.statistics = statistics.data();
  }
}

void BoundKernel::run() {
  const StreamLayout &layout = kernel->layout;
  pool.run(layout.workItems(operands.batch_blocks),
           [&](int thread, int64_t begin, int64_t end) {
             lacuna_kernel_operands own = operands;
             own.scratch = scratch.data() + thread * layout.scratchFloats();
             kernel->entry(&own, begin, end);
           });
}

KernelResults BoundKernel::results() const {
  KernelResults results;
  if (kernel->layout.operation == Operation::GradWeight) {
    results.values.resize(problem.weights.size());
    for (int64_t i = 0; i < streams.values(); ++i)
      results.values[streams.valueOrder[i]] = weightGradient[i];
  } else {
    const Tensor &tensor = problem.result();
    results.values.assign(tensor.data(),
                          tensor.data() + tensor.shape().floats());
  }
  // [batch block][row of tiles][channel][2][lane]: rows depend on the schedule.
  int64_t sums =
      kernel->layout.targetChannels * 2 * kernel->layout.schedule.lanes;
  if (statistics.size() > 0)
    results.sums.resize(static_cast<size_t>(sums));
  for (int64_t i = 0; i < statistics.size(); ++i)
    results.sums[static_cast<size_t>(i % sums)] += statistics[i];
  return results;
}

} // namespace lacuna::benchmarks
