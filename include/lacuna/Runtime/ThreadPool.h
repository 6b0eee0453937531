//===- ThreadPool.h - Threads with a fixed partition ------------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_RUNTIME_THREADPOOL_H
#define LACUNA_RUNTIME_THREADPOOL_H

#include <cstdint>
#include <functional>
#include <memory>

namespace lacuna {

/// Cuts [0, count) into one contiguous range a thread, always at the same
/// places for the same count and thread number. Every task writes only what
/// its own items own, so results are the same bits for any number of threads.
class ThreadPool {
public:
  static constexpr int kMaxThreads = 256;

  /// The caller's thread is one of `threads`; UserError unless in [1,
  /// kMaxThreads].
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool &) = delete;
  ThreadPool &operator=(const ThreadPool &) = delete;

  int threads() const;

  /// Runs task(thread, begin, end) on every thread with a non-empty range and
  /// waits. Rethrows the exception of the lowest-numbered thread that threw.
  /// For one caller at a time: UserError while another runs, or from a task.
  void run(int64_t count,
           const std::function<void(int, int64_t, int64_t)> &task);

private:
  struct Impl;
  std::unique_ptr<Impl> impl;
};

} // namespace lacuna

#endif // LACUNA_RUNTIME_THREADPOOL_H
