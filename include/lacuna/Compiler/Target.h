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

namespace lacuna {

struct Target {
  std::string triple;
  std::string cpu;
  std::string features; ///< LLVM's form: "+avx2,-sse4a,..."
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

} // namespace lacuna

#endif // LACUNA_COMPILER_TARGET_H
