//===- ParallelFor.cpp - Kernels compiled at once -------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ParallelFor.h"

#include "lacuna/Support/Error.h"

#include <algorithm>
#include <atomic>
#include <future>
#include <string>
#include <system_error>
#include <vector>

namespace lacuna {

void parallelFor(int threads, size_t count,
                 llvm::function_ref<void(size_t)> body) {
  std::atomic<size_t> next{0};
  auto work = [&] {
    try {
      for (size_t i = next++; i < count; i = next++)
        body(i);
    } catch (...) {
      next = count;
      throw;
    }
  };
  size_t wanted = std::min(count, static_cast<size_t>(std::max(threads, 1)));
  // Waits where it is destroyed, so it goes before what threads refer to.
  std::vector<std::future<void>> others;
  try {
    for (size_t thread = 1; thread < wanted; ++thread)
      others.push_back(std::async(std::launch::async, work));
  } catch (const std::system_error &error) {
    next = count;
    throw EnvironmentError(
        "cannot start thread " + std::to_string(others.size() + 2) + " of " +
        std::to_string(wanted) + " that compile: " + error.what() +
        "; ask for fewer threads");
  }
  work();
  for (std::future<void> &other : others)
    other.get();
}

} // namespace lacuna
