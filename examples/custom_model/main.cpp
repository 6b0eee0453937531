//===- main.cpp - A network of your own, trained sparse -------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Compiler/JitProvider.h"
#include "lacuna/Runtime/Trainer.h"
#include "lacuna/Support/Error.h"

#include <cstdio>
#include <string>

using namespace lacuna;

namespace {

// [the model and its training]
Network makeNetwork(ImageShape images, int64_t classes) {
  NetworkBuilder net(images, Scheme::Pattern);
  net.convBias(false)
      .initialisation(Initialisation::KaimingFanOut)
      .conv("conv1", 16, {3, 1, 1}, Sparsity::Dense)
      .batchNorm("bn1", true)
      .residual("block1",
                [](NetworkBuilder &path) {
                  path.conv("block1.conv1", 16, {3, 1, 1}, Sparsity::Maskable)
                      .batchNorm("block1.bn1", true)
                      .conv("block1.conv2", 16, {3, 1, 1}, Sparsity::Maskable)
                      .batchNorm("block1.bn2", true);
                })
      .maxPool("pool", 2, 2)
      .linear("classifier", classes, Sparsity::Dense);
  return net.build("mine");
}

TrainingSummary trainMine(const DataSet &data, int epochs) {
  ThreadPool pool(2);
  auto provider = createJitProvider({});
  Network network =
      makeNetwork({data.train.channels, data.train.height, data.train.width},
                  data.train.classes);
  TrainerOptions options;
  options.epochs = epochs;
  options.optimiser.learningRate = 0.02;
  auto method = makeMethod("mest-em", {0.9, epochs});
  Trainer trainer(network, *method, *provider, pool, data, options);
  return trainer.run();
}
// [end]

} // namespace

int main(int argc, char **argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: %s DATA EPOCHS (such as fashion-mnist 5)\n",
                 argv[0]);
    return static_cast<int>(ExitCode::UsageError);
  }
  try {
    int epochs = std::stoi(argv[2]);
    TrainingSummary summary = trainMine(loadDataSet(argv[1]), epochs);
    std::printf("test accuracy %.2f %%, %lld of %lld parameters\n",
                100 * summary.finalTestAccuracy,
                static_cast<long long>(summary.parametersActive),
                static_cast<long long>(summary.parametersTotal));
  } catch (const Error &error) {
    std::fprintf(stderr, "custom_model: error: %s\n", error.what());
    return static_cast<int>(error.exitCode());
  } catch (const std::logic_error &) {
    std::fprintf(stderr, "custom_model: EPOCHS must be a whole number\n");
    return static_cast<int>(ExitCode::UsageError);
  }
  return 0;
}
