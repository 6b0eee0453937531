//===- ThroughputModel.h - What llvm-mca expects of loops -------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Estimates for machines that are not at hand. llvm-mca simulates a core from
// LLVM's scheduling model of it: every load hits the L1, no branch is
// mispredicted, and what the model gets wrong is wrong here too. Compare loops
// on one core, not cores.
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_COMPILER_THROUGHPUTMODEL_H
#define LACUNA_COMPILER_THROUGHPUTMODEL_H

#include "lacuna/Compiler/Target.h"

#include <string>
#include <vector>

namespace lacuna {

/// An innermost loop as it stands in assembly.
struct AssemblyLoop {
  std::vector<std::string> instructions; ///< The branch back is the last.
  int64_t multiplyAdds = 0;              ///< Vector FMAs.
  int64_t stackAccesses = 0;             ///< Instructions with a stack address.
};

/// The innermost loops of an assembly text for ARM or x86 (AT&T syntax): from a
/// label to a branch back to it, with no such pair in between.
std::vector<AssemblyLoop> innermostLoops(const std::string &assembly);

/// Those loops that hold at least half as many FMAs as the one with most: the
/// bodies that a kernel spends its time in, without the loops that pack or
/// finish what an unrolled loop leaves.
std::vector<AssemblyLoop> heavyLoops(const std::string &assembly);

struct LoopEstimate {
  double cycles = 0;   ///< An iteration, in the long run.
  double fmaPorts = 0; ///< Share of what the ports that run FMAs could do,
                       ///< spent on FMAs.
};

/// The CPU whose scheduling model stands for a target: itself, but for CPUs
/// that LLVM schedules as an older one.
std::string modelledCpu(const Target &target);

/// Estimates the loops, in their order. Throws EnvironmentError without
/// llvm-mca or with one that fails.
std::vector<LoopEstimate> estimateLoops(const std::vector<AssemblyLoop> &loops,
                                        const Target &target);

} // namespace lacuna

#endif // LACUNA_COMPILER_THROUGHPUTMODEL_H
