//===- MicroBenchmark.cpp - The hot pieces, one by one --------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Google Benchmark over pieces that steps and mutations are made of, on the
// shapes of ResNet-32's middle layers, batch 64, one thread. Figures beside
// peers come from `lacuna bench`; these tell whether a change of one piece
// helped.
//
//===----------------------------------------------------------------------===//

#include "KernelProblem.h"

#include "lacuna/Compiler/JitProvider.h"
#include "lacuna/Runtime/Method.h"
#include "lacuna/Runtime/Network.h"
#include "lacuna/Runtime/Operators.h"
#include "lacuna/Runtime/Random.h"

#include <benchmark/benchmark.h>

#include <string>
#include <vector>

namespace lacuna::benchmarks {
namespace {

constexpr double kSparsity = 0.9;
constexpr int64_t kBatch = 64;
constexpr int64_t kChannels = 64;
constexpr int64_t kPlane = 16;

ThreadPool &onePool() {
  static ThreadPool pool(1);
  return pool;
}

KernelProvider &provider() {
  static std::unique_ptr<KernelProvider> jit = [] {
    ProviderOptions options;
    options.noDiskCache = true;
    return createJitProvider(options);
  }();
  return *jit;
}

Geometry layer() {
  return Geometry::conv2d(kChannels, kChannels, {kPlane, kPlane}, {3, 3},
                          {1, 1}, {1, 1});
}

KernelRequest requestFor(Scheme scheme, Operation operation) {
  return {operation, layer(), structureFor(scheme, layer())};
}

Tensor randomTensor(uint32_t purpose) {
  Tensor tensor({kBatch, kChannels, kPlane, kPlane, operators::hostLanes()});
  RandomStream random(1, RandomPurpose::Test, purpose);
  for (int64_t i = 0; i < tensor.shape().floats(); ++i)
    tensor.data()[i] = random.normal();
  return tensor;
}

/// So that rates are of bytes that an operator must read and write.
void countBytes(benchmark::State &state, int64_t tensors) {
  constexpr int64_t kBytes =
      kBatch * kChannels * kPlane * kPlane * int64_t(sizeof(float));
  state.SetBytesProcessed(state.iterations() * tensors * kBytes);
}

//===----------------------------------------------------------------------===//
// Kernels and streams
//===----------------------------------------------------------------------===//

void runKernel(benchmark::State &state, Scheme scheme, Operation operation) {
  KernelRequest request = requestFor(scheme, operation);
  KernelProblem problem(request, kSparsity, kBatch, provider().lanes());
  BoundKernel kernel(problem, provider().get(request), onePool());
  for (auto _ : state)
    kernel.run();
  state.counters["FLOPS"] = benchmark::Counter(
      2.0 * double(kernel.streamValues()) * kPlane * kPlane * kBatch,
      benchmark::Counter::kIsIterationInvariantRate);
}

void pack(benchmark::State &state, Scheme scheme, Operation operation) {
  KernelRequest request = requestFor(scheme, operation);
  KernelProblem problem(request, kSparsity, kBatch, provider().lanes());
  StreamLayout layout = provider().get(request)->layout;
  int64_t values = 0;
  for (auto _ : state) {
    Streams streams = packStreams(layout, problem.active);
    values = streams.values();
    benchmark::DoNotOptimize(streams.indices.data());
  }
  state.SetItemsProcessed(state.iterations() * values);
}

/// Three units in ten go, as many come back.
void select(benchmark::State &state, Scheme scheme) {
  SparseParameter parameter("layer", layer(), structureFor(scheme, layer()));
  RandomStream random(1, RandomPurpose::InitialMask);
  parameter.activate(randomUnits(parameter, kSparsity, random));
  int64_t active = parameter.activeUnits();
  std::vector<double> scores;
  for (int64_t unit = 0; unit < active; ++unit)
    scores.push_back(random.uniform());
  for (auto _ : state) {
    pruneToUnits(parameter, active * 7 / 10, scores);
    growToUnits(parameter, active, random);
  }
  state.SetItemsProcessed(state.iterations() * active);
}

//===----------------------------------------------------------------------===//
// Operators
//===----------------------------------------------------------------------===//

void batchStatistics(benchmark::State &state) {
  Tensor input = randomTensor(1);
  std::vector<float> mean(kChannels), variance(kChannels);
  for (auto _ : state)
    operators::batchStatistics(onePool(), input, mean.data(), variance.data());
  countBytes(state, 1);
}

void batchNormForward(benchmark::State &state) {
  Tensor input = randomTensor(1), output = randomTensor(2);
  std::vector<float> scale(kChannels, 2), shift(kChannels, 1);
  for (auto _ : state)
    operators::scaleShift(onePool(), input, scale.data(), shift.data(), nullptr,
                          true, output);
  countBytes(state, 2);
}

void batchNormReduce(benchmark::State &state) {
  Tensor input = randomTensor(1), gradient = randomTensor(2);
  std::vector<float> mean(kChannels), sum(kChannels), dot(kChannels);
  for (auto _ : state)
    operators::batchNormReduce(onePool(), input, gradient, mean.data(),
                               sum.data(), dot.data());
  countBytes(state, 2);
}

void batchNormBackward(benchmark::State &state) {
  Tensor input = randomTensor(1), gradient = randomTensor(2),
         result = randomTensor(3);
  std::vector<float> factors(kChannels, 0.5f);
  for (auto _ : state)
    operators::affineCombine(onePool(), gradient, input, factors.data(),
                             factors.data(), factors.data(), result);
  countBytes(state, 3);
}

Tensor pooled() {
  return Tensor(
      {kBatch, kChannels, kPlane / 2, kPlane / 2, operators::hostLanes()});
}

void maxPool(benchmark::State &state) {
  Tensor input = randomTensor(1), output = pooled();
  for (auto _ : state)
    operators::maxPool(onePool(), input, {2, 2}, output);
  countBytes(state, 1);
}

void maxPoolBackward(benchmark::State &state) {
  Tensor input = randomTensor(1), output = pooled(), gradient = pooled(),
         result = randomTensor(2);
  operators::maxPool(onePool(), input, {2, 2}, output);
  operators::maxPool(onePool(), input, {2, 2}, gradient);
  for (auto _ : state)
    operators::maxPoolBackward(onePool(), input, output, gradient, {2, 2},
                               result);
  countBytes(state, 2);
}

void averagePool(benchmark::State &state) {
  Tensor input = randomTensor(1);
  Tensor output({kBatch, kChannels, 1, 1, operators::hostLanes()});
  for (auto _ : state)
    operators::averagePool(onePool(), input, kPlane, output);
  countBytes(state, 1);
}

/// CIFAR-10's augmentation: padded by four, cropped, flipped, normalised.
void augment(benchmark::State &state) {
  constexpr int64_t kColours = 3, kSide = 32, kPad = 4;
  RandomStream random(1, RandomPurpose::Test);
  std::vector<uint8_t> images(kBatch * kColours * kSide * kSide);
  for (uint8_t &pixel : images)
    pixel = static_cast<uint8_t>(random.next());
  std::vector<uint32_t> index;
  std::vector<operators::Placement> placements;
  for (uint32_t image = 0; image < kBatch; ++image) {
    index.push_back(image);
    placements.push_back(
        {int32_t(image % 9), int32_t(image % 7), image % 2 == 0});
  }
  float mean[kColours] = {0.5f, 0.5f, 0.5f};
  float deviation[kColours] = {0.25f, 0.25f, 0.25f};
  Tensor output({kBatch, kColours, kSide, kSide, operators::hostLanes()});
  for (auto _ : state)
    operators::loadImages(onePool(), images.data(), kColours, kSide, kSide,
                          index.data(), kBatch, placements.data(), kPad, mean,
                          deviation, operators::hostLanes(), output);
  state.SetItemsProcessed(state.iterations() * kBatch);
}

void registerAll() {
  auto add = [](const std::string &name, auto run) {
    benchmark::RegisterBenchmark(name.c_str(), run)
        ->Unit(benchmark::kMicrosecond);
  };
  for (Scheme scheme :
       {Scheme::Dense, Scheme::Unstructured, Scheme::Block, Scheme::Pattern}) {
    std::string suffix = "/" + std::string(schemeName(scheme));
    for (Operation operation : kAllOperations) {
      std::string both = suffix + "/" + std::string(operationName(operation));
      add("kernel" + both, [=](benchmark::State &state) {
        runKernel(state, scheme, operation);
      });
      add("pack" + both,
          [=](benchmark::State &state) { pack(state, scheme, operation); });
    }
    if (scheme != Scheme::Dense)
      add("select" + suffix,
          [=](benchmark::State &state) { select(state, scheme); });
  }
  add("batch-norm/statistics", batchStatistics);
  add("batch-norm/forward", batchNormForward);
  add("batch-norm/reduce", batchNormReduce);
  add("batch-norm/backward", batchNormBackward);
  add("pool/max", maxPool);
  add("pool/max-backward", maxPoolBackward);
  add("pool/average", averagePool);
  add("augment", augment);
}

} // namespace
} // namespace lacuna::benchmarks

int main(int argc, char **argv) {
  lacuna::benchmarks::registerAll();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv))
    return 2;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
