//===- BenchStep.h - lacuna bench step ------------------------ -*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_COMPILER_TOOLS_LACUNA_BENCHSTEP_H
#define LACUNA_COMPILER_TOOLS_LACUNA_BENCHSTEP_H

#include "lacuna/Compiler/ProviderOptions.h"

#include <CLI/CLI.hpp>

#include <functional>

namespace lacuna {

/// Adds a subcommand, and returns what runs once it was parsed. What it returns
/// must not outlive the app.
std::function<void()> addBenchStep(CLI::App &bench,
                                   const ProviderFactory &makeProvider,
                                   CLI::App *&command);

} // namespace lacuna

#endif // LACUNA_COMPILER_TOOLS_LACUNA_BENCHSTEP_H
