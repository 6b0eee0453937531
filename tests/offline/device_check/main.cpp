//===- main.cpp - The kernels of a bundle against plain loops -------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Usage: device_check BUNDLE
// Fails when a kernel's relative error exceeds 1e-5. Kernels with fusions need
// their neighbours' operands and are left to the tests of whole networks.
//
//===----------------------------------------------------------------------===//

#include "KernelRun.h"
#include "LayerProblem.h"

#include "lacuna/Runtime/Bundle.h"
#include "lacuna/Runtime/ThreadPool.h"
#include "lacuna/Support/Error.h"
#include "lacuna/Support/Files.h"

#include <algorithm>
#include <cstdio>

using namespace lacuna;
using lacuna::testing::LayerProblem;

namespace {

constexpr double kTolerance = 1e-5;
constexpr int64_t kImages = 19;
constexpr int64_t kMaxManifestBytes = 1 << 26;

double errorOf(ThreadPool &pool, const Kernel &kernel) {
  const StreamLayout &layout = kernel.layout;
  LayerProblem problem({layout.geometry, layout.structure, kImages, 0.3, 11});
  RunArrays arrays{kImages, problem.input, {}, problem.gradient};
  std::vector<uint32_t> positions =
      problem.active.positions(problem.geometry, problem.structure);
  arrays.weights.resize(size_t(problem.geometry.weights()));
  for (size_t i = 0; i < positions.size(); ++i)
    arrays.weights[positions[i]] = problem.weights[i];
  std::vector<float> result = runKernel(pool, kernel, problem.active, arrays);
  if (layout.operation == Operation::GradWeight) {
    std::vector<float> active;
    for (uint32_t position : positions)
      active.push_back(result[position]);
    result = active;
  }
  return testing::relativeError(result, problem.truth(layout.operation, false));
}

void check(const std::string &bundle) {
  std::string path = bundle + "/" + kManifestFile;
  BundleManifest manifest =
      parseManifest(readFile(path, kMaxManifestBytes), path);
  std::unique_ptr<KernelProvider> provider = openBundle(bundle, {true});
  ThreadPool pool(2);
  double worst = 0;
  int checked = 0;
  for (const BundledKernel &kernel : manifest.kernels) {
    if (!(kernel.request.fusion == Fusion()))
      continue;
    double error = errorOf(pool, *provider->get(kernel.request));
    worst = std::max(worst, error);
    ++checked;
    if (!(error < kTolerance))
      throw InternalError(kernel.symbol + " is wrong by " +
                          std::to_string(error));
  }
  std::printf("%d kernels of %s agree, largest error %.2g\n", checked,
              manifest.cpu.c_str(), worst);
}

} // namespace

int main(int argc, char **argv) {
  if (argc != 2) {
    std::fputs("Usage: device_check BUNDLE\n", stderr);
    return static_cast<int>(ExitCode::UsageError);
  }
  try {
    check(argv[1]);
    return 0;
  } catch (const Error &error) {
    std::fprintf(stderr, "device_check: error: %s\n", error.what());
    return static_cast<int>(error.exitCode());
  }
}
