//===- ParallelFor.cpp - Kernels compiled at once -------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ParallelFor.h"

#include "lacuna/Runtime/ThreadPool.h"

#include <algorithm>
#include <atomic>

namespace lacuna {

void parallelFor(int threads, size_t count,
                 llvm::function_ref<void(size_t)> body) {
  int most = std::clamp(threads, 1, ThreadPool::kMaxThreads);
  ThreadPool pool(static_cast<int>(
      std::clamp<size_t>(count, 1, static_cast<size_t>(most))));
  // Kernels take long or short to compile: who is free takes the next.
  std::atomic<size_t> next{0};
  pool.run(pool.threads(), [&](int, int64_t, int64_t) {
    try {
      for (size_t i = next++; i < count; i = next++)
        body(i);
    } catch (...) {
      next = count;
      throw;
    }
  });
}

} // namespace lacuna
