//===- Driver.cpp - The lacuna command ------------------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Driver.h"

#include "BenchCommand.h"
#include "CommandLine.h"
#include "CompileCommand.h"
#include "EvaluateCommand.h"
#include "ExportCommand.h"
#include "FreezeCommand.h"
#include "ImportCommand.h"
#include "RunCommand.h"
#include "TrainCommand.h"
#include "TuneCommand.h"

#include "lacuna/Support/Error.h"

#include <cstdio>
#include <iostream>
#include <new>
#include <string_view>

namespace lacuna {

namespace {

struct Command {
  std::string_view name;
  int (*run)(int argc, char **argv, const ProviderFactory &makeProvider);
};

constexpr Command kCommands[] = {
    {"train", runTrain},     {"evaluate", runEvaluate}, {"run", runRun},
    {"compile", runCompile}, {"targets", runTargets},   {"bench", runBench},
    {"tune", runTune},       {"export", runExport},     {"import", runImport},
    {"freeze", runFreeze},   {"inspect", runInspect}};

constexpr std::string_view kHelp =
    R"(Lacuna trains neural networks that are sparse from the first step to the last.

Usage: lacuna COMMAND [FLAGS]
       lacuna --help | --version

Commands:
  train     Train a model: lacuna train --help
  evaluate  Say how a checkpoint's network does on images: lacuna evaluate --help
  run       Run one operation of a sparse layer on .npy files: lacuna run --help
  compile   Compile kernels for a device without a compiler: lacuna compile --help
  targets   List the machines that it compiles for
  bench     Measure this machine beside oneDNN: lacuna bench --help
  tune      Search the kernels' fastest schedules on this machine: lacuna tune --help
  export    Write a checkpoint's network as plain files: lacuna export --help
  import    Make a network of weights from elsewhere: lacuna import --help
  freeze    Compile a checkpoint's network into one C function: lacuna freeze --help
  inspect   Say what is in a checkpoint or a bundle: lacuna inspect --help

Examples:
  LeNet-5 on Fashion-MNIST, nine weights in ten absent, in 4x1 blocks:
    lacuna train --model lenet-5-caffe --data fashion-mnist --method mest-em \
                 --scheme block --sparsity 0.9 --epochs 5 --metrics out.jsonl

  The output of one sparse convolution:
    lacuna run --descriptor d.json --op forward --input x.npy \
               --weights w.npy --output y.npy

Exit codes: 0 success, 1 wrong input, 2 wrong flags, 3 the machine lacks
something, 4 a bug in Lacuna; 130, 143 stopped by SIGINT, SIGTERM.
)";

int dispatch(int argc, char **argv, const ProviderFactory &makeProvider) {
  std::string_view name = argc > 1 ? argv[1] : "";
  if (name == "--help" || name == "-h") {
    std::cout << kHelp;
    return static_cast<int>(ExitCode::Success);
  }
  if (name == "--version") {
    std::cout << "lacuna " LACUNA_VERSION "\n";
    return static_cast<int>(ExitCode::Success);
  }
  for (const Command &command : kCommands)
    if (name == command.name)
      return command.run(argc - 1, argv + 1, makeProvider);
  std::string problem = "no command given";
  if (!name.empty()) {
    std::vector<std::string> known;
    for (const Command &command : kCommands)
      known.emplace_back(command.name);
    problem = "unknown command '" + std::string(name) + "'" +
              suggestion(std::string(name), known);
  }
  throw UsageError(problem + "\nRun lacuna --help for the commands.");
}

int report(const char *message, ExitCode code) {
  std::cerr << "lacuna: error: " << message << "\n";
  return static_cast<int>(code);
}

} // namespace

int runDriver(int argc, char **argv, const ProviderFactory &makeProvider) {
  try {
    int code = dispatch(argc, argv, makeProvider);
    std::cout.flush();
    if (code == 0 && (std::fflush(stdout) != 0 || std::ferror(stdout)))
      throw EnvironmentError("standard output: cannot be written; send it to "
                             "a place with room");
    return code;
  } catch (const Error &error) {
    return report(error.what(), error.exitCode());
  } catch (const std::bad_alloc &) {
    return report("out of memory; use a smaller batch or a smaller model",
                  ExitCode::EnvironmentError);
  } catch (const std::exception &error) {
    return report(InternalError(error.what()).what(), ExitCode::InternalError);
  }
}

} // namespace lacuna
