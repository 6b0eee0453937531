//===- JitProvider.cpp - Kernels compiled when they are asked for ---------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Compiler/JitProvider.h"

#include "Emission.h"
#include "ParallelFor.h"

#include "lacuna/Compiler/CompilerMemory.h"
#include "lacuna/Compiler/KernelCache.h"
#include "lacuna/Compiler/KernelCompiler.h"
#include "lacuna/Support/Error.h"

#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/TargetParser/Host.h"

#include <atomic>
#include <chrono>
#include <cstdio>
#include <future>
#include <map>
#include <mutex>
#include <set>

namespace lacuna {

namespace {

[[noreturn]] void failLink(llvm::Error error) {
  throw InternalError("the JIT failed: " + llvm::toString(std::move(error)));
}

/// The code of one kernel: unloaded when its last user lets go.
class LoadedCode {
public:
  LoadedCode(std::shared_ptr<llvm::orc::LLJIT> jit, const KernelPlan &plan,
             const std::string &object)
      : jit(std::move(jit)), library(makeLibrary(*this->jit, plan.name)) {
    try {
      load(plan, object);
    } catch (...) {
      unload();
      throw;
    }
  }
  ~LoadedCode() { unload(); }
  LoadedCode(const LoadedCode &) = delete;
  LoadedCode &operator=(const LoadedCode &) = delete;

  lacuna_kernel_fn entry = nullptr;

private:
  /// One of its own for each kernel: a kernel that was evicted may still be in
  /// use or on its way out when it is loaded anew, under the same name.
  static llvm::orc::JITDylib &makeLibrary(llvm::orc::LLJIT &jit,
                                          const std::string &name) {
    static std::atomic<uint64_t> serial{0};
    llvm::orc::JITDylib &library = jit.getExecutionSession().createBareJITDylib(
        name + "." + std::to_string(serial++));
    if (llvm::orc::JITDylibSP process = jit.getProcessSymbolsJITDylib())
      library.addToLinkOrder(*process);
    return library;
  }

  void load(const KernelPlan &plan, const std::string &object) {
    if (llvm::Error error = jit->addObjectFile(
            library, llvm::MemoryBuffer::getMemBufferCopy(object, plan.name)))
      failLink(std::move(error));
    llvm::Expected<llvm::orc::ExecutorAddr> address =
        jit->lookup(library, plan.name);
    if (!address)
      failLink(address.takeError());
    entry = address->toPtr<lacuna_kernel_fn>();
  }

  void unload() {
    llvm::consumeError(jit->getExecutionSession().removeJITDylib(library));
  }

  std::shared_ptr<llvm::orc::LLJIT> jit;
  llvm::orc::JITDylib &library;
};

std::shared_ptr<llvm::orc::LLJIT> createJit() {
  // Once for all threads: LLVM's list of back ends has no lock.
  backendFor(llvm::sys::getProcessTriple());
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
                                               : options.cacheDirectory,
              options.cacheLimitBytes > 0 ? options.cacheLimitBytes
                                          : KernelCache::kDefaultLimit) {
    // Before data is read or anything is compiled.
    const std::string &dump = options.dumpIrDirectory;
    if (!dump.empty() && (llvm::sys::fs::create_directories(dump) ||
                          !llvm::sys::fs::is_directory(dump)))
      throw EnvironmentError("--dump-ir: cannot create the folder " + dump);
    if (!options.noDiskCache && !cache.usable()) {
      std::fprintf(stderr, "warning: no disk cache for kernels: %s\n",
                   cache.problem().c_str());
      ++counters.diskFailures;
    }
  }

  int64_t lanes() const override { return target.description.lanes; }

  std::shared_ptr<const Kernel> get(const KernelRequest &request) override {
    return kernelOf(planOf(request));
  }

  void prepare(const std::vector<KernelRequest> &requests) override {
    std::vector<KernelPlan> wanted;
    for (const KernelRequest &request : requests)
      wanted.push_back(planOf(request));
    if (options.onCompile)
      if (int64_t missing = countMissing(wanted); missing > 0)
        options.onCompile(missing);
    parallelFor(options.threads, wanted.size(),
                [&](size_t i) { kernelOf(wanted[i]); });
    // Training comes next, and seldom compiles.
    releaseCompilerMemory();
  }

  ProviderStatistics statistics() const override {
    std::lock_guard<std::mutex> lock(mutex);
    return counters;
  }

private:
  std::shared_ptr<const Kernel> kernelOf(const KernelPlan &plan) {
    std::promise<std::shared_ptr<const Kernel>> promise;
    std::shared_ptr<Slot> known;
    {
      // Unloading takes time, so what goes does so once the lock is released.
      std::shared_ptr<const Kernel> evicted;
      std::lock_guard<std::mutex> lock(mutex);
      auto found = kernels.find(plan.key);
      if (found != kernels.end()) {
        known = found->second;
        ++counters.memoryHits;
        known->latestUse = ++clock;
        if (known->ready())
          return known->kernel.get();
        ++known->waiting;
      } else {
        evicted = evictIdle();
        kernels[plan.key] =
            std::make_shared<Slot>(promise.get_future().share(), ++clock);
      }
    }
    if (known)
      return waitFor(*known);
    reportFallback(plan);
    try {
      std::shared_ptr<const Kernel> kernel = load(plan);
      promise.set_value(kernel);
      return kernel;
    } catch (...) {
      {
        // First: every future in the map that is ready holds a kernel.
        std::lock_guard<std::mutex> lock(mutex);
        kernels.erase(plan.key);
      }
      promise.set_exception(std::current_exception());
      throw;
    }
  }

