//===- KernelRun.h - Runs compiled kernels on a problem ---------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_TESTS_GRADIENT_KERNELRUN_H
#define LACUNA_TESTS_GRADIENT_KERNELRUN_H

#include "GuardedArray.h"
#include "LayerProblem.h"

#include "lacuna/Runtime/KernelProvider.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace lacuna::testing {

/// The relative error that float arithmetic may cause in these tests.
inline constexpr double kTolerance = 1e-5;

/// The JIT for a CPU (empty: this one), without a disk cache. Kept for the
/// process, so that tests share kernels.
KernelProvider &jitFor(const std::string &cpu = "");

/// Work items [first, second).
using WorkRange = std::pair<int64_t, int64_t>;

/// Runs the kernel on a problem and returns the result as the problem lays out
/// data. The ranges of each list run in order on a thread of their own. Memory
/// that the kernel must write starts as NaN; memory it must not touch faults on
/// the flush side of each operand, and is checked afterwards on the other.
std::vector<float> runKernel(const Kernel &kernel, const LayerProblem &problem,
                             const std::vector<std::vector<WorkRange>> &work,
                             Flush flush = Flush::End);
/// The whole range at once.
std::vector<float> runKernel(const Kernel &kernel, const LayerProblem &problem,
                             Flush flush = Flush::End);

/// Work items of a kernel on a problem.
int64_t workItems(const Kernel &kernel, const LayerProblem &problem);

/// Compiles and runs the three operations, the forward one with a bias, and
/// expects the truth with operands flush at each of these sides. Kernels must
/// have the level that was asked for, or `served` of a provider that falls
/// back.
void expectTruth(KernelProvider &provider, const LayerProblem &problem,
                 Level level,
                 const std::vector<Flush> &flushes = {Flush::End, Flush::Begin},
                 std::optional<Level> served = {});

} // namespace lacuna::testing

#endif // LACUNA_TESTS_GRADIENT_KERNELRUN_H
