//===- main.cpp - The kernels of a bundle against plain loops -------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Usage: device_check BUNDLE
// Fails when the relative error of a kernel, or of the sums that are fused into
// it, exceeds 1e-5.
//
//===----------------------------------------------------------------------===//

#include "FusedProblem.h"

#include "lacuna/Runtime/Bundle.h"
#include "lacuna/Runtime/ThreadPool.h"
#include "lacuna/Support/Error.h"
#include "lacuna/Support/Files.h"

#include <algorithm>
#include <cstdio>

using namespace lacuna;
using lacuna::testing::FusedProblem;

namespace {

constexpr double kTolerance = 1e-5;
constexpr int64_t kImages = 19;
constexpr int64_t kMaxManifestBytes = 1 << 26;

void check(const std::string &bundle) {
  std::string path = bundle + "/" + kManifestFile;
  BundleManifest manifest =
      parseManifest(readFile(path, kMaxManifestBytes), path);
  std::unique_ptr<KernelProvider> provider = openBundle(bundle, {true});
  ThreadPool pool(2);
  double worst = 0;
  int checked = 0;
  for (const BundledKernel &kernel : manifest.kernels) {
    const KernelRequest &request = kernel.request;
    FusedProblem problem(
        {request.geometry, request.structure, kImages, 0.3, 11},
        request.operation, request.fusion);
    double error = problem.error(*provider->get(request), pool);
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
