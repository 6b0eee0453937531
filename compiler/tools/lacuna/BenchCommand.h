//===- BenchCommand.h - lacuna bench: figures on this machine ---*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_COMPILER_TOOLS_LACUNA_BENCHCOMMAND_H
#define LACUNA_COMPILER_TOOLS_LACUNA_BENCHCOMMAND_H

#include "lacuna/Compiler/ProviderOptions.h"

namespace lacuna {

/// `argv[0]` is "bench". Returns the exit code.
int runBench(int argc, char **argv, const ProviderFactory &makeProvider);

} // namespace lacuna

#endif // LACUNA_COMPILER_TOOLS_LACUNA_BENCHCOMMAND_H
