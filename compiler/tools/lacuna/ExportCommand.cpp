//===- ExportCommand.cpp - lacuna export: a network as plain files --------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ExportCommand.h"

#include "CommandLine.h"

#include "lacuna/Runtime/Export.h"

#include <CLI/CLI.hpp>

#include <string>

namespace lacuna {

int runExport(int argc, char **argv, const ProviderFactory & /*makeProvider*/) {
  CLI::App app("Writes the network of a checkpoint as descriptors and one .npz "
               "archive (docs/checkpoint.md).",
               "lacuna export");
  std::string checkpoint, folder;
  app.add_option("checkpoint", checkpoint, "What lacuna train --save wrote")
      ->required();
  app.add_option("-o,--output", folder, "Folder to write to")->required();
  return runCommand(app, argc, argv, [&] {
    Checkpoint file(checkpoint);
    exportNetwork(file, folder);
  });
}

} // namespace lacuna
