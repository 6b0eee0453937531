//===- KernelCache.h - Kernels and tuned schedules on disk ------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_COMPILER_KERNELCACHE_H
#define LACUNA_COMPILER_KERNELCACHE_H

#include "lacuna/Compiler/KernelCompiler.h"

#include <atomic>
#include <cstdint>
#include <string>

namespace lacuna {

/// Objects by content key. An entry is one file, KEY.kernel: a header with the
/// plan's text and the object's size and SHA-256, then the object. It is
/// published by rename, so readers see all of it or nothing, and verified when
/// read: anything but the entry that was asked for is removed and compiled
/// anew. Cached code runs with the user's rights, so neither a folder nor an
/// entry that others own or may write is used.
///
/// Beside them lie schedules that a search found better than the compiler's own
/// choice: KEY.schedule, by the key of the kernel that the compiler would make.
/// They are published and verified likewise.
///
/// Once the entries of a folder, of all builds and processes that use it, are
/// larger than its limit, those unused for longest go until a tenth is free.
class KernelCache {
public:
  static constexpr int64_t kDefaultLimit = int64_t(1) << 30;

  /// An empty directory, or one that cannot be used, makes a cache that holds
  /// nothing. `problem()` then says why. Removes what killed processes left
  /// half written.
  explicit KernelCache(const std::string &directory,
                       int64_t limitBytes = kDefaultLimit);

  /// $XDG_CACHE_HOME/lacuna, else ~/.cache/lacuna; empty without a home.
  static std::string defaultDirectory();

  bool usable() const { return !directory.empty(); }
  const std::string &problem() const { return reason; }

  enum class Lookup { Miss, Hit, Corrupt };
  /// Whether there is an entry, which need not be sound.
  bool contains(const KernelPlan &plan) const;
  /// On Hit, `object` is the object, and the entry counts as just used.
  Lookup read(const KernelPlan &plan, std::string &object) const;
  /// Returns false if the entry could not be published.
  bool write(const KernelPlan &plan, const std::string &object);

  /// On Hit, `tuned` is the plan of the same request with the schedule that was
  /// found for it.
  Lookup readTuned(const KernelPlan &plan, const Target &target,
                   KernelPlan &tuned) const;
  /// Makes later compiles of what `plan` computes use another schedule. Returns
  /// false if the entry could not be published.
  bool writeTuned(const KernelPlan &plan, const Schedule &schedule);
  /// Goes back to the compiler's choice. Returns false if there is an entry
  /// that cannot be removed.
  bool removeTuned(const KernelPlan &plan);
  /// Whether this user may add entries now.
  bool writable() const;

private:
  std::string pathOf(const KernelPlan &plan, const char *extension) const;
  /// Removes entries down to the limit and returns the bytes of those that
  /// stay.
  int64_t evict() const;

  std::string directory;
  std::string reason;
  int64_t limitBytes;
  /// Bytes of the folder when they were counted last, and written since.
  std::atomic<int64_t> estimate{0};
};

} // namespace lacuna

#endif // LACUNA_COMPILER_KERNELCACHE_H
