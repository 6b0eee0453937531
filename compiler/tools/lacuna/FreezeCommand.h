//===- FreezeCommand.h - lacuna freeze: a network as a function -*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_COMPILER_TOOLS_LACUNA_FREEZECOMMAND_H
#define LACUNA_COMPILER_TOOLS_LACUNA_FREEZECOMMAND_H

#include "lacuna/Compiler/ProviderOptions.h"

namespace lacuna {

int runFreeze(int argc, char **argv, const ProviderFactory &makeProvider);

} // namespace lacuna

#endif // LACUNA_COMPILER_TOOLS_LACUNA_FREEZECOMMAND_H
