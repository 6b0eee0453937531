//===- TunedScheduleTest.cpp - Schedules kept in the kernel cache ---------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CompilerTest.h"

#include "lacuna/Compiler/JitProvider.h"
#include "lacuna/Compiler/KernelCache.h"
#include "lacuna/Support/Error.h"

namespace fs = std::filesystem;

namespace lacuna::testing {
namespace {

class TunedScheduleTest : public FolderTest {
protected:
  const Target target = hostTarget();
  const KernelRequest request = tinyRequest();
  const KernelPlan plan = planKernel(request, target);

  fs::path entry() const { return folder / (plan.key + ".schedule"); }

  Schedule other() const {
    Schedule schedule = plan.schedule;
    schedule.channelChunk = 2;
    return schedule;
  }

  KernelCache::Lookup lookup() {
    tuned = {};
    return KernelCache(folder).readTuned(plan, target, tuned);
  }

  template <typename Edit> void expectRefusedAfter(Edit edit) {
    ASSERT_TRUE(KernelCache(folder).writeTuned(plan, other()));
    std::string bytes = readFile(entry());
    edit(bytes);
    writeFile(entry(), bytes);
    EXPECT_EQ(lookup(), KernelCache::Lookup::Corrupt);
    EXPECT_TRUE(tuned.key.empty());
    EXPECT_FALSE(fs::exists(entry()));
  }

  std::unique_ptr<KernelProvider> provider(bool noTuned = false) {
    ProviderOptions options;
    options.cacheDirectory = folder;
    options.noTuned = noTuned;
    return createJitProvider(options);
  }

  KernelPlan tuned;
};

TEST_F(TunedScheduleTest, ReturnsThePlanWithWhatWasWritten) {
  EXPECT_EQ(lookup(), KernelCache::Lookup::Miss);
  ASSERT_TRUE(KernelCache(folder).writeTuned(plan, other()));
  ASSERT_EQ(lookup(), KernelCache::Lookup::Hit);
  EXPECT_EQ(tuned.schedule.channelChunk, 2);
  EXPECT_NE(tuned.key, plan.key);
  EXPECT_EQ(tuned.key, planKernel(request, target, other()).key);
  EXPECT_FALSE(tuned.request.schedule) << "a device asks without one";
  EXPECT_EQ(filesIn(folder).size(), 1u) << "a temporary file was left";

  EXPECT_TRUE(KernelCache(folder).removeTuned(plan));
  EXPECT_EQ(lookup(), KernelCache::Lookup::Miss);
  EXPECT_TRUE(KernelCache(folder).removeTuned(plan)) << "nothing to remove";
}

TEST_F(TunedScheduleTest, RefusesAnEntryCutOrChangedAnywhere) {
  ASSERT_TRUE(KernelCache(folder).writeTuned(plan, other()));
  size_t size = fs::file_size(entry());
  for (size_t place = 0; place < size; ++place) {
    SCOPED_TRACE(place);
    expectRefusedAfter([&](std::string &bytes) { bytes.resize(place); });
    expectRefusedAfter([&](std::string &bytes) { bytes[place] ^= 1; });
  }
  expectRefusedAfter([](std::string &bytes) { bytes += "x"; });
}

/// Whole, but not for this kernel.
TEST_F(TunedScheduleTest, RefusesSchedulesThatCannotServe) {
  Schedule schedule = plan.schedule;
  schedule.panelRows = 3; // Does not divide four outputs.
  ASSERT_TRUE(KernelCache(folder).writeTuned(plan, schedule));
  EXPECT_EQ(lookup(), KernelCache::Lookup::Corrupt);
  schedule = plan.schedule;
  schedule.lanes *= 2;
  ASSERT_TRUE(KernelCache(folder).writeTuned(plan, schedule));
  EXPECT_EQ(lookup(), KernelCache::Lookup::Corrupt);

  KernelPlan elsewhere = planKernel(tinyRequest(8), target);
  ASSERT_TRUE(KernelCache(folder).writeTuned(elsewhere, other()));
  fs::rename(folder / (elsewhere.key + ".schedule"), entry());
  EXPECT_EQ(lookup(), KernelCache::Lookup::Corrupt);
}

TEST_F(TunedScheduleTest, SurvivesFoldersThatCannotServe) {
  fs::create_directories(entry() / "full");
  EXPECT_EQ(lookup(), KernelCache::Lookup::Corrupt);
  EXPECT_FALSE(KernelCache(folder).writeTuned(plan, other()));
  EXPECT_FALSE(KernelCache(folder).removeTuned(plan));
  KernelCache cache(folder);
  EXPECT_TRUE(cache.writable());
  fs::remove_all(folder);
  EXPECT_FALSE(cache.writable());
  EXPECT_FALSE(cache.writeTuned(plan, other()));
}

TEST_F(TunedScheduleTest, ProvidersUseItUnlessToldNotTo) {
  EXPECT_EQ(provider()->get(request)->key, plan.key);
  ASSERT_TRUE(KernelCache(folder).writeTuned(plan, other()));
  auto with = provider();
  std::shared_ptr<const Kernel> kernel = with->get(request);
  EXPECT_EQ(kernel->key, planKernel(request, target, other()).key);
  EXPECT_EQ(kernel->layout.schedule.channelChunk, 2);
  EXPECT_EQ(with->get(request), kernel);
  EXPECT_EQ(with->statistics().tuned, 1);
  EXPECT_EQ(with->statistics().diskFailures, 0);
  // Who asks for a schedule gets that.
  KernelRequest own = request;
  own.schedule = plan.schedule;
  EXPECT_EQ(with->get(own)->key, plan.key);

  auto without = provider(/*noTuned=*/true);
  EXPECT_EQ(without->get(request)->key, plan.key);
  EXPECT_EQ(without->statistics().tuned, 0);
}

TEST_F(TunedScheduleTest, CorruptEntryIsCountedAndSurvived) {
  writeFile(entry(), "lacuna tuned schedule 1\n");
  auto with = provider();
  EXPECT_EQ(with->get(request)->key, plan.key);
  EXPECT_EQ(with->statistics().tuned, 0);
  EXPECT_EQ(with->statistics().diskFailures, 1);
  EXPECT_FALSE(fs::exists(entry()));
}

TEST_F(TunedScheduleTest, RecompilingProvidersLeaveKernelsAlone) {
  provider()->get(request);
  size_t before = filesIn(folder).size();
  ProviderOptions options;
  options.cacheDirectory = folder;
  options.recompile = true;
  auto again = createJitProvider(options);
  again->get(request);
  again->get(tinyRequest(8));
  EXPECT_EQ(again->statistics().compiles, 2);
  EXPECT_EQ(filesIn(folder).size(), before);
}

/// `lacuna tune --cpu` and `lacuna compile --cpu` mean the same machine.
TEST_F(TunedScheduleTest, OfflineTargetsShareSchedules) {
#ifdef __x86_64__
  EXPECT_EQ(targetFor("x86-64-v3").canonicalText(),
            crossTarget("", "x86-64-v3").canonicalText());
#endif
  EXPECT_EQ(targetFor("").canonicalText(), crossTarget("", "").canonicalText());
}

} // namespace
} // namespace lacuna::testing
