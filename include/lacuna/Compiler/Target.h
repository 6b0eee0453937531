//===- Target.h - What kernels are compiled for -----------------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_COMPILER_TARGET_H
#define LACUNA_COMPILER_TARGET_H

#include "lacuna/Compiler/ScheduleChoice.h"

#include <string>
#include <vector>

namespace lacuna {

struct Target {
  std::string triple;
  std::string cpu;
  std::string features; ///< LLVM's form: "+avx2,-sse4a,..."
  /// Bits of an SVE register where kernels use SVE; code then runs on machines
  /// of exactly this length. 0: no SVE registers in kernels.
  int64_t sveBits = 0;
  TargetDescription description;

  /// Every choice that changes emitted code, as text: part of kernel keys.
  std::string canonicalText() const;
};

/// The machine this runs on. Throws EnvironmentError when it lacks fused
/// multiply-add vectors (x86 needs AVX2 and FMA, ARM needs NEON).
Target hostTarget();

/// A CPU of the host's architecture by LLVM's name, such as "x86-64-v3" for
/// AVX2 code on a machine with AVX-512; empty means the host. Throws UserError
/// for an unknown name, EnvironmentError for one whose code this machine cannot
/// run.
Target targetFor(const std::string &cpu);

/// A CPU Lacuna knows more of than LLVM tells: its L1, whether SVE pays, and
/// which loads do.
struct KnownCpu {
  const char *name;   ///< LLVM's.
  const char *triple; ///< What it is compiled for unless told otherwise.
  int64_t l1Bytes;
  int64_t sveBits;    ///< See Target.
  bool unscaledLoads; ///< See InstructionChoice.
  const char *note;   ///< For users.
};

/// What `lacuna targets` lists.
const std::vector<KnownCpu> &knownCpus();

/// Any machine, by triple and LLVM's name of the CPU. Either may be empty: the
/// triple is then the CPU's own, the CPU the least one of the triple that
/// Lacuna runs on; with neither, the host. The triple may also be the name of a
/// known CPU. Throws UserError for names that LLVM does not know or machines
/// that Lacuna has no kernels for.
Target crossTarget(const std::string &triple, const std::string &cpu);

/// Those of knownCpuFeatures() that the target's code may use: what a machine
/// must have to run it.
std::vector<std::string> requiredFeatures(const Target &target);

} // namespace lacuna

#endif // LACUNA_COMPILER_TARGET_H
