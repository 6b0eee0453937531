//===- EvaluateCommand.cpp - lacuna evaluate: a network on images ---------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "EvaluateCommand.h"

#include "CommandLine.h"
#include "JsonReport.h"

#include "lacuna/Runtime/Evaluation.h"
#include "lacuna/Runtime/Export.h"

#include <CLI/CLI.hpp>

#include <cmath>
#include <cstdio>

namespace lacuna {

using Json = nlohmann::ordered_json;

namespace {

constexpr char kFooter[] = R"(
Images are given to the network as its run gave them: the same mean and
deviation, whatever --data says.

Examples:
  lacuna evaluate run.safetensors --data fashion-mnist
  lacuna evaluate run.safetensors --data cifar10:DIR --part train --json e.json
)";

struct EvaluateFlags {
  std::string checkpoint, data, json;
  bool train = false;
  int64_t batch = 64;
  ProviderOptions provider;
};

void defineFlags(CLI::App &app, EvaluateFlags &flags) {
  static const Choices<bool> parts = {{"test", false}, {"train", true}};
  app.add_option("checkpoint", flags.checkpoint,
                 "What lacuna train --save, export or import wrote")
      ->required();
  app.add_option("--data", flags.data, "As lacuna train --data")->required();
  addChoice(app, "--part", flags.train, parts,
            "The images that are asked about")
      ->default_str("test");
  addBatchFlag(app, flags.batch, "Images at a time");
  addThreadsFlag(app, flags.provider);
  addCompilerFlags(app, flags.provider);
  addCacheFlags(app, flags.provider);
  app.add_option("--json", flags.json, "Write what was found as JSON");
}

/// Images of folders are brought to the size that the network was trained on.
DataSet load(const std::string &spec, const Network &network) {
  ImageFolderOptions folders;
  if (spec.rfind("images:", 0) == 0)
    folders.imageSize = network.inputShape().height;
  return loadDataSet(spec, folders);
}

/// Says before kernels are compiled what does not fit.
void verifyFits(const DataSet &data, const ImageSet &set,
                const Network &network) {
  auto verify = [&](bool fits, const std::string &has, const std::string &was) {
    if (!fits)
      throw UserError("data: " + data.name + " has " + has + ", " +
                      network.name() + " was trained on " + was);
  };
  auto images = [](int64_t channels, int64_t height, int64_t width) {
    return "images of " + std::to_string(channels) + "x" +
           std::to_string(height) + "x" + std::to_string(width);
  };
  const ImageShape &shape = network.inputShape();
  int64_t classes =
      network.weightLayers().back()->weight().geometry().outChannels;
  verify(set.channels == shape.channels && set.height == shape.height &&
             set.width == shape.width,
         images(set.channels, set.height, set.width),
         images(shape.channels, shape.height, shape.width));
  verify(set.classes == classes, std::to_string(set.classes) + " classes",
         std::to_string(classes));
}

void evaluateCheckpoint(const EvaluateFlags &flags,
                        const ProviderFactory &makeProvider) {
  JsonReport report(flags.json);
  auto [network, normalisation] = loadSavedNetwork(flags.checkpoint);
  DataSet data = load(flags.data, network);
  const ImageSet &set = flags.train ? data.train : data.test;
  verifyFits(data, set, network);

  std::unique_ptr<KernelProvider> provider = makeProvider(flags.provider);
  ThreadPool pool(flags.provider.threads);
  network.bind(*provider, pool);
  BatchLoader loader(pool, std::move(normalisation), provider->lanes());
  Evaluation found = *evaluate(network, loader, pool, set, flags.batch);
  if (!std::isfinite(found.lossSum))
    throw UserError(flags.checkpoint +
                    ": the network's output is not finite; "
                    "the first layer where it is not is " +
                    network.firstNonFiniteLayer());
  const char *part = flags.train ? "train" : "test";
  std::printf("%s on %lld %s images of %s: accuracy %.2f %%, loss %.4f, "
              "density %.4f\n",
              network.name().c_str(), static_cast<long long>(found.images),
              part, data.name.c_str(), 100 * found.accuracy(), found.loss(),
              network.density());
  report.write({{"checkpoint", flags.checkpoint},
                {"model", network.name()},
                {"data", data.name},
                {"part", part},
                {"images", found.images},
                {"correct", found.correct},
                {"accuracy", found.accuracy()},
                {"loss", found.loss()},
                {"density", network.density()}});
}

} // namespace

int runEvaluate(int argc, char **argv, const ProviderFactory &makeProvider) {
  CLI::App app("Says how the network of a checkpoint does on images.",
               "lacuna evaluate");
  app.footer(kFooter);
  EvaluateFlags flags;
  defineFlags(app, flags);
  return runCommand(app, argc, argv,
                    [&] { evaluateCheckpoint(flags, makeProvider); });
}

} // namespace lacuna
