//===- KernelCompiler.h - From a request to an object file ------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_COMPILER_KERNELCOMPILER_H
#define LACUNA_COMPILER_KERNELCOMPILER_H

#include "lacuna/Compiler/Target.h"
#include "lacuna/Runtime/KernelProvider.h"

#include <string>

namespace lacuna {

/// A request with all choices made: what a kernel key is the hash of.
struct KernelPlan {
  KernelRequest request;
  Schedule schedule;
  std::string name; ///< Readable, unique with the key: also the symbol.
  std::string key;  ///< SHA-256 in hexadecimal of `text`.
  std::string text; ///< Everything the emitted code depends on.
};

/// Chooses the schedule and makes the key. A structure whose unrolled code
/// would pass the size limit gets the stream level: still sparse, one loop.
KernelPlan planKernel(const KernelRequest &request, const Target &target);
/// Takes this schedule instead. Throws InternalError when it cannot serve the
/// request, or unrolls too much.
KernelPlan planKernel(const KernelRequest &request, const Target &target,
                      const Schedule &schedule);

/// How far a kernel is compiled: loops and vectors in MLIR, optimised LLVM IR,
/// assembly, or a relocatable object.
enum class KernelOutput { Mlir, Llvm, Assembly, Object };

/// Compiles to an object (or the earlier form asked for) that exports
/// `plan.name`. With a non-empty `dumpDirectory`, every stage on the way is
/// written there, which must exist, as NAME.N-stage.EXT. Thread-safe.
std::string compileKernel(const KernelPlan &plan, const Target &target,
                          const std::string &dumpDirectory,
                          KernelOutput output = KernelOutput::Object);

/// Identifies this build of the compiler and the LLVM and MLIR it runs with;
/// empty when a linker left no build id, in which case objects must not be
/// reused across processes.
std::string compilerBuildId();

} // namespace lacuna

#endif // LACUNA_COMPILER_KERNELCOMPILER_H
