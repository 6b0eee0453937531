//===- ImportCommand.cpp - lacuna import: weights from elsewhere ----------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ImportCommand.h"

#include "CommandLine.h"

#include "lacuna/Runtime/DataSet.h"
#include "lacuna/Runtime/Import.h"
#include "lacuna/Runtime/Method.h"
#include "lacuna/Runtime/Models.h"
#include "lacuna/Support/Npy.h"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <optional>
#include <string>

namespace lacuna {

namespace {

constexpr char kFooter[] = R"(
The archive has dense float32 arrays under the names that --names lists, or
under PyTorch's for batch norm:

  numpy.savez("weights.npz", **{k: v.numpy() for k, v in net.state_dict().items()})

Without --sparsity, what is zero is inactive. Where the network knows pixels
otherwise than lacuna train gives them, --mean and --deviation are those of its
torchvision.transforms.Normalize. The folder is one that lacuna
export writes, for train --init, evaluate and freeze (docs/checkpoint.md).

Example:
  lacuna import weights.npz --model resnet-32 --data cifar10:DIR \
                --scheme block --sparsity 0.9 -o network
)";

struct ImportFlags {
  std::string archive, folder, model, data;
  Scheme scheme = Scheme::Block;
  std::optional<double> sparsity;
  std::string distribution = "uniform";
  std::optional<std::string> initialMask;
  std::optional<int64_t> imageSize;
  uint64_t seed = 1;
  PixelFlags pixels;
  bool sparsifyAll = false, names = false;
};

void defineFlags(CLI::App &app, ImportFlags &flags) {
  app.add_option("archive", flags.archive, "Arrays that numpy.savez wrote");
  app.add_option("-o,--output", flags.folder, "Folder to write to");
  app.add_flag("--names", flags.names,
               "Only list names and shapes of the arrays that the model has");
  app.add_option("--model", flags.model, "As lacuna train --model")->required();
  app.add_option("--data", flags.data,
                 "As lacuna train --data: decides the shape of the images, "
                 "the classes and, without --mean, how pixels are given")
      ->required();
  addChoice(app, "--scheme", flags.scheme, allSchemes(), "The sparsity scheme")
      ->default_str("block");
  app.add_option("--sparsity", flags.sparsity,
                 "Share of the weights of a sparse layer to leave out; without "
                 "it, those that are zero")
      ->check(isSparsity());
  app.add_option("--distribution", flags.distribution,
                 "As lacuna train --distribution")
      ->capture_default_str();
  app.add_option("--initial-mask", flags.initialMask,
                 "With a sparsity, the units that stay: magnitude takes the "
                 "largest, random those that lacuna train would draw")
      ->default_str("magnitude");
  addSeedFlag(app, flags.seed, "Of a random mask");
  app.add_flag("--sparsify-all", flags.sparsifyAll,
               "As lacuna train --sparsify-all");
  addPixelFlags(app, flags.pixels);
  app.add_option("--image-size", flags.imageSize,
                 "As lacuna train --image-size");
}

/// Gives the sparse layers the units that a run would start with. Returns
/// whether the flags ask for that, and not for what is not zero.
bool activateUnits(const ImportFlags &flags, Network &network) {
  MethodOptions options;
  options.distribution = parseDistribution(flags.distribution);
  bool counts = flags.sparsity || !options.distribution.source.empty();
  if (!counts) {
    if (flags.initialMask || flags.distribution != "uniform")
      throw UserError("initial-mask, distribution: without a sparsity, the "
                      "units that are not zero stay; give --sparsity");
    return false;
  }
  verifySparsityCounts(flags.sparsity, options.distribution);
  if (flags.scheme == Scheme::Dense)
    throw UserError("sparsity: a dense network has none; leave it out, or give "
                    "another --scheme");
  options.sparsity = flags.sparsity.value_or(options.sparsity);
  std::unique_ptr<Method> method = makeMethod("static", options);
  MethodContext context(network, *method, flags.seed);
  method->initialise(context);
  return true;
}

void importArchive(const ImportFlags &flags) {
  if (flags.names == !flags.archive.empty() ||
      flags.names == !flags.folder.empty())
    throw UsageError("give an archive and --output, or --names alone");
  DataSet data =
      loadDataSet(flags.data, imageFolders(flags.data, flags.imageSize));
  applyPixelFlags(flags.pixels, data);
  Network network = makeModel(
      flags.model, {data.train.channels, data.train.height, data.train.width},
      data.train.classes, flags.scheme, /*fuse=*/true, flags.sparsifyAll);
  if (flags.names) {
    for (const auto &[name, shape] : networkArrays(network))
      std::printf("%s %s\n", name.c_str(), formatShape(shape).c_str());
    return;
  }
  InitialMask mask = parseInitialMask(flags.initialMask.value_or("magnitude"));
  ImportedUnits units = !activateUnits(flags, network) ? ImportedUnits::NonZero
                        : mask == InitialMask::Random  ? ImportedUnits::Held
                                                       : ImportedUnits::Largest;
  ExportManifest manifest;
  manifest.model = network.name();
  manifest.data = data.name;
  manifest.input = network.inputShape();
  manifest.images = {data.mean, data.deviation};
  importWeights(flags.archive, network, units, manifest, flags.folder);
}

} // namespace

int runImport(int argc, char **argv, const ProviderFactory & /*makeProvider*/) {
  CLI::App app("Makes a network of weights from elsewhere, such as PyTorch.",
               "lacuna import");
  app.footer(kFooter);
  ImportFlags flags;
  defineFlags(app, flags);
  return runCommand(app, argc, argv, [&] { importArchive(flags); });
}

} // namespace lacuna
