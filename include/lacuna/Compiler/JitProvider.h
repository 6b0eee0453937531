//===- JitProvider.h - Kernels compiled when they are asked for -*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_COMPILER_JITPROVIDER_H
#define LACUNA_COMPILER_JITPROVIDER_H

#include "lacuna/Compiler/ProviderOptions.h"

namespace lacuna {

/// A provider that compiles for this machine, keeps kernels in memory by key,
/// and objects on disk. The first use of an unusable disk cache is reported on
/// stderr, then survived. Throws EnvironmentError when this CPU cannot run
/// kernels.
std::unique_ptr<KernelProvider>
createJitProvider(const ProviderOptions &options);

} // namespace lacuna

#endif // LACUNA_COMPILER_JITPROVIDER_H
