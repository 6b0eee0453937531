//===- JitProvider.cpp - Kernels compiled when they are asked for ---------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Compiler/JitProvider.h"

#include "lacuna/Compiler/CompilerMemory.h"
#include "lacuna/Compiler/KernelCache.h"
#include "lacuna/Compiler/KernelCompiler.h"
#include "lacuna/Support/Error.h"

#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/TargetSelect.h"

#include <atomic>
#include <chrono>
#include <cstdio>
#include <future>
#include <map>
#include <mutex>
#include <thread>

namespace lacuna {

namespace {

/// Kernels kept although nobody uses them, so that an undone mutation is free.
constexpr size_t kIdleKernels = 256;

[[noreturn]] void failLink(llvm::Error error) {
  throw InternalError("the JIT failed: " + llvm::toString(std::move(error)));
}

/// The code of one kernel: unloaded when its last user lets go.
class LoadedCode {
public:
  LoadedCode(std::shared_ptr<llvm::orc::LLJIT> jit, const KernelPlan &plan,
             const std::string &object)
      : jit(std::move(jit)),
        tracker(this->jit->getMainJITDylib().createResourceTracker()) {
    if (llvm::Error error = this->jit->addObjectFile(
            tracker, llvm::MemoryBuffer::getMemBufferCopy(object, plan.name)))
      failLink(std::move(error));
    llvm::Expected<llvm::orc::ExecutorAddr> address =
        this->jit->lookup(plan.name);
    if (!address) {
      llvm::consumeError(tracker->remove());
      failLink(address.takeError());
    }
    entry = address->toPtr<lacuna_kernel_fn>();
  }
  ~LoadedCode() { llvm::consumeError(tracker->remove()); }
  LoadedCode(const LoadedCode &) = delete;
  LoadedCode &operator=(const LoadedCode &) = delete;

  lacuna_kernel_fn entry = nullptr;

private:
  std::shared_ptr<llvm::orc::LLJIT> jit;
  llvm::orc::ResourceTrackerSP tracker;
};

std::shared_ptr<llvm::orc::LLJIT> createJit() {
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  auto jit = llvm::orc::LLJITBuilder().create();
  if (!jit)
    failLink(jit.takeError());
  return std::move(*jit);
}

class JitProvider : public KernelProvider {
public:
  explicit JitProvider(const ProviderOptions &options)
      : options(options), target(targetFor(options.cpu)), jit(createJit()),
        cache(options.noDiskCache              ? std::string()
              : options.cacheDirectory.empty() ? KernelCache::defaultDirectory()
                                               : options.cacheDirectory) {
    if (!options.noDiskCache && !cache.usable()) {
      std::fprintf(stderr, "warning: no disk cache for kernels: %s\n",
                   cache.problem().c_str());
      ++counters.diskFailures;
    }
  }

  int64_t lanes() const override { return target.description.lanes; }

  std::shared_ptr<const Kernel> get(const KernelRequest &request) override {
    KernelPlan plan = planKernel(request, target);
    std::promise<std::shared_ptr<const Kernel>> promise;
    std::shared_future<std::shared_ptr<const Kernel>> known;
    {
      std::lock_guard<std::mutex> lock(mutex);
      auto found = kernels.find(plan.key);
      if (found != kernels.end()) {
        ++counters.memoryHits;
        known = found->second;
      } else {
        evictIdle();
        kernels.emplace(plan.key, promise.get_future().share());
      }
    }
    if (known.valid())
      return known.get();
    try {
      std::shared_ptr<const Kernel> kernel = load(plan);
      promise.set_value(kernel);
      return kernel;
    } catch (...) {
      {
        // First: evictIdle() reads every future in the map that is ready.
        std::lock_guard<std::mutex> lock(mutex);
        kernels.erase(plan.key);
      }
      promise.set_exception(std::current_exception());
      throw;
    }
  }

  void prepare(const std::vector<KernelRequest> &requests) override {
    std::atomic<size_t> next{0};
    std::vector<std::future<void>> workers;
    auto work = [&] {
      for (size_t i = next++; i < requests.size(); i = next++)
        get(requests[i]);
    };
    for (int worker = 1; worker < options.threads; ++worker)
      workers.push_back(std::async(std::launch::async, work));
    work();
    for (std::future<void> &worker : workers)
      worker.get();
    // Training comes next, and seldom compiles.
    releaseCompilerMemory();
  }

  ProviderStatistics statistics() const override {
    std::lock_guard<std::mutex> lock(mutex);
    return counters;
  }

private:
  void count(int64_t ProviderStatistics::*counter) {
    std::lock_guard<std::mutex> lock(mutex);
    ++(counters.*counter);
  }

  std::shared_ptr<const Kernel> load(const KernelPlan &plan) {
    auto code = std::make_shared<LoadedCode>(jit, plan, objectOf(plan));
    lacuna_kernel_fn entry = code->entry;
    return std::make_shared<Kernel>(
        Kernel{plan.key, plan.name,
               StreamLayout(plan.request.operation, plan.request.geometry,
                            plan.request.structure, plan.schedule),
               plan.request.fusion, entry, std::move(code)});
  }

  std::string objectOf(const KernelPlan &plan) {
    // Dumping needs the stages, which only compiling produces.
    bool useCache = cache.usable() && options.dumpIrDirectory.empty();
    std::string object;
    if (useCache) {
      switch (cache.read(plan, object)) {
      case KernelCache::Lookup::Hit:
        count(&ProviderStatistics::diskHits);
        return object;
      case KernelCache::Lookup::Corrupt:
        count(&ProviderStatistics::diskFailures);
        break;
      case KernelCache::Lookup::Miss:
        break;
      }
    }
    auto start = std::chrono::steady_clock::now();
    object = compileKernel(plan, target, options.dumpIrDirectory);
    std::chrono::duration<double> taken =
        std::chrono::steady_clock::now() - start;
    {
      std::lock_guard<std::mutex> lock(mutex);
      ++counters.compiles;
      counters.compileSeconds += taken.count();
    }
    if (useCache && !cache.write(plan, object))
      count(&ProviderStatistics::diskFailures);
    return object;
  }

  /// Forgets kernels that nobody uses once too many are kept. Called under the
  /// lock.
  void evictIdle() {
    if (kernels.size() < kIdleKernels)
      return;
    for (auto it = kernels.begin(); it != kernels.end();) {
      bool ready = it->second.wait_for(std::chrono::seconds(0)) ==
                   std::future_status::ready;
      bool idle = ready && it->second.get().use_count() == 1;
      it = idle ? kernels.erase(it) : std::next(it);
    }
  }

  ProviderOptions options;
  Target target;
  std::shared_ptr<llvm::orc::LLJIT> jit;
  KernelCache cache;
  mutable std::mutex mutex;
  std::map<std::string, std::shared_future<std::shared_ptr<const Kernel>>>
      kernels;
  ProviderStatistics counters;
};

} // namespace

std::unique_ptr<KernelProvider>
createJitProvider(const ProviderOptions &options) {
  return std::make_unique<JitProvider>(options);
}

} // namespace lacuna
