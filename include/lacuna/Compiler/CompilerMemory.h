//===- CompilerMemory.h - What the compiler leaves in memory ----*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_COMPILER_COMPILERMEMORY_H
#define LACUNA_COMPILER_COMPILERMEMORY_H

namespace lacuna {

/// Gives back to the system what only compiling needs: free heap, and the pages
/// of LLVM's and MLIR's code and constants. These are unmodified pages of
/// files; whoever touches one again gets it from the page cache. Thread-safe.
void releaseCompilerMemory();

} // namespace lacuna

#endif // LACUNA_COMPILER_COMPILERMEMORY_H
