//===- main.cpp - Sparse training on a device without a compiler ----------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// LeNet-5 by MEST+EM&S, nine weights in ten absent in blocks of 4x1. The active
// weights change after every mutation; the kernels, compiled on a workstation,
// stay: their streams are packed anew.
//
// On one target, this ends with the same weights as
//   lacuna train --model lenet-5-caffe --data DATA --method mest-ems
//                --scheme block --sparsity 0.9 --epochs N --limit-train N
//                --limit-test N --weights-hash
//
//===----------------------------------------------------------------------===//

#include "lenet_kernels.h"

#include "lacuna/Runtime/Bundle.h"
#include "lacuna/Runtime/DataSet.h"
#include "lacuna/Runtime/Models.h"
#include "lacuna/Runtime/Trainer.h"
#include "lacuna/Support/Error.h"

#include <cstdio>
#include <cstdlib>

using namespace lacuna;

namespace {

constexpr char kUsage[] =
    "Usage: device_training DATA EPOCHS IMAGES TEST_IMAGES [BUNDLE]\n"
    "  DATA    mnist:DIR or fashion-mnist:DIR, a folder of IDX files\n"
    "  IMAGES  train on the first so many, test on the first TEST_IMAGES\n"
    "  BUNDLE  load the kernels of this folder instead of those linked in\n";

constexpr double kSparsity = 0.9;

void train(const std::string &dataName, int epochs, int64_t images,
           int64_t testImages, const char *bundle) {
  DataSet data = loadDataSet(dataName);
  limitImages(data.train, images);
  limitImages(data.test, testImages);
  Network network =
      makeModel("lenet-5-caffe",
                {data.train.channels, data.train.height, data.train.width},
                data.train.classes, Scheme::Block);
  std::unique_ptr<KernelProvider> kernels =
      bundle ? openBundle(bundle) : linkedBundle(lenet_kernels_bundle);
  MethodOptions sparsity;
  sparsity.sparsity = kSparsity;
  sparsity.epochs = epochs;
  std::unique_ptr<Method> method = makeMethod("mest-ems", sparsity);
  TrainerOptions options;
  options.epochs = epochs;
  options.optimiser.learningRate = 0.05;
  options.optimiser.weightDecay = 0;

  ThreadPool pool(1);
  Trainer trainer(network, *method, *kernels, pool, data, options);
  trainer.onEpoch = [](const EpochReport &report) {
    std::printf("epoch %d: loss %.4f, test accuracy %.4f, density %.3f\n",
                report.epoch, report.trainLoss, report.testAccuracy,
                report.density);
    std::fflush(stdout);
  };
  TrainingSummary summary = trainer.run();
  std::printf("%lld repacks, %lld layers on stream kernels, %lld of %lld "
              "weights active\nweights hash %016llx\n",
              static_cast<long long>(summary.repacks),
              static_cast<long long>(summary.kernels.fallbacks),
              static_cast<long long>(summary.parametersActive),
              static_cast<long long>(summary.parametersTotal),
              static_cast<unsigned long long>(network.parametersHash()));
}

} // namespace

int main(int argc, char **argv) {
  if (argc < 5 || argc > 6) {
    std::fputs(kUsage, stderr);
    return static_cast<int>(ExitCode::UsageError);
  }
  try {
    train(argv[1], std::atoi(argv[2]), std::atoll(argv[3]), std::atoll(argv[4]),
          argc > 5 ? argv[5] : nullptr);
    return 0;
  } catch (const Error &error) {
    std::fprintf(stderr, "device_training: error: %s\n", error.what());
    return static_cast<int>(error.exitCode());
  }
}
