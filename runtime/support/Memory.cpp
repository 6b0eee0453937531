//===- Memory.cpp - Aligned buffers, accounted by kind --------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Runtime/Memory.h"

#include "lacuna/Support/Divisors.h"
#include "lacuna/Support/Error.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <map>
#include <mutex>
#include <string>

#include <sys/mman.h>
#include <sys/resource.h>

namespace lacuna {

namespace {

constexpr int64_t kAlignment = 64;
/// Activations are streamed through: from this size on, huge pages spare their
/// kernels most of the address translation.
constexpr int64_t kHugePage = int64_t(1) << 21;

int64_t alignmentFor(int64_t bytes) {
  return bytes >= kHugePage ? kHugePage : kAlignment;
}

/// A hint: where the system refuses it, ordinary pages do.
void adviseHugePages(void *pointer, int64_t bytes) {
#ifdef MADV_HUGEPAGE
  if (bytes >= kHugePage)
    madvise(pointer, static_cast<size_t>(bytes), MADV_HUGEPAGE);
#endif
}

/// The process-wide account. Allocations are rare (layers allocate once), so
/// one lock is enough.
class Account {
public:
  void add(MemoryKind kind, int64_t bytes) {
    std::lock_guard<std::mutex> lock(mutex);
    addLocked(kind, bytes);
  }

  void allocated(MemoryKind kind, int64_t bytes) {
    std::lock_guard<std::mutex> lock(mutex);
    size_t k = static_cast<size_t>(kind);
    ++liveSizes[k][bytes];
    usage.largest[k] = std::max(usage.largest[k], bytes);
    addLocked(kind, bytes);
  }

  void released(MemoryKind kind, int64_t bytes) {
    std::lock_guard<std::mutex> lock(mutex);
    std::map<int64_t, int64_t> &sizes = liveSizes[static_cast<size_t>(kind)];
    auto entry = sizes.find(bytes);
    if (entry != sizes.end() && --entry->second == 0)
      sizes.erase(entry);
    addLocked(kind, -bytes);
  }

  MemoryUsage read() {
    std::lock_guard<std::mutex> lock(mutex);
    return usage;
  }

  void resetPeaks() {
    std::lock_guard<std::mutex> lock(mutex);
    usage.peak = usage.current;
    usage.totalPeak = usage.totalCurrent;
    for (size_t k = 0; k < kMemoryKinds; ++k)
      usage.largest[k] =
          liveSizes[k].empty() ? 0 : liveSizes[k].rbegin()->first;
  }

private:
  void addLocked(MemoryKind kind, int64_t bytes) {
    size_t k = static_cast<size_t>(kind);
    usage.current[k] += bytes;
    usage.peak[k] = std::max(usage.peak[k], usage.current[k]);
    usage.totalCurrent += bytes;
    usage.totalPeak = std::max(usage.totalPeak, usage.totalCurrent);
  }

  std::mutex mutex;
  MemoryUsage usage;
  /// For each kind, how many live allocations have a size.
  std::array<std::map<int64_t, int64_t>, kMemoryKinds> liveSizes;
};

/// Never destroyed, so that buffers with static storage can still be released.
Account &account() {
  static Account *instance = new Account;
  return *instance;
}

} // namespace

std::string_view memoryKindName(MemoryKind kind) {
  switch (kind) {
  case MemoryKind::Weights:
    return "weights";
  case MemoryKind::Indices:
    return "indices";
  case MemoryKind::Gradients:
    return "gradients";
  case MemoryKind::Optimiser:
    return "optimiser";
  case MemoryKind::Activations:
    return "activations";
  case MemoryKind::Streams:
    return "streams";
  case MemoryKind::Scratch:
    return "scratch";
  case MemoryKind::Data:
    return "data";
  case MemoryKind::DenseGradients:
    return "dense_gradients";
  case MemoryKind::MethodState:
    return "method_state";
  }
  throw InternalError("memory kind " + std::to_string(static_cast<int>(kind)) +
                      " does not exist");
}

int64_t peakResidentBytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  constexpr int64_t kBytesPerUnit = 1024;
  return usage.ru_maxrss * kBytesPerUnit;
}

MemoryUsage memoryUsage() { return account().read(); }

void resetMemoryPeaks() { account().resetPeaks(); }

void accountMemory(MemoryKind kind, int64_t bytes) {
  account().add(kind, bytes);
}

void *allocateAligned(MemoryKind kind, int64_t bytes) {
  verifyInvariant(bytes >= 0 &&
                      bytes <= std::numeric_limits<int64_t>::max() - kAlignment,
                  "allocateAligned: size is negative or overflows");
  if (bytes == 0)
    return nullptr;
  int64_t alignment = alignmentFor(bytes);
  int64_t rounded = ceilDiv(bytes, kAlignment) * kAlignment;
  void *pointer = nullptr;
  if (posix_memalign(&pointer, static_cast<size_t>(alignment),
                     static_cast<size_t>(rounded)) != 0)
    throw EnvironmentError(
        "out of memory: cannot allocate " + std::to_string(bytes) +
        " bytes of " + std::string(memoryKindName(kind)) + " (" +
        std::to_string(memoryUsage().totalCurrent) +
        " bytes are in use); reduce the batch size or the model");
  adviseHugePages(pointer, rounded);
  std::memset(pointer, 0, static_cast<size_t>(rounded));
  account().allocated(kind, bytes);
  return pointer;
}

void releaseAligned(MemoryKind kind, void *pointer, int64_t bytes) {
  if (!pointer)
    return;
  account().released(kind, bytes);
  std::free(pointer);
}

} // namespace lacuna
