//===- CompileCommand.cpp - lacuna compile: kernels for a device ----------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CompileCommand.h"

#include "CommandLine.h"
#include "DeviceFlags.h"

#include "lacuna/Compiler/BundleWriter.h"
#include "lacuna/Compiler/KernelCache.h"
#include "lacuna/Kernel/Descriptor.h"
#include "lacuna/Runtime/Models.h"
#include "lacuna/Support/Error.h"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <optional>

namespace lacuna {

namespace {

constexpr char kDescription[] =
    "Compiles the kernels of a model, or of single layers, for a device that "
    "has no compiler.";

constexpr char kFooter[] = R"(
The folder gets the kernels, NAME.h, and manifest.json (docs/offline.md); texts
alone (mlir, llvm, asm) come without the last two. A program on the device links
the archive, or loads the shared object, with the Lacuna runtime, and trains:
mutations included, as kernels take the active weights as data.

--emit takes a list: archive and shared are one library, the others a file a
kernel (obj, asm, llvm: optimised IR, mlir: loops and vectors).

Examples:
  lacuna compile --model resnet-32 --scheme pattern --sparsity 0.9 \
                 --target aarch64-linux-gnu --cpu cortex-a76 -o bundle
  lacuna compile --descriptor conv.json --target x86-64-v3 --emit=asm -o asm
)";

struct CompileFlags {
  std::string model;
  std::vector<std::string> descriptors;
  Scheme scheme = Scheme::Block;
  double sparsity = 0.9;
  std::vector<int64_t> input;
  std::optional<int64_t> classes;
  DeviceFlags device;
  std::string output;
  std::string name = "kernels";
  std::vector<Operation> operations;
  Level level = Level::Specialised;
  bool noFusion = false;
  bool noStreamKernels = false;
  ProviderOptions provider; ///< Only its cache and its threads.
};

void defineFlags(CLI::App &app, CompileFlags &flags) {
  auto *model = app.add_option("--model", flags.model,
                               "Compile all kernels that training it needs");
  auto *descriptor =
      app.add_option("--descriptor", flags.descriptors,
                     "Compile the kernels of a layer (JSON); may be repeated");
  model->excludes(descriptor);
  addChoice(app, "--scheme", flags.scheme, sparseSchemes(),
            "Of the model's sparse layers")
      ->excludes(descriptor)
      ->default_str(std::string(schemeName(flags.scheme)));
  app.add_option("--sparsity", flags.sparsity,
                 "Of the model; 0 means dense kernels, the others serve any")
      ->check(isSparsity())
      ->excludes(descriptor)
      ->capture_default_str();
  app.add_option("--input", flags.input,
                 "Channels, height and width of the model's images; default "
                 "those it is usually trained on")
      ->delimiter(',')
      ->expected(3)
      ->excludes(descriptor);
  app.add_option("--classes", flags.classes,
                 "Classes of the model; default those of its usual images")
      ->check(between(1, 1 << 20))
      ->excludes(descriptor);
  app.add_flag("--no-fusion", flags.noFusion,
               "The model runs batch norm and sums as passes of their own")
      ->excludes(descriptor);
  addDeviceFlags(app, flags.device);
  app.add_option("-o,--output", flags.output, "Folder of the bundle")
      ->required();
  app.add_option("--name", flags.name, "Of the library, an identifier of C")
      ->capture_default_str();
  addOperationsFlag(app, flags.operations);
  addChoice(app, "--level", flags.level, allLevels(),
            "stream: one code for any scheme, smaller and slower")
      ->default_str(levelName(flags.level));
  app.add_flag("--no-stream-kernels", flags.noStreamKernels,
               "Leave out the kernels for structures met only on the device");
  addThreadsFlag(app, flags.provider, "Kernels compiled at once");
  addTunedFlags(app, flags.provider);
  app.final_callback([model, descriptor] {
    if (model->count() == 0 && descriptor->count() == 0)
      throw CLI::RequiredError("--model or --descriptor");
  });
}

std::vector<KernelRequest> modelRequests(const CompileFlags &flags) {
  Scheme scheme = flags.sparsity == 0 ? Scheme::Dense : flags.scheme;
  ModelInput input = usualInput(flags.model);
  if (!flags.input.empty())
    input.shape = {flags.input[0], flags.input[1], flags.input[2]};
  Network network =
      makeModel(flags.model, input.shape, flags.classes.value_or(input.classes),
                scheme, !flags.noFusion);
  std::vector<KernelRequest> requests;
  for (const SparseLayer *layer : network.weightLayers())
    for (const KernelRequest &request : layer->requests())
      requests.push_back(request);
  return requests;
}

std::vector<KernelRequest> descriptorRequests(const CompileFlags &flags) {
  std::vector<KernelRequest> requests;
  for (const std::string &path : flags.descriptors) {
    Descriptor descriptor = loadDescriptor(path);
    for (Operation operation : kAllOperations) {
      KernelRequest request;
      request.operation = operation;
      request.geometry = descriptor.geometry;
      request.structure = descriptor.structure;
      requests.push_back(request);
      // With and without a bias: a descriptor does not say.
      request.fusion.bias = true;
      if (operation == Operation::Forward)
        requests.push_back(request);
    }
  }
  return requests;
}

std::vector<KernelRequest> requestsOf(const CompileFlags &flags) {
  std::vector<KernelRequest> requests;
  std::set<std::string> listed;
  for (KernelRequest &request : flags.descriptors.empty()
                                    ? modelRequests(flags)
                                    : descriptorRequests(flags)) {
    request.level = flags.level;
    // Layers of a model are alike.
    if (isWanted(request.operation, flags.operations) &&
        listed.insert(requestText(request)).second)
      requests.push_back(request);
  }
  return requests;
}

/// Gives requests the schedules that were tuned for this target. Returns how
/// many kernels have one.
int useTunedSchedules(const ProviderOptions &options, BundleRequest &request) {
  if (options.noTuned)
    return 0;
  KernelCache cache(options.cacheDirectory.empty()
                        ? KernelCache::defaultDirectory()
                        : options.cacheDirectory);
  if (!cache.usable()) {
    std::fprintf(stderr, "warning: no tuned schedules: %s\n",
                 cache.problem().c_str());
    return 0;
  }
  std::set<std::string> keys;
  int corrupt = 0;
  for (KernelRequest &kernel : request.kernels) {
    KernelPlan tuned;
    switch (cache.readTuned(planKernel(kernel, request.target), request.target,
                            tuned)) {
    case KernelCache::Lookup::Hit:
      kernel.schedule = tuned.schedule;
      keys.insert(tuned.key);
      break;
    case KernelCache::Lookup::Corrupt:
      ++corrupt;
      break;
    case KernelCache::Lookup::Miss:
      break;
    }
  }
  if (corrupt > 0)
    std::fprintf(stderr,
                 "warning: %d tuned schedules were damaged and are "
                 "not used\n",
                 corrupt);
  return static_cast<int>(keys.size());
}

void compile(const CompileFlags &flags) {
  BundleRequest request;
  request.name = flags.name;
  request.target = flags.device.target();
  request.kernels = requestsOf(flags);
  if (!flags.noStreamKernels)
    request.kernels = withStreamKernels(request.kernels);
  request.parts = flags.device.parts(request.target);
  request.threads = flags.provider.threads;
  int tuned = useTunedSchedules(flags.provider, request);
  BundleManifest manifest = writeBundle(request, flags.output);
  std::set<std::string> symbols;
  for (const BundledKernel &kernel : manifest.kernels)
    symbols.insert(kernel.symbol);
  std::printf("%zu kernels for %s, %s, %lld lanes", symbols.size(),
              manifest.triple.c_str(), manifest.cpu.c_str(),
              static_cast<long long>(manifest.lanes));
  if (tuned > 0)
    std::printf(", %d with a tuned schedule", tuned);
  std::printf("\n");
  std::set<std::string> fallbacks;
  for (const BundledKernel &kernel : manifest.kernels)
    if (kernel.schedule.level != kernel.request.level)
      fallbacks.insert(kernel.symbol);
  for (const std::string &symbol : fallbacks)
    std::fprintf(stderr,
                 "warning: unrolled for its scheme, the code of a kernel would "
                 "be too long; wrote the slower stream kernel %s\n",
                 symbol.c_str());
  for (const auto &[name, file] : manifest.files)
    if (name.rfind("lib", 0) == 0)
      std::printf("%s/%s %lld bytes\n", flags.output.c_str(), name.c_str(),
                  static_cast<long long>(file.bytes));
}

std::string tileText(const Schedule &schedule) {
  return std::to_string(schedule.tileHeight) + "x" +
         std::to_string(schedule.tileWidth) + "x" +
         std::to_string(schedule.channelChunk);
}

/// The layer by which `lacuna targets` shows tiles: one of ResNet-32's.
const Geometry kExampleLayer =
    Geometry::conv2d(64, 64, {16, 16}, {3, 3}, {1, 1}, {1, 1});

void printTarget(const char *name, const Target &target, const char *note) {
  Schedule pattern = chooseSchedule(Operation::Forward, kExampleLayer,
                                    Structure::pattern(mestPatterns()),
                                    Level::Specialised, target.description);
  Schedule block =
      chooseSchedule(Operation::Forward, kExampleLayer, Structure::block(4),
                     Level::Specialised, target.description);
  std::printf("%-12s %-30s %5lld %9lld %4lldK  %-8s %-8s %lldx%-5lld %s\n",
              name, target.triple.c_str(),
              static_cast<long long>(target.description.lanes),
              static_cast<long long>(target.description.vectorRegisters),
              static_cast<long long>(target.description.l1Bytes / 1024),
              tileText(pattern).c_str(), tileText(block).c_str(),
              static_cast<long long>(block.panelRows),
              static_cast<long long>(block.panelPixels), note);
}

void printTargets() {
  std::printf("%-12s %-30s %5s %9s %5s  %-8s %-8s %-7s %s\n", "cpu", "triple",
              "lanes", "registers", "L1", "pattern", "block", "panel", "");
  Target host = hostTarget();
  printTarget("(this)", host, host.cpu.c_str());
  for (const KnownCpu &known : knownCpus())
    printTarget(known.name, crossTarget(known.name, ""), known.note);
  std::printf(
      "\nTiles are height x width x channels packed at a time, and panels rows "
      "x pixels,\nthat a forward kernel of a 64->64 3x3 layer on 16x16 gets. "
      "--cpu takes any CPU of\nx86-64, 64-bit ARM and ARMv7 that LLVM %s "
      "knows, with an L1 of 32K assumed.\n",
      LACUNA_LLVM_VERSION);
}

} // namespace

int runCompile(int argc, char **argv, const ProviderFactory &) {
  CLI::App app(kDescription, "lacuna compile");
  app.footer(kFooter);
  CompileFlags flags;
  defineFlags(app, flags);
  return runCommand(app, argc, argv, [&] { compile(flags); });
}

int runTargets(int argc, char **argv, const ProviderFactory &) {
  CLI::App app("Lists the machines that Lacuna compiles for, with the lanes "
               "and tiles that their kernels get.",
               "lacuna targets");
  return runCommand(app, argc, argv, printTargets);
}

} // namespace lacuna
