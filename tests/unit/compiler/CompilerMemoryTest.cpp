//===- CompilerMemoryTest.cpp - Memory given back after compiling ---------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Compiler/CompilerMemory.h"

#include "lacuna/Compiler/JitProvider.h"

#include <gtest/gtest.h>

#include <fstream>
#include <unistd.h>

namespace lacuna {
namespace {

int64_t residentBytes() {
  std::ifstream file("/proc/self/statm");
  int64_t total = 0, resident = 0;
  file >> total >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

KernelRequest linear(int64_t features) {
  KernelRequest request;
  request.geometry = Geometry::linear(features, 8);
  request.structure = Structure::unstructured();
  return request;
}

TEST(CompilerMemory, ComesBackWhenKernelsCompileAgain) {
  ProviderOptions options;
  options.noDiskCache = true;
  std::unique_ptr<KernelProvider> provider = createJitProvider(options);
  provider->get(linear(16));
  int64_t before = residentBytes();
  releaseCompilerMemory();
  // LLVM and MLIR have read tens of megabytes of their code.
  EXPECT_LT(residentBytes(), before - (int64_t(20) << 20));
  EXPECT_NE(provider->get(linear(24))->entry, nullptr);
  EXPECT_EQ(provider->statistics().compiles, 2);
}

} // namespace
} // namespace lacuna