  /// The plan of a request, its schedule looked up on disk once.
  KernelPlan planOf(const KernelRequest &request) {
    KernelPlan plan = planKernel(request, target);
    if (request.schedule || options.noTuned || !cache.usable())
      return plan;
    std::lock_guard<std::mutex> lock(plansMutex);
    auto [known, isNew] = plans.try_emplace(plan.key, plan);
    if (isNew)
      switch (cache.readTuned(plan, target, known->second)) {
      case KernelCache::Lookup::Hit:
        count(&ProviderStatistics::tuned);
        break;
      case KernelCache::Lookup::Corrupt:
        count(&ProviderStatistics::diskFailures);
        break;
      case KernelCache::Lookup::Miss:
        break;
      }
    return known->second;
  }

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
    std::string object;
    if (usesCachedKernels()) {
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
    if (usesCachedKernels() && !cache.write(plan, object))
      count(&ProviderStatistics::diskFailures);
    return object;
  }

  /// Dumping needs the stages, which only compiling produces.
  bool usesCachedKernels() const {
    return cache.usable() && !options.recompile &&
           options.dumpIrDirectory.empty();
  }

  /// Kernels among these that neither memory nor disk has.
  int64_t countMissing(const std::vector<KernelPlan> &wanted) {
    std::set<std::string> missing;
    std::lock_guard<std::mutex> lock(mutex);
    for (const KernelPlan &plan : wanted)
      if (kernels.count(plan.key) == 0 &&
          !(usesCachedKernels() && cache.contains(plan)))
        missing.insert(plan.key);
    return static_cast<int64_t>(missing.size());
  }

  /// A kernel that is known or being made.
  struct Slot {
    Slot(std::shared_future<std::shared_ptr<const Kernel>> kernel,
         uint64_t latestUse)
        : kernel(std::move(kernel)), latestUse(latestUse) {}

    std::shared_future<std::shared_ptr<const Kernel>> kernel;
    uint64_t latestUse;
    int waiting = 0; ///< Threads that were promised this very kernel.

    bool ready() const {
      return kernel.wait_for(std::chrono::seconds(0)) ==
             std::future_status::ready;
    }
    bool idle() const {
      return waiting == 0 && ready() && kernel.get().use_count() == 1;
    }
  };

  std::shared_ptr<const Kernel> waitFor(Slot &slot) {
    slot.kernel.wait();
    std::lock_guard<std::mutex> lock(mutex);
    --slot.waiting;
    return slot.kernel.get();
  }

  void reportFallback(const KernelPlan &plan) {
    const KernelRequest &request = plan.request;
    if (plan.schedule.level ==
        (request.schedule ? request.schedule->level : request.level))
      return;
    count(&ProviderStatistics::fallbacks);
    std::fprintf(stderr,
                 "warning: unrolled for its scheme, the code of a kernel would "
                 "be too long; using the slower stream kernel %s\n",
                 plan.name.c_str());
  }

  /// Forgets the kernel unused for longest, if too many are kept and one is
  /// not in use. Called under the lock.
  std::shared_ptr<const Kernel> evictIdle() {
    if (static_cast<int64_t>(kernels.size()) < options.keptKernels)
      return nullptr;
    auto oldest = kernels.end();
    for (auto it = kernels.begin(); it != kernels.end(); ++it)
      if (it->second->idle() &&
          (oldest == kernels.end() ||
           it->second->latestUse < oldest->second->latestUse))
        oldest = it;
    if (oldest == kernels.end())
      return nullptr;
    std::shared_ptr<const Kernel> kernel = oldest->second->kernel.get();
    kernels.erase(oldest);
    return kernel;
  }

  ProviderOptions options;
  Target target;
  std::shared_ptr<llvm::orc::LLJIT> jit;
  KernelCache cache;
  std::mutex plansMutex; ///< Taken before the other.
  /// By the keys that plans have without tuning.
  std::map<std::string, KernelPlan> plans;
  mutable std::mutex mutex;
  std::map<std::string, std::shared_ptr<Slot>> kernels;
  uint64_t clock = 0; ///< Of uses.
  ProviderStatistics counters;
};

} // namespace

std::unique_ptr<KernelProvider>
createJitProvider(const ProviderOptions &options) {
  return std::make_unique<JitProvider>(options);
}

} // namespace lacuna
