//===- DeviceFlags.h - For which device, in which form ----------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_COMPILER_TOOLS_LACUNA_DEVICEFLAGS_H
#define LACUNA_COMPILER_TOOLS_LACUNA_DEVICEFLAGS_H

#include "lacuna/Compiler/CodePart.h"
#include "lacuna/Compiler/Target.h"

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

namespace lacuna {

/// The flags of commands that compile for another machine.
struct DeviceFlags {
  std::string triple, cpu;
  std::vector<CodePart> emit;

  /// Throws as crossTarget() does.
  Target target() const;
  /// Those asked for; else the libraries that this target has.
  CodeParts parts(const Target &target) const;
};

/// --target, --cpu and --emit.
void addDeviceFlags(CLI::App &app, DeviceFlags &flags);

} // namespace lacuna

#endif // LACUNA_COMPILER_TOOLS_LACUNA_DEVICEFLAGS_H
