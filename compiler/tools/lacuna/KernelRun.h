//===- KernelRun.h - One kernel over plain arrays ---------------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_COMPILER_TOOLS_LACUNA_KERNELRUN_H
#define LACUNA_COMPILER_TOOLS_LACUNA_KERNELRUN_H

#include "lacuna/Kernel/Descriptor.h"
#include "lacuna/Runtime/KernelProvider.h"
#include "lacuna/Runtime/ThreadPool.h"

#include <vector>

namespace lacuna {

/// The arrays of one operation, dense and in PyTorch's order: NCHW for
/// activations, OIHW for weights. Those the operation does not read are empty.
struct RunArrays {
  int64_t images = 0;
  std::vector<float> input;
  std::vector<float> weights;
  std::vector<float> gradient; ///< Of the output.
};

/// Runs the kernel and returns its result: output, input gradient, or weight
/// gradient with zeros at inactive weights. Inactive weights are not read.
std::vector<float> runKernel(ThreadPool &pool, const Kernel &kernel,
                             const ActiveSet &active, const RunArrays &arrays);

} // namespace lacuna

#endif // LACUNA_COMPILER_TOOLS_LACUNA_KERNELRUN_H
