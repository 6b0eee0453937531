//===- ScheduleSearchTest.cpp - What a search keeps and what it refuses ---===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ScheduleSearch.h"

#include "Timing.h"

#include "lacuna/Support/Error.h"

#include <gtest/gtest.h>

namespace lacuna::benchmarks {
namespace {

constexpr int64_t kLanes = 8;
constexpr int64_t kChannels = 8;

/// Takes so many microseconds, whatever else the machine does.
void spin(double microseconds) {
  for (double start = now(); now() - start < microseconds * 1e-6;)
    ;
}

void slow(const lacuna_kernel_operands *, int64_t, int64_t) { spin(200); }
void fast(const lacuna_kernel_operands *, int64_t, int64_t) { spin(100); }
void fastest(const lacuna_kernel_operands *, int64_t, int64_t) { spin(50); }
void wrong(const lacuna_kernel_operands *operands, int64_t, int64_t) {
  operands->result[0] = 7;
  spin(50);
}

/// Kernels that only take time, by the channels they pack.
class TimedProvider : public KernelProvider {
public:
  std::vector<lacuna_kernel_fn> entries; ///< For chunks of 1, 2, 3, ...

  int64_t lanes() const override { return kLanes; }
  ProviderStatistics statistics() const override { return {}; }

  std::shared_ptr<const Kernel> get(const KernelRequest &request) override {
    Schedule schedule;
    schedule.lanes = kLanes;
    schedule.channelChunk = 1;
    if (request.schedule)
      schedule = *request.schedule;
    return std::make_shared<Kernel>(Kernel{
        "key", "chunk" + std::to_string(schedule.channelChunk),
        StreamLayout(request.operation, request.geometry, request.structure,
                     schedule),
        request.fusion,
        entries.at(static_cast<size_t>(schedule.channelChunk - 1)), nullptr});
  }
};

class ScheduleSearchTest : public ::testing::Test {
protected:
  ScheduleSearchResult search(std::vector<lacuna_kernel_fn> entries) {
    TimedProvider provider;
    provider.entries = std::move(entries);
    options.batch = kLanes;
    options.sparsity = 0.5;
    options.neighbours = [&](const Schedule &from) {
      std::vector<Schedule> next;
      Schedule one = from;
      if (++one.channelChunk <= int64_t(provider.entries.size()))
        next.push_back(one);
      return next;
    };
    KernelRequest request{Operation::Forward,
                          Geometry::linear(kChannels, kChannels),
                          Structure::unstructured()};
    ThreadPool pool(1);
    return searchSchedule(request, options, provider, pool);
  }

  ScheduleSearchOptions options;
};

TEST_F(ScheduleSearchTest, ClimbsAsLongAsItGetsFaster) {
  ScheduleSearchResult found = search({slow, fast, fastest, slow});
  EXPECT_TRUE(found.improved);
  EXPECT_EQ(found.chosen.channelChunk, 1);
  EXPECT_EQ(found.best.channelChunk, 3);
  EXPECT_EQ(found.tried, 3);
  EXPECT_GE(found.chosenSeconds, 200e-6);
  EXPECT_LT(found.bestSeconds, found.chosenSeconds);
}

TEST_F(ScheduleSearchTest, KeepsTheChoiceThatNoneBeats) {
  ScheduleSearchResult found = search({fast, slow, fastest});
  EXPECT_FALSE(found.improved);
  EXPECT_EQ(found.best.channelChunk, 1);
  EXPECT_EQ(found.tried, 1) << "what lies behind a slower one is not reached";
}

TEST_F(ScheduleSearchTest, WantsMoreThanTheMargin) {
  options.margin = 0.6;
  ScheduleSearchResult found = search({slow, fast});
  EXPECT_FALSE(found.improved);
  EXPECT_EQ(found.best.channelChunk, 1);
  EXPECT_LT(found.bestSeconds, found.chosenSeconds);
}

TEST_F(ScheduleSearchTest, BeginsWithAnEarlierFind) {
  options.earlier = Schedule{};
  options.earlier->lanes = kLanes;
  options.earlier->channelChunk = 3;
  ScheduleSearchResult found = search({fast, slow, fastest});
  EXPECT_TRUE(found.improved);
  EXPECT_EQ(found.best.channelChunk, 3);
}

TEST_F(ScheduleSearchTest, StopsWhenTimeIsUp) {
  options.seconds = 0;
  ScheduleSearchResult found = search({slow, fast});
  EXPECT_EQ(found.tried, 0);
  EXPECT_FALSE(found.improved);
}

TEST_F(ScheduleSearchTest, RefusesAnotherResult) {
  try {
    search({slow, wrong});
    FAIL() << "a wrong kernel won";
  } catch (const InternalError &error) {
    EXPECT_NE(std::string(error.what()).find("chunk1 and chunk2"),
              std::string::npos)
        << error.what();
  }
}

} // namespace
} // namespace lacuna::benchmarks
