//===- CommandLine.cpp - What all commands do with their flags ------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CommandLine.h"

#include "lacuna/Support/Error.h"

namespace lacuna {

int runCommand(CLI::App &app, int argc, char **argv,
               const std::function<void()> &execute) {
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &error) {
    int code = app.exit(error);
    return static_cast<int>(code == 0 ? ExitCode::Success
                                      : ExitCode::UsageError);
  }
  execute();
  return static_cast<int>(ExitCode::Success);
}

} // namespace lacuna
