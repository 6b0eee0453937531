//===- Driver.h - The lacuna command ----------------------------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_COMPILER_TOOLS_LACUNA_DRIVER_H
#define LACUNA_COMPILER_TOOLS_LACUNA_DRIVER_H

#include "lacuna/Compiler/ProviderOptions.h"

namespace lacuna {

/// Runs the command that `argv` names and turns every failure into a message
/// and an exit code.
int runDriver(int argc, char **argv, const ProviderFactory &makeProvider);

} // namespace lacuna

#endif // LACUNA_COMPILER_TOOLS_LACUNA_DRIVER_H
