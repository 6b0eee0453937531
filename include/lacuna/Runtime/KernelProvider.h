//===- KernelProvider.h - Where the runtime gets its kernels ----*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The runtime links no compiler. It asks a provider for kernels: the JIT one of
// the compiler library, or one over kernels compiled offline.
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_RUNTIME_KERNELPROVIDER_H
#define LACUNA_RUNTIME_KERNELPROVIDER_H

#include "lacuna/Kernel/Fusion.h"
#include "lacuna/Kernel/KernelAbi.h"
#include "lacuna/Kernel/StreamLayout.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace lacuna {

/// What a kernel must compute: all that the kernel key depends on besides the
/// target and the compiler.
struct KernelRequest {
  Operation operation = Operation::Forward;
  Geometry geometry;
  Structure structure;
  Fusion fusion = {};
  Level level = Level::Specialised;
  /// Instead of the one the compiler would choose; its level counts.
  std::optional<Schedule> schedule = {};
};

/// A kernel ready to run. Owns its code: the code is unloaded when the last
/// reference goes.
struct Kernel {
  std::string key; ///< Canonical hash of structure, schedule, target, compiler.
  std::string name; ///< Readable, by the grammar in docs/kernels.md.
  StreamLayout layout;
  Fusion fusion;
  lacuna_kernel_fn entry = nullptr;
  std::shared_ptr<void> code;
};

/// Counted since the provider was made.
struct ProviderStatistics {
  int64_t compiles = 0;     ///< Kernels compiled.
  int64_t memoryHits = 0;   ///< Requests served from memory.
  int64_t diskHits = 0;     ///< Requests served from the disk cache.
  int64_t diskFailures = 0; ///< Cache entries unreadable, corrupt, unwritable.
  int64_t tuned = 0;        ///< Kernels that use a tuned schedule.
  /// Stream kernels in place of specialised ones: a bundle has no other, or the
  /// unrolled code would be too long.
  int64_t fallbacks = 0;
  double compileSeconds = 0; ///< Time spent in the compiler.
};

class KernelProvider {
public:
  virtual ~KernelProvider() = default;

  /// Lanes of the target: V of every blocked tensor.
  virtual int64_t lanes() const = 0;

  /// Returns the kernel for a request, compiling or loading it if need be.
  /// Thread-safe. Throws Error when there is none.
  virtual std::shared_ptr<const Kernel> get(const KernelRequest &request) = 0;

  /// Makes the kernels of all requests ready, in parallel where it can.
  virtual void prepare(const std::vector<KernelRequest> &requests) {
    for (const KernelRequest &request : requests)
      get(request);
  }

  virtual ProviderStatistics statistics() const = 0;
};

} // namespace lacuna

#endif // LACUNA_RUNTIME_KERNELPROVIDER_H
