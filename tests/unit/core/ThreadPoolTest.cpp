//===- ThreadPoolTest.cpp - Threads with a fixed partition ----------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Runtime/ThreadPool.h"

#include "lacuna/Support/Error.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace lacuna;

namespace {

struct Range {
  int thread;
  int64_t begin, end;
  bool operator==(const Range &o) const {
    return thread == o.thread && begin == o.begin && end == o.end;
  }
  bool operator<(const Range &o) const { return thread < o.thread; }
};

std::vector<Range> rangesOf(ThreadPool &pool, int64_t count) {
  std::mutex mutex;
  std::vector<Range> ranges;
  pool.run(count, [&](int thread, int64_t begin, int64_t end) {
    std::lock_guard<std::mutex> lock(mutex);
    ranges.push_back({thread, begin, end});
  });
  std::sort(ranges.begin(), ranges.end());
  return ranges;
}

TEST(ThreadPool, CoversEveryItemOnceAtFixedPlaces) {
  for (int threads : {1, 2, 3, 7}) {
    ThreadPool pool(threads);
    EXPECT_EQ(pool.threads(), threads);
    for (int64_t count : {0, 1, 2, 3, 10, 1000}) {
      std::vector<Range> ranges = rangesOf(pool, count);
      int64_t next = 0;
      for (const Range &range : ranges) {
        EXPECT_EQ(range.begin, next);
        EXPECT_LT(range.begin, range.end);
        next = range.end;
      }
      EXPECT_EQ(next, count);
      EXPECT_LE(ranges.size(), size_t(threads));
      EXPECT_EQ(rangesOf(pool, count), ranges);
    }
  }
}

TEST(ThreadPool, OneThreadRunsInline) {
  ThreadPool pool(1);
  std::thread::id caller = std::this_thread::get_id(), seen;
  pool.run(5,
           [&](int, int64_t, int64_t) { seen = std::this_thread::get_id(); });
  EXPECT_EQ(seen, caller);
}

TEST(ThreadPool, ManyShortRounds) {
  ThreadPool pool(3);
  std::atomic<int64_t> total{0};
  for (int round = 0; round < 3000; ++round)
    pool.run(6, [&](int, int64_t begin, int64_t end) { total += end - begin; });
  EXPECT_EQ(total.load(), 18000);
}

TEST(ThreadPool, WakesSleepers) {
  ThreadPool pool(3);
  std::atomic<int64_t> total{0};
  for (int round = 0; round < 20; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    pool.run(3, [&](int thread, int64_t, int64_t) {
      if (thread == 1)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      ++total;
    });
  }
  EXPECT_EQ(total.load(), 60);
}

TEST(ThreadPool, RethrowsTheLowestThreadsException) {
  ThreadPool pool(3);
  for (int round = 0; round < 50; ++round) {
    try {
      pool.run(3, [](int thread, int64_t, int64_t) {
        if (thread > 0)
          throw std::runtime_error("thread " + std::to_string(thread));
      });
      FAIL() << "nothing was thrown";
    } catch (const std::runtime_error &error) {
      EXPECT_STREQ(error.what(), "thread 1");
    }
    EXPECT_EQ(rangesOf(pool, 3).size(), 3u);
  }
}

TEST(ThreadPool, NestedRunIsReported) {
  for (int threads : {1, 2}) {
    ThreadPool pool(threads);
    EXPECT_THROW(pool.run(2,
                          [&](int, int64_t, int64_t) {
                            pool.run(1, [](int, int64_t, int64_t) {});
                          }),
                 UserError);
    EXPECT_FALSE(rangesOf(pool, 2).empty());
  }
}

TEST(ThreadPool, RejectsBadThreadCounts) {
  for (int threads : {-1, 0, 257})
    EXPECT_THROW(ThreadPool pool(threads), UserError);
}

} // namespace
