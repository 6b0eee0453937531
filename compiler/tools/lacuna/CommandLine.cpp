//===- CommandLine.cpp - What all commands do with their flags ------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CommandLine.h"

#include "lacuna/Runtime/Method.h"

#include <algorithm>

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
      ->check(between(int64_t(1), int64_t(1) << 30));
  app.add_flag("--no-disk-cache", options.noDiskCache,
               "Neither read nor write the kernel cache on disk");
}

CLI::Validator isSparsity() {
  return CLI::Validator(
      [](const std::string &text) {
        double value;
        // What is no number is refused where it is converted.
        if (CLI::detail::lexical_cast(text, value))
          verifySparsity(value);
        return std::string();
      },
      "in [0, 1)");
}

template <typename T, size_t N, typename Name>
static Choices<T> named(const T (&values)[N], Name nameOf) {
  Choices<T> choices;
  for (T value : values)
    choices.emplace(nameOf(value), value);
  return choices;
}

const Choices<Scheme> &allSchemes() {
  static const Choices<Scheme> choices = named(kAllSchemes, schemeName);
  return choices;
}

const Choices<Scheme> &sparseSchemes() {
  static const Choices<Scheme> choices = [] {
    Choices<Scheme> sparse = allSchemes();
    sparse.erase(std::string(schemeName(Scheme::Dense)));
    return sparse;
  }();
  return choices;
}

const Choices<Operation> &allOperations() {
  static const Choices<Operation> choices =
      named(kAllOperations, operationName);
  return choices;
}

const Choices<Level> &allLevels() {
  static const Choices<Level> choices = named(kAllLevels, levelName);
  return choices;
}

void addStructureFlags(CLI::App &app, Scheme &scheme, double &sparsity,
                       const std::string &share) {
  addChoice(app, "--scheme", scheme, allSchemes(), "The sparsity scheme")
      ->default_str(std::string(schemeName(scheme)));
  app.add_option("--sparsity", sparsity, share)
      ->check(isSparsity())
      ->capture_default_str();
}

CLI::Option *addOperationsFlag(CLI::App &app,
                               std::vector<Operation> &operations) {
  return addChoices(app, "--op", operations, allOperations(),
                    "A list of operations, with commas; default all");
}

bool isWanted(Operation operation, const std::vector<Operation> &operations) {
  return operations.empty() || std::find(operations.begin(), operations.end(),
                                         operation) != operations.end();
}

/// What the parser says of a command line, and where the flags are listed.
static std::string usageMessage(const CLI::App &app,
                                const CLI::ParseError &error) {
  std::string message = error.what();
  // In the order of the command line, which the parser's own text reverses.
  if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::ExtrasError))
    message = "not expected: " + CLI::detail::join(app.remaining(true), " ");
  std::string command = app.get_name();
  for (const CLI::App *parsed : app.get_subcommands())
    command += " " + parsed->get_name();
  return message + "\nRun " + command + " --help for the flags.";
}

int runCommand(CLI::App &app, int argc, char **argv,
               const std::function<void()> &execute) {
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success &help) {
    app.exit(help);
    return static_cast<int>(ExitCode::Success);
  } catch (const CLI::ValidationError &error) {
    throw UserError(error.what());
  } catch (const CLI::ParseError &error) {
    throw UsageError(usageMessage(app, error));
  }
  execute();
  return static_cast<int>(ExitCode::Success);
}

} // namespace lacuna
