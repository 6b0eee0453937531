//===- CommandLine.h - What all commands do with their flags ----*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_COMPILER_TOOLS_LACUNA_COMMANDLINE_H
#define LACUNA_COMPILER_TOOLS_LACUNA_COMMANDLINE_H

#include "lacuna/Compiler/ProviderOptions.h"

#include <CLI/CLI.hpp>

#include <functional>

namespace lacuna {

/// What kernels are compiled for, and where their stages go.
void addCompilerFlags(CLI::App &app, ProviderOptions &options);

/// Where compiled kernels and tuned schedules are kept.
void addCacheFolderFlag(CLI::App &app, ProviderOptions &options);
/// That, and whether tuned schedules are used.
void addTunedFlags(CLI::App &app, ProviderOptions &options);
/// Those, and how the cache is used.
void addCacheFlags(CLI::App &app, ProviderOptions &options);

/// Throws UserError, naming the known schemes, on an unknown name; dense is not
/// one a method can be given.
Scheme parseSparseScheme(const std::string &name);

/// Parses the flags, then runs `execute`. Help and wrong flags are answered
/// here. Returns the exit code; what `execute` throws passes through.
int runCommand(CLI::App &app, int argc, char **argv,
               const std::function<void()> &execute);

} // namespace lacuna

#endif // LACUNA_COMPILER_TOOLS_LACUNA_COMMANDLINE_H
