//===- KernelRun.cpp - Runs compiled kernels on a problem -----------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KernelRun.h"

#include "lacuna/Compiler/JitProvider.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <thread>

namespace lacuna::testing {

namespace {

constexpr float kUnwritten = std::numeric_limits<float>::quiet_NaN();

int64_t blocksOf(int64_t images, int64_t lanes) {
  return (images + lanes - 1) / lanes;
}

/// Where element i of a logical tensor lies in the blocked one.
struct Blocking {
  int64_t images, perImage, lanes;
  int64_t floats() const { return blocksOf(images, lanes) * perImage * lanes; }
  int64_t at(int64_t i) const {
    int64_t image = i / perImage;
    return (image / lanes * perImage + i % perImage) * lanes + image % lanes;
  }
};

/// Lanes of images that do not exist hold `padding`.
GuardedArray<float> toBlocked(const std::vector<float> &values,
                              const Blocking &blocking, float padding,
                              Flush flush) {
  GuardedArray<float> result(blocking.floats(), padding, flush);
  for (size_t i = 0; i < values.size(); ++i)
    result[blocking.at(i)] = values[i];
  return result;
}

std::vector<float> fromBlocked(const GuardedArray<float> &blocked,
                               const Blocking &blocking) {
  std::vector<float> result(blocking.images * blocking.perImage);
  for (size_t i = 0; i < result.size(); ++i)
    result[i] = blocked[blocking.at(i)];
  return result;
}

} // namespace

KernelProvider &jitFor(const std::string &cpu) {
  static std::map<std::string, std::unique_ptr<KernelProvider>> providers;
  std::unique_ptr<KernelProvider> &provider = providers[cpu];
  if (!provider) {
    ProviderOptions options;
    options.cpu = cpu;
    options.noDiskCache = true;
    provider = createJitProvider(options);
  }
  return *provider;
}

int64_t workItems(const Kernel &kernel, const LayerProblem &problem) {
  return kernel.layout.workItems(
      blocksOf(problem.images, kernel.layout.schedule.lanes));
}

std::vector<float> runKernel(const Kernel &kernel, const LayerProblem &problem,
                             const std::vector<std::vector<WorkRange>> &work,
                             Flush flush) {
  const StreamLayout &layout = kernel.layout;
  int64_t lanes = layout.schedule.lanes;
  const Geometry &g = problem.geometry;
  Blocking inputs{problem.images, g.inChannels * problem.inputPlane(), lanes};
  Blocking outputs{problem.images, g.outChannels * problem.outputPlane(),
                   lanes};
  // The runtime masks the gradient; whatever else pads the batch must not leak.
  GuardedArray<float> input = toBlocked(problem.input, inputs, 7.0f, flush);
  GuardedArray<float> gradient =
      toBlocked(problem.gradient, outputs, 0.0f, flush);

  bool weightGradient = layout.operation == Operation::GradWeight;
  Streams streams = packStreams(layout, problem.active);
  GuardedArray<int32_t> offsets(streams.offsets, flush);
  GuardedArray<uint16_t> indices(streams.indices, flush);
  GuardedArray<float> bias(problem.bias, flush);
  GuardedArray<float> values(weightGradient ? 0 : streams.values(), 0, flush);
  for (int64_t i = 0; i < values.size(); ++i)
    values[i] = problem.weights[streams.valueOrder[size_t(i)]];

  bool inputGradient = layout.operation == Operation::GradInput;
  // On a plane narrower than the stride some taps reach no input pixel.
  if (inputGradient)
    EXPECT_LE(streams.values(), int64_t(problem.weights.size()));
  else
    EXPECT_EQ(streams.values(), int64_t(problem.weights.size()));
  const Blocking &targets = inputGradient ? inputs : outputs;
  GuardedArray<float> result(
      weightGradient ? streams.values() : targets.floats(), kUnwritten, flush);
  GuardedArray<float> laneSums(weightGradient ? streams.values() * lanes : 0,
                               kUnwritten, flush);
  std::vector<GuardedArray<float>> scratches;
  for (size_t thread = 0; thread < work.size(); ++thread)
    scratches.emplace_back(layout.scratchFloats(), kUnwritten, flush);

  auto runOn = [&](size_t thread) {
    lacuna_kernel_operands operands{};
    operands.source = inputGradient ? gradient.data() : input.data();
    operands.gradient = weightGradient ? gradient.data() : nullptr;
    operands.values = values.data();
    operands.offsets = offsets.data();
    operands.indices = indices.data();
    operands.bias = bias.data();
    operands.result = result.data();
    operands.scratch = scratches[thread].data();
    operands.lanes = laneSums.data();
    operands.batch_blocks = blocksOf(problem.images, lanes);
    for (const auto &[begin, end] : work[thread])
      kernel.entry(&operands, begin, end);
  };
  std::vector<std::thread> threads;
  for (size_t thread = 1; thread < work.size(); ++thread)
    threads.emplace_back(runOn, thread);
  runOn(0);
  for (std::thread &thread : threads)
    thread.join();

  EXPECT_TRUE(result.intact()) << kernel.name << " left its result";
  EXPECT_TRUE(laneSums.intact()) << kernel.name << " left its lanes";
  for (const GuardedArray<float> &scratch : scratches)
    EXPECT_TRUE(scratch.intact()) << kernel.name << " left its scratch";

  if (!weightGradient)
    return fromBlocked(result, targets);
  std::vector<float> canonical(streams.values(), kUnwritten);
  for (int64_t i = 0; i < streams.values(); ++i)
    canonical[streams.valueOrder[i]] = result[i];
  return canonical;
}

std::vector<float> runKernel(const Kernel &kernel, const LayerProblem &problem,
                             Flush flush) {
  return runKernel(kernel, problem, {{{0, workItems(kernel, problem)}}}, flush);
}

void expectTruth(KernelProvider &provider, const LayerProblem &problem,
                 Level level, const std::vector<Flush> &flushes,
                 std::optional<Level> served) {
  for (Operation operation : kAllOperations) {
    bool bias = operation == Operation::Forward;
    Fusion fusion;
    fusion.bias = bias;
    std::shared_ptr<const Kernel> kernel = provider.get(
        {operation, problem.geometry, problem.structure, fusion, level});
    EXPECT_EQ(kernel->layout.schedule.level, served.value_or(level))
        << kernel->name;
    std::vector<double> truth = problem.truth(operation, bias);
    for (Flush flush : flushes)
      EXPECT_LT(relativeError(runKernel(*kernel, problem, flush), truth),
                kTolerance)
          << kernel->name;
  }
}

} // namespace lacuna::testing
