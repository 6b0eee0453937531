//===- ParallelFor.h - Kernels compiled at once -----------------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_COMPILER_PARALLELFOR_H
#define LACUNA_COMPILER_PARALLELFOR_H

#include "llvm/ADT/STLFunctionalExtras.h"

#include <cstddef>

namespace lacuna {

/// Calls body(i) once for each i below `count`, on at most so many threads, the
/// caller's among them, and waits. Rethrows what a call throws, after which no
/// further one starts. Throws EnvironmentError when a thread cannot be started.
void parallelFor(int threads, size_t count,
                 llvm::function_ref<void(size_t)> body);

} // namespace lacuna

#endif // LACUNA_COMPILER_PARALLELFOR_H
