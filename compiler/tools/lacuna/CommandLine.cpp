//===- CommandLine.cpp - What all commands do with their flags ------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CommandLine.h"

#include "lacuna/Support/Error.h"

namespace lacuna {

void addCompilerFlags(CLI::App &app, ProviderOptions &options) {
  app.add_option("--cpu", options.cpu,
                 "Compile for this CPU, as LLVM names it; default this one");
  app.add_option("--dump-ir", options.dumpIrDirectory,
                 "Write the IR of each compiled kernel to this folder");
}

void addCacheFolderFlag(CLI::App &app, ProviderOptions &options) {
  app.add_option("--cache-dir", options.cacheDirectory,
                 "Folder of the kernel cache");
}

void addTunedFlags(CLI::App &app, ProviderOptions &options) {
  addCacheFolderFlag(app, options);
  app.add_flag("--no-tuned", options.noTuned,
               "Use the compiler's schedules, not those `lacuna tune` found");
}

void addCacheFlags(CLI::App &app, ProviderOptions &options) {
  addTunedFlags(app, options);
  app.add_option_function<int64_t>(
         "--cache-limit",
         [&options](int64_t megabytes) {
           options.cacheLimitBytes = megabytes << 20;
         },
         "Largest size of that folder in MiB; default 1024")
      ->check(CLI::Range(int64_t(1), int64_t(1) << 30));
  app.add_flag("--no-disk-cache", options.noDiskCache,
               "Neither read nor write the kernel cache on disk");
}

Scheme parseSparseScheme(const std::string &name) {
  for (Scheme scheme :
       {Scheme::Unstructured, Scheme::Block, Scheme::Pattern, Scheme::Channel})
    if (schemeName(scheme) == name)
      return scheme;
  throw UserError(
      "scheme: '" + name +
      "' is unknown, use one of unstructured, block, pattern, channel");
}

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
