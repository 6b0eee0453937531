//===- KernelCache.h - Compiled kernels on disk -----------------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_COMPILER_KERNELCACHE_H
#define LACUNA_COMPILER_KERNELCACHE_H

#include "lacuna/Compiler/KernelCompiler.h"

#include <optional>
#include <string>

namespace lacuna {

/// Objects by content key. An entry is one file, KEY.kernel: a header with the
/// plan's text and the object's size and SHA-256, then the object. It is
/// published by rename, so readers see all of it or nothing, and verified when
/// read: anything but the entry that was asked for is removed and compiled
/// anew. Cached code runs with the user's rights, so a folder that others may
/// write is not used.
class KernelCache {
public:
  /// An empty directory, or one that cannot be used, makes a cache that holds
  /// nothing. `problem()` then says why.
  explicit KernelCache(const std::string &directory);

  /// $XDG_CACHE_HOME/lacuna, else ~/.cache/lacuna; empty without a home.
  static std::string defaultDirectory();

  bool usable() const { return !directory.empty(); }
  const std::string &problem() const { return reason; }

  enum class Lookup { Miss, Hit, Corrupt };
  /// On Hit, `object` is the object.
  Lookup read(const KernelPlan &plan, std::string &object) const;
  /// Returns false if the entry could not be published.
  bool write(const KernelPlan &plan, const std::string &object) const;

private:
  std::string pathOf(const KernelPlan &plan) const;

  std::string directory;
  std::string reason;
};

} // namespace lacuna

#endif // LACUNA_COMPILER_KERNELCACHE_H
