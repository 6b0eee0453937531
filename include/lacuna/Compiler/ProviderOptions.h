//===- ProviderOptions.h - What a tool tells its provider -------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Commands take a factory rather than a provider, so that they read their flags
// first, and so that tests can run them over another provider than the JIT.
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_COMPILER_PROVIDEROPTIONS_H
#define LACUNA_COMPILER_PROVIDEROPTIONS_H

#include "lacuna/Runtime/KernelProvider.h"

#include <functional>
#include <memory>
#include <string>

namespace lacuna {

struct ProviderOptions {
  int threads = 1;             ///< Threads that may compile at once.
  std::string dumpIrDirectory; ///< Where IR is written; empty: nowhere.
  std::string cacheDirectory;  ///< Disk cache; empty: the user's default.
  std::string cpu;             ///< As LLVM names it; empty: this machine's.
  int64_t cacheLimitBytes = 0; ///< Of the disk cache; 0: the default.
  /// Kernels in memory beyond which those that nobody uses go, the least
  /// recently used first; until then an undone mutation is free.
  int64_t keptKernels = 256;
  bool noDiskCache = false; ///< Neither read nor write the disk cache.
  bool recompile = false;   ///< Use no compiled kernel of the disk cache.
  bool noTuned = false;     ///< Use no tuned schedule of the disk cache.
  /// Called when prepare() is about to compile so many kernels, not for none.
  std::function<void(int64_t)> onCompile;
};

using ProviderFactory =
    std::function<std::unique_ptr<KernelProvider>(const ProviderOptions &)>;

} // namespace lacuna

#endif // LACUNA_COMPILER_PROVIDEROPTIONS_H
