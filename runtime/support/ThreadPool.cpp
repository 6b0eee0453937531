//===- ThreadPool.cpp - Threads with a fixed partition --------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A training step makes some hundred short parallel calls, so both sides spin
// for a moment before they sleep: the next call usually comes within it.
//
//===----------------------------------------------------------------------===//

#include "lacuna/Runtime/ThreadPool.h"

#include "lacuna/Support/Error.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace lacuna {

namespace {

constexpr std::chrono::microseconds kSpinTime(20);
/// Reading the clock costs more than a pause; look at it every so many.
constexpr int kPausesPerClock = 16;

inline void pauseCpu() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield" ::: "memory");
#endif
}

/// Waits a moment for `ready`; returns whether it came true.
template <typename Predicate> bool spinUntil(const Predicate &ready) {
  auto deadline = std::chrono::steady_clock::now() + kSpinTime;
  do {
    for (int i = 0; i < kPausesPerClock; ++i) {
      if (ready())
        return true;
      pauseCpu();
    }
  } while (std::chrono::steady_clock::now() < deadline);
  return ready();
}

/// A condition to wait for. `sleepers` lets the side that makes it true skip
/// the lock when nobody sleeps; both sides' accesses are sequentially
/// consistent, so one of them always sees the other.
class Gate {
public:
  template <typename Predicate> void wait(const Predicate &ready) {
    if (spinUntil(ready))
      return;
    std::unique_lock<std::mutex> lock(mutex);
    sleepers.fetch_add(1);
    condition.wait(lock, ready);
    sleepers.fetch_sub(1);
  }

  void wake() {
    if (sleepers.load() == 0)
      return;
    {
      std::lock_guard<std::mutex> lock(mutex);
    }
    condition.notify_all();
  }

private:
  std::mutex mutex;
  std::condition_variable condition;
  std::atomic<int> sleepers{0};
};

} // namespace

struct ThreadPool::Impl {
  using Task = std::function<void(int, int64_t, int64_t)>;

  int threads = 1;
  std::vector<std::thread> workers;

  Gate start, finish;
  std::atomic<uint64_t> round{0};
  std::atomic<int> pending{0};
  std::atomic<bool> stopping{false};
  std::atomic<bool> running{false};

  const Task *task = nullptr;
  int64_t count = 0;
  std::vector<std::exception_ptr> failures;

  std::pair<int64_t, int64_t> range(int thread) const {
    int64_t share = count / threads, rest = count % threads;
    int64_t begin = thread * share + std::min<int64_t>(thread, rest);
    return {begin, begin + share + (thread < rest ? 1 : 0)};
  }

  void runRange(int thread) noexcept {
    auto [begin, end] = range(thread);
    if (begin == end)
      return;
    try {
      (*task)(thread, begin, end);
    } catch (...) {
      failures[static_cast<size_t>(thread)] = std::current_exception();
    }
  }

  void work(int thread) {
    uint64_t seen = 0;
    while (true) {
      start.wait([&] { return round.load() != seen || stopping.load(); });
      if (stopping.load())
        return;
      ++seen;
      runRange(thread);
      if (pending.fetch_sub(1) == 1)
        finish.wake();
    }
  }

  void stop() {
    stopping.store(true);
    start.wake();
    for (std::thread &worker : workers)
      worker.join();
  }
};

ThreadPool::ThreadPool(int threads) : impl(std::make_unique<Impl>()) {
  if (threads < 1 || threads > kMaxThreads)
    throw UserError("threads: is " + std::to_string(threads) +
                    ", must be between 1 and " + std::to_string(kMaxThreads));
  impl->threads = threads;
  impl->failures.resize(static_cast<size_t>(threads));
  impl->workers.reserve(static_cast<size_t>(threads - 1));
  try {
    for (int thread = 1; thread < threads; ++thread)
      impl->workers.emplace_back(
          [pool = impl.get(), thread] { pool->work(thread); });
  } catch (const std::system_error &error) {
    impl->stop();
    throw EnvironmentError("cannot start thread " +
                           std::to_string(impl->workers.size() + 1) + " of " +
                           std::to_string(threads) + ": " + error.what() +
                           "; ask for fewer threads");
  }
}

ThreadPool::~ThreadPool() { impl->stop(); }

int ThreadPool::threads() const { return impl->threads; }

void ThreadPool::run(int64_t count,
                     const std::function<void(int, int64_t, int64_t)> &task) {
  if (impl->running.exchange(true))
    throw UserError("ThreadPool::run: was called while it was running, by "
                    "another thread or by one of its own tasks; give each "
                    "thread that trains or evaluates a pool of its own");
  impl->task = &task;
  impl->count = std::max<int64_t>(count, 0);
  // One item lies in the caller's range, so nobody else need wake up.
  bool alone = impl->threads == 1 || impl->count <= 1;
  if (!alone) {
    impl->pending.store(impl->threads - 1);
    impl->round.fetch_add(1);
    impl->start.wake();
  }
  impl->runRange(0);
  if (!alone)
    impl->finish.wait([&] { return impl->pending.load() == 0; });

  std::exception_ptr first;
  for (std::exception_ptr &failure : impl->failures) {
    std::exception_ptr taken = std::exchange(failure, nullptr);
    if (!first)
      first = taken;
  }
  impl->running.store(false);
  if (first)
    std::rethrow_exception(first);
}

} // namespace lacuna
