//===- TrainResume.h - The flags a run is resumed with ----------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_COMPILER_TOOLS_LACUNA_TRAINRESUME_H
#define LACUNA_COMPILER_TOOLS_LACUNA_TRAINRESUME_H

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

namespace lacuna {

/// The flags given on a command line, as a JSON object: names without dashes,
/// values as texts.
std::string recordFlags(const CLI::App &app);

/// The words of a command line that goes on where a run of the recorded flags
/// stopped: those flags, replaced by what `given` says of the flags that do not
/// decide the result (docs/checkpoint.md lists them). Throws UserError naming
/// `where` and the flag if `given` contradicts a recorded flag that does.
std::vector<std::string> resumedFlags(const std::string &record,
                                      const std::string &where,
                                      const CLI::App &given);

} // namespace lacuna

#endif // LACUNA_COMPILER_TOOLS_LACUNA_TRAINRESUME_H
