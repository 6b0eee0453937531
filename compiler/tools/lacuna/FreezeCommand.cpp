//===- FreezeCommand.cpp - lacuna freeze: a network as a function ---------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FreezeCommand.h"

#include "CommandLine.h"
#include "DeviceFlags.h"

#include "lacuna/Compiler/NetworkCompiler.h"
#include "lacuna/Runtime/DataSet.h"
#include "lacuna/Runtime/Export.h"

#include <CLI/CLI.hpp>

#include <cstdio>

namespace lacuna {

namespace {

constexpr char kFooter[] = R"(
The folder gets libNAME.a, libNAME.so and NAME.h, which declares

  int NAME_run(const float *images, float *logits, void *scratch);

Plain C: it links nothing, allocates nothing and keeps no state
(docs/offline.md).

Example:
  lacuna freeze run.safetensors --name lenet --target cortex-a76 -o frozen
)";

struct FreezeFlags {
  std::string checkpoint, folder;
  std::string name = "network";
  DeviceFlags device;
  int64_t batch = 1;
  int64_t bakeLimit = -1;
};

void defineFlags(CLI::App &app, FreezeFlags &flags) {
  app.add_option("checkpoint", flags.checkpoint,
                 "What lacuna train --save, export or import wrote")
      ->required();
  app.add_option("-o,--output", flags.folder, "Folder to write to")->required();
  app.add_option("--name", flags.name, "Of the function, an identifier of C")
      ->capture_default_str();
  app.add_option("--batch", flags.batch, "Images of a call")
      ->capture_default_str();
  addDeviceFlags(app, flags.device);
  app.add_option("--bake-limit", flags.bakeLimit,
                 "Most bytes of code whose addresses are a layer's active "
                 "weights; larger layers walk tables (16384)")
      ->check(between(0, 131072));
}

void printStages(const CompiledNetwork &compiled) {
  std::printf("%-28s %-13s %-7s %10s %10s\n", "layer", "operation", "form",
              "active", "weights");
  for (const NetworkStage &stage : compiled.stages) {
    std::printf("%-28s %-13s", stage.layer.c_str(), stage.operation.c_str());
    if (!stage.form.empty())
      std::printf(" %-7s %10lld %10lld", stage.form.c_str(),
                  static_cast<long long>(stage.active),
                  static_cast<long long>(stage.weights));
    std::printf("\n");
  }
}

void freeze(const FreezeFlags &flags) {
  NetworkRequest request;
  request.name = flags.name;
  request.target = flags.device.target();
  request.batch = flags.batch;
  request.bakeLimit = flags.bakeLimit;
  SavedNetwork saved = loadSavedNetwork(flags.checkpoint);
  request.network = saved.network.freeze();
  request.mean = std::move(saved.images.mean);
  request.deviation = std::move(saved.images.deviation);

  CompiledNetwork compiled =
      writeNetwork(request, flags.device.parts(request.target), flags.folder);
  printStages(compiled);
  std::printf("%s/%s.h: %s_run for %s, %s, batch %lld, %lld bytes of scratch\n",
              flags.folder.c_str(), flags.name.c_str(), flags.name.c_str(),
              request.target.triple.c_str(), request.target.cpu.c_str(),
              static_cast<long long>(request.batch),
              static_cast<long long>(compiled.scratchBytes));
}

} // namespace

int runFreeze(int argc, char **argv, const ProviderFactory &) {
  CLI::App app("Compiles the network of a checkpoint into one C function for "
               "inference.",
               "lacuna freeze");
  app.footer(kFooter);
  FreezeFlags flags;
  defineFlags(app, flags);
  return runCommand(app, argc, argv, [&] { freeze(flags); });
}

} // namespace lacuna
