//===- ImportCommand.h - lacuna import --------------------------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_COMPILER_TOOLS_LACUNA_IMPORTCOMMAND_H
#define LACUNA_COMPILER_TOOLS_LACUNA_IMPORTCOMMAND_H

#include "lacuna/Compiler/ProviderOptions.h"

namespace lacuna {

/// `argv[0]` is the command's own name; no kernels are needed. Returns the exit
/// code for flags that make no sense and for --help; throws Error for
/// everything else.
int runImport(int argc, char **argv, const ProviderFactory &makeProvider);

} // namespace lacuna

#endif // LACUNA_COMPILER_TOOLS_LACUNA_IMPORTCOMMAND_H
