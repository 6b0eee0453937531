//===- CompileCommand.h - lacuna compile and lacuna targets -----*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_COMPILER_TOOLS_LACUNA_COMPILECOMMAND_H
#define LACUNA_COMPILER_TOOLS_LACUNA_COMPILECOMMAND_H

#include "lacuna/Compiler/ProviderOptions.h"

namespace lacuna {

/// `argv[0]` is the command's own name. Both return the exit code for flags
/// that make no sense and for --help, and throw Error for everything else.
/// Neither asks for a provider: they compile, but not for this process.
int runCompile(int argc, char **argv, const ProviderFactory &makeProvider);
int runTargets(int argc, char **argv, const ProviderFactory &makeProvider);

} // namespace lacuna

#endif // LACUNA_COMPILER_TOOLS_LACUNA_COMPILECOMMAND_H
