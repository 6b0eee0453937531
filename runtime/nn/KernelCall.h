//===- KernelCall.h - Running a kernel over its work ---------- -*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_RUNTIME_NN_KERNELCALL_H
#define LACUNA_RUNTIME_NN_KERNELCALL_H

#include "lacuna/Runtime/KernelProvider.h"
#include "lacuna/Runtime/ThreadPool.h"
#include "lacuna/Runtime/Workspace.h"

namespace lacuna {

/// A kernel call, small enough to capture that running it never allocates.
struct KernelCall {
  const Kernel &kernel;
  lacuna_kernel_operands operands;
  Workspace &workspace;

  void run(ThreadPool &pool) {
    pool.run(kernel.layout.workItems(operands.batch_blocks),
             [this](int thread, int64_t begin, int64_t end) {
               lacuna_kernel_operands own = operands;
               own.scratch = workspace.scratch(thread);
               kernel.entry(&own, begin, end);
             });
  }
};

} // namespace lacuna

#endif // LACUNA_RUNTIME_NN_KERNELCALL_H
