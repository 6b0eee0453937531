//===- FusionTest.cpp - Fused kernels against the same work unfused -------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Compiler/JitProvider.h"
#include "lacuna/Runtime/Method.h"
#include "lacuna/Runtime/Models.h"
#include "lacuna/Runtime/Random.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace lacuna {
namespace {

KernelProvider &provider() {
  static std::unique_ptr<KernelProvider> instance = [] {
    ProviderOptions options;
    options.noDiskCache = true;
    return createJitProvider(options);
  }();
  return *instance;
}

/// Everything a step computes: logits, the gradient of every parameter, and
/// the logits of an evaluation after it.
std::vector<std::vector<float>> oneStep(Scheme scheme, int64_t batch, bool fuse,
                                        int threads, uint64_t seed = 1) {
  ThreadPool pool(threads);
  Network network = makeModel("resnet-20", {3, 16, 16}, 10, scheme, fuse);
  MethodOptions methodOptions;
  methodOptions.sparsity = 0.8;
  std::unique_ptr<Method> method = makeMethod("static", methodOptions);
  MethodContext context(network, *method, 1);
  method->initialise(context);
  network.initialise(1);
  network.bind(provider(), pool);

  Tensor images({batch, 3, 16, 16, provider().lanes()});
  RandomStream random(seed, RandomPurpose::Test);
  for (int64_t i = 0; i < images.shape().floats(); ++i)
    images.data()[i] = random.normal();
  std::vector<Label> labels;
  for (int64_t i = 0; i < batch; ++i)
    labels.push_back(Label(i % 10));

  std::vector<std::vector<float>> results;
  auto keep = [&](const Tensor &tensor) {
    std::vector<float> plain(size_t(tensor.shape().images) *
                             size_t(tensor.shape().channels));
    fromBlocked(tensor, plain.data());
    results.push_back(std::move(plain));
  };
  const Tensor &logits = network.forward(images, true);
  keep(logits);
  GradientPool::Lease gradient = network.gradients().acquire(logits.shape());
  operators::softmaxCrossEntropy(pool, logits, labels.data(), &*gradient);
  network.backward(std::move(gradient));
  for (const Parameter *parameter : network.parameters())
    results.emplace_back(parameter->gradient(),
                         parameter->gradient() + parameter->size());
  keep(network.forward(images, false));
  return results;
}

double relativeError(const std::vector<float> &got,
                     const std::vector<float> &want) {
  double error = 0, norm = 0;
  for (size_t i = 0; i < want.size(); ++i) {
    error += std::pow(double(got[i]) - double(want[i]), 2);
    norm += std::pow(double(want[i]), 2);
  }
  return std::sqrt(error / norm);
}

class FusionTest : public ::testing::TestWithParam<Scheme> {};

TEST_P(FusionTest, AgreesWithTheUnfusedStep) {
  // A last block with padding images among its lanes.
  constexpr int64_t kBatch = 21;
  // A pre-activation at ReLU's kink may round to either side and change every
  // gradient before it; which data has one depends on the lanes. A wrong fusion
  // is wrong with any data.
  constexpr uint64_t kSeeds = 4;
  size_t apart = 0;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    auto fused = oneStep(GetParam(), kBatch, true, 1, seed);
    auto plain = oneStep(GetParam(), kBatch, false, 1, seed);
    ASSERT_EQ(fused.size(), plain.size());
    // Errors of single precision grow over twenty normalised layers.
    apart = 0;
    for (size_t i = 0; i < fused.size(); ++i)
      apart += relativeError(fused[i], plain[i]) < 2e-4 ? 0 : 1;
    if (apart == 0)
      return;
  }
  FAIL() << apart << " results differ, and some did with each of " << kSeeds
         << " seeds";
}

TEST_P(FusionTest, DoesNotDependOnThreads) {
  EXPECT_EQ(oneStep(GetParam(), 37, true, 1), oneStep(GetParam(), 37, true, 3));
}

INSTANTIATE_TEST_SUITE_P(Schemes, FusionTest,
                         ::testing::Values(Scheme::Dense, Scheme::Unstructured,
                                           Scheme::Block, Scheme::Pattern),
                         [](const auto &info) {
                           return std::string(schemeName(info.param));
                         });

} // namespace
} // namespace lacuna
