//===- JitProviderTest.cpp - Compiles, hits, failures, code that goes -----===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CompilerTest.h"

#include "lacuna/Compiler/JitProvider.h"
#include "lacuna/Support/Error.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <fstream>
#include <set>
#include <thread>

#include <dlfcn.h>
#include <pthread.h>
#include <unistd.h>

namespace fs = std::filesystem;

namespace {
/// While set, the system has no thread left to start.
std::atomic<bool> noThreadsLeft = false;
} // namespace

/// Called in place of the system's.
extern "C" int pthread_create(pthread_t *thread, const pthread_attr_t *how,
                              void *(*run)(void *), void *argument) {
  if (noThreadsLeft)
    return EAGAIN;
  static auto create = reinterpret_cast<decltype(&pthread_create)>(
      dlsym(RTLD_NEXT, "pthread_create"));
  return create(thread, how, run, argument);
}

namespace lacuna::testing {
namespace {

class JitProviderTest : public FolderTest {
protected:
  static constexpr int64_t kKept = 16; ///< By the small providers.

  std::unique_ptr<KernelProvider> withCache() {
    ProviderOptions options;
    options.cacheDirectory = folder;
    return createJitProvider(options);
  }
  std::unique_ptr<KernelProvider> smallWithCache() {
    ProviderOptions options;
    options.cacheDirectory = folder;
    options.keptKernels = kKept;
    return createJitProvider(options);
  }
  static std::unique_ptr<KernelProvider> smallWithoutCache() {
    ProviderOptions options;
    options.noDiskCache = true;
    options.keptKernels = kKept;
    return createJitProvider(options);
  }
  static std::unique_ptr<KernelProvider> withoutCache(int threads = 1) {
    ProviderOptions options;
    options.noDiskCache = true;
    options.threads = threads;
    return createJitProvider(options);
  }
};

/// Runs a tiny kernel with weight 2 from input 1 to output 3.
bool works(const Kernel &kernel) {
  int64_t lanes = kernel.layout.schedule.lanes;
  Streams streams = packStreams(kernel.layout, {{3 * 4 + 1}, {}});
  auto floats = [](int64_t count) {
    struct Release {
      void operator()(float *memory) const { std::free(memory); }
    };
    auto *memory = static_cast<float *>(
        std::aligned_alloc(64, (count * sizeof(float) + 63) / 64 * 64));
    std::fill_n(memory, count, 0.0f);
    return std::unique_ptr<float, Release>(memory);
  };
  auto source = floats(4 * lanes), result = floats(4 * lanes),
       scratch = floats(kernel.layout.scratchFloats());
  for (int64_t lane = 0; lane < lanes; ++lane)
    source.get()[lanes + lane] = static_cast<float>(lane);
  float weight = 2;
  lacuna_kernel_operands operands{};
  operands.source = source.get();
  operands.result = result.get();
  operands.scratch = scratch.get();
  operands.values = &weight;
  operands.offsets = streams.offsets.data();
  operands.indices = streams.indices.data();
  operands.batch_blocks = 1;
  kernel.entry(&operands, 0, kernel.layout.workItems(1));
  for (int64_t lane = 0; lane < lanes; ++lane)
    if (result.get()[3 * lanes + lane] != 2.0f * lane ||
        result.get()[2 * lanes + lane] != 0)
      return false;
  return true;
}

int64_t residentBytes() {
  int64_t pages = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> pages >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

TEST_F(JitProviderTest, SecondRequestIsAMemoryHit) {
  auto provider = withoutCache();
  auto first = provider->get(tinyRequest());
  auto second = provider->get(tinyRequest());
  EXPECT_EQ(first, second);
  EXPECT_TRUE(works(*first));
  ProviderStatistics statistics = provider->statistics();
  EXPECT_EQ(statistics.compiles, 1);
  EXPECT_EQ(statistics.memoryHits, 1);
  EXPECT_EQ(statistics.diskHits, 0);
  EXPECT_GT(statistics.compileSeconds, 0);
}

TEST_F(JitProviderTest, SecondProviderHitsTheDisk) {
  EXPECT_TRUE(works(*withCache()->get(tinyRequest())));
  auto provider = withCache();
  EXPECT_TRUE(works(*provider->get(tinyRequest())));
  ProviderStatistics statistics = provider->statistics();
  EXPECT_EQ(statistics.compiles, 0);
  EXPECT_EQ(statistics.diskHits, 1);
  EXPECT_EQ(statistics.diskFailures, 0);
}

TEST_F(JitProviderTest, CorruptEntryIsCountedAndCompiledAnew) {
  withCache()->get(tinyRequest());
  ASSERT_EQ(filesIn(folder).size(), 1u);
  fs::path entry = filesIn(folder).front();
  std::string bytes = readFile(entry);
  bytes[bytes.size() / 2] ^= 0x20;
  writeFile(entry, bytes);

  auto provider = withCache();
  EXPECT_TRUE(works(*provider->get(tinyRequest())));
  EXPECT_EQ(provider->statistics().compiles, 1);
  EXPECT_EQ(provider->statistics().diskFailures, 1);
  // And the entry is good again.
  auto third = withCache();
  third->get(tinyRequest());
  EXPECT_EQ(third->statistics().diskHits, 1);
}

TEST_F(JitProviderTest, UnusableCacheIsCountedAndSurvived) {
  writeFile(folder / "file", "");
  ProviderOptions options;
  options.cacheDirectory = folder / "file" / "cache";
  ::testing::internal::CaptureStderr();
  auto provider = createJitProvider(options);
  std::string warning = ::testing::internal::GetCapturedStderr();
  EXPECT_NE(warning.find("warning: no disk cache for kernels: "),
            std::string::npos);
  EXPECT_NE(warning.find(options.cacheDirectory), std::string::npos);
  EXPECT_TRUE(works(*provider->get(tinyRequest())));
  EXPECT_EQ(provider->statistics().diskFailures, 1);
  EXPECT_EQ(provider->statistics().compiles, 1);
}

TEST_F(JitProviderTest, CacheThatGoesAwayIsCountedAndSurvived) {
  auto provider = withCache();
  fs::remove_all(folder);
  EXPECT_TRUE(works(*provider->get(tinyRequest())));
  EXPECT_EQ(provider->statistics().diskFailures, 1);
}

TEST_F(JitProviderTest, RefusedRequestLeavesTheProviderUsable) {
  auto provider = withoutCache(2);
  KernelRequest bad = tinyRequest();
  bad.structure = Structure::block(3);
  EXPECT_THROW(provider->get(bad), UserError);
  EXPECT_THROW(provider->prepare({tinyRequest(), bad, tinyRequest(8)}),
               UserError);
  EXPECT_TRUE(works(*provider->get(tinyRequest())));
}

TEST_F(JitProviderTest, PrepareCompilesEachKernelOnce) {
  auto provider = withoutCache(4);
  std::vector<KernelRequest> requests;
  for (int64_t i = 0; i < 24; ++i)
    requests.push_back(tinyRequest(4 + i % 8));
  provider->prepare(requests);
  EXPECT_EQ(provider->statistics().compiles, 8);
  EXPECT_EQ(provider->statistics().memoryHits, 16);
  std::set<std::string> keys;
  for (const KernelRequest &request : requests)
    keys.insert(provider->get(request)->key);
  EXPECT_EQ(keys.size(), 8u);
  EXPECT_EQ(provider->statistics().compiles, 8);
}

TEST_F(JitProviderTest, SaysHowManyKernelsItIsAboutToCompile) {
  std::vector<int64_t> said;
  ProviderOptions options;
  options.cacheDirectory = folder;
  options.onCompile = [&](int64_t kernels) { said.push_back(kernels); };
  auto provider = createJitProvider(options);
  provider->prepare({tinyRequest(4), tinyRequest(5), tinyRequest(4)});
  provider->prepare({tinyRequest(4), tinyRequest(6)});
  provider->prepare({tinyRequest(4), tinyRequest(6)});
  EXPECT_EQ(said, (std::vector<int64_t>{2, 1}));
  createJitProvider(options)->prepare({tinyRequest(5), tinyRequest(6)});
  EXPECT_EQ(said.size(), 2u);
  options.noDiskCache = true;
  auto forgetful = createJitProvider(options);
  forgetful->prepare({tinyRequest(5)});
  forgetful->prepare({tinyRequest(5)});
  EXPECT_EQ(said, (std::vector<int64_t>{2, 1, 1}));
}

TEST_F(JitProviderTest, ThreadsThatAskForOneKernelShareIt) {
  auto provider = withoutCache();
  std::vector<std::shared_ptr<const Kernel>> kernels(8);
  std::vector<std::thread> threads;
  for (auto &kernel : kernels)
    threads.emplace_back([&] { kernel = provider->get(tinyRequest()); });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(std::count(kernels.begin(), kernels.end(), kernels[0]), 8);
  EXPECT_EQ(provider->statistics().compiles, 1);
  EXPECT_EQ(provider->statistics().memoryHits, 7);
}

TEST_F(JitProviderTest, ThreadsThatCannotBeStartedAreTheMachinesFault) {
  auto provider = withoutCache(4);
  std::vector<KernelRequest> requests{tinyRequest(5), tinyRequest(6)};
  noThreadsLeft = true;
  EXPECT_THROW(provider->prepare(requests), EnvironmentError);
  noThreadsLeft = false;
  EXPECT_NO_THROW(provider->prepare(requests));
  EXPECT_EQ(provider->statistics().compiles, 2);
}

TEST_F(JitProviderTest, KernelOutlivesItsProvider) {
  auto provider = withoutCache();
  std::shared_ptr<const Kernel> kernel = provider->get(tinyRequest());
  provider.reset();
  EXPECT_TRUE(works(*kernel));
}

/// A mutation may undo the one before, so kernels stay for a while; a long
/// training must not keep them all.
TEST_F(JitProviderTest, MemoryStaysBoundedOverManyKernels) {
  auto provider = smallWithoutCache();
  constexpr int64_t kHalf = 5 * kKept;
  std::shared_ptr<const Kernel> used = provider->get(tinyRequest());
  std::weak_ptr<const Kernel> idle = provider->get(tinyRequest(5));
  int64_t next = 6;
  auto compileMore = [&] {
    for (int64_t i = 0; i < kHalf; ++i)
      provider->get(tinyRequest(next++));
    return residentBytes();
  };
  int64_t middle = compileMore();
  EXPECT_TRUE(idle.expired());
  int64_t end = compileMore();
  EXPECT_EQ(provider->statistics().compiles, 2 * kHalf + 2);
  // 80 KB as measured, and 1 MB where code is not unloaded.
  EXPECT_LT(end - middle, 1 << 19);
  // What is in use stays, and stays what it was.
  EXPECT_EQ(provider->get(tinyRequest()), used);
  EXPECT_TRUE(works(*used));
}

/// A kernel that one thread evicts may be asked for again by another before its
/// code is gone.
TEST_F(JitProviderTest, EvictedKernelsCanBeLoadedAnewAtOnce) {
  constexpr int64_t kKernels = kKept + 2;
  constexpr int kThreads = 4, kRounds = 3;
  auto provider = smallWithCache();
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread)
    threads.emplace_back([&, thread] {
      for (int64_t i = 0; i < kRounds * kKernels; ++i)
        EXPECT_TRUE(
            provider->get(tinyRequest(4 + (i + thread) % kKernels))->entry);
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_TRUE(works(*provider->get(tinyRequest())));
}

TEST_F(JitProviderTest, StreamKernelsInPlaceOfLongCodeAreCountedAndReported) {
  KernelRequest request;
  request.geometry = Geometry::conv2d(8, 8, {8, 8}, {7, 7}, {1, 1}, {3, 3});
  request.structure = Structure::pattern(
      std::vector<KernelPattern>(64, connectivityPattern(request.geometry)[0]));
  auto provider = withoutCache();
  ::testing::internal::CaptureStderr();
  std::string name = provider->get(request)->name;
  provider->get(request);
  std::string warning = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(provider->statistics().fallbacks, 1);
  EXPECT_NE(warning.find("stream kernel " + name), std::string::npos)
      << warning;
  request.level = Level::Stream;
  provider->get(request);
  provider->get(tinyRequest());
  EXPECT_EQ(provider->statistics().fallbacks, 1);
}

/// Kernels go one by one, the least recently used first.
TEST_F(JitProviderTest, KeepsWhatWasUsedLately) {
  auto provider = smallWithoutCache();
  for (int64_t i = 0; i < kKept; ++i)
    provider->get(tinyRequest(5 + i));
  provider->get(tinyRequest(5));
  provider->get(tinyRequest(5 + kKept));
  int64_t compiles = provider->statistics().compiles;
  for (int64_t i = 2; i <= kKept; ++i)
    provider->get(tinyRequest(5 + i));
  provider->get(tinyRequest(5));
  EXPECT_EQ(provider->statistics().compiles, compiles);
  provider->get(tinyRequest(6));
  EXPECT_EQ(provider->statistics().compiles, compiles + 1);
}

TEST_F(JitProviderTest, DumpWritesEveryStage) {
  ProviderOptions options;
  options.noDiskCache = true;
  options.dumpIrDirectory = folder / "stages";
  auto provider = createJitProvider(options);
  std::string name = provider->get(tinyRequest())->name;
  std::set<std::string> expected, found;
  for (const char *stage : {"0-tensor.mlir", "1-kernel.mlir", "2-llvm.mlir",
                            "3-llvm.ll", "4-optimised.ll", "5-assembly.s"})
    expected.insert(name + "." + stage);
  for (const fs::path &file : filesIn(folder / "stages")) {
    found.insert(file.filename());
    EXPECT_NE(readFile(file).find(name), std::string::npos) << file;
  }
  EXPECT_EQ(found, expected);
}

TEST_F(JitProviderTest, DumpThatCannotBeWrittenIsAnError) {
  writeFile(folder / "file", "");
  ProviderOptions options;
  options.noDiskCache = true;
  options.dumpIrDirectory = folder / "file" / "stages";
  EXPECT_THROW(createJitProvider(options), EnvironmentError);
}

TEST_F(JitProviderTest, UnknownCpuIsAnError) {
  ProviderOptions options;
  options.noDiskCache = true;
  options.cpu = "no-such-cpu";
  EXPECT_THROW(createJitProvider(options), UserError);
}

} // namespace
} // namespace lacuna::testing
