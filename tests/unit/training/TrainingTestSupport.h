//===- TrainingTestSupport.h - Helpers of the training tests -- -*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_TESTS_UNIT_TRAINING_TRAININGTESTSUPPORT_H
#define LACUNA_TESTS_UNIT_TRAINING_TRAININGTESTSUPPORT_H

#include "InterpreterProvider.h"

#include "lacuna/Runtime/Random.h"
#include "lacuna/Runtime/Trainer.h"

namespace lacuna::testing {

constexpr int64_t kSize = 8;
constexpr int64_t kClasses = 3;

/// Noise with a bright spot whose place tells the class.
inline ImageSet spotImages(int64_t count, uint32_t which) {
  ImageSet set;
  set.channels = 1;
  set.height = set.width = kSize;
  set.classes = kClasses;
  set.images = Buffer<uint8_t>(MemoryKind::Data, count * kSize * kSize);
  RandomStream stream(17, RandomPurpose::Test, which);
  for (int64_t i = 0; i < count; ++i) {
    uint8_t label = static_cast<uint8_t>(i % kClasses);
    set.labels.push_back(label);
    uint8_t *image = set.images.data() + i * kSize * kSize;
    for (int64_t pixel = 0; pixel < kSize * kSize; ++pixel)
      image[pixel] = static_cast<uint8_t>(stream.below(90));
    for (int64_t y = 2; y < 5; ++y)
      for (int64_t x = 0; x < 2; ++x)
        image[y * kSize + 1 + 2 * label + x] = 220;
  }
  return set;
}

inline DataSet spots(int64_t train = 150, int64_t test = 45) {
  DataSet data;
  data.name = "spots";
  data.train = spotImages(train, 1);
  data.test = spotImages(test, 2);
  data.mean = {0.2f};
  data.deviation = {0.25f};
  return data;
}

inline Network spotNetwork(Scheme scheme) {
  NetworkBuilder net({1, kSize, kSize}, scheme);
  net.convBias(false)
      .conv("conv1", 8, {3, 1, 1}, Sparsity::Dense)
      .batchNorm("bn1", true)
      .residual("block1",
                [](NetworkBuilder &path) {
                  path.conv("block1.conv1", 8, {3, 1, 1}, Sparsity::Maskable)
                      .batchNorm("block1.bn1", true)
                      .conv("block1.conv2", 8, {3, 1, 1}, Sparsity::Maskable)
                      .batchNorm("block1.bn2", true);
                })
      .maxPool("pool", 2, 2)
      .linear("fc1", 16, Sparsity::Maskable)
      .relu("relu1")
      .linear("classifier", kClasses, Sparsity::Dense);
  return net.build("spots");
}

/// Short runs see several mutations, and lotteries few rounds.
inline MethodOptions spotOptions(const std::string &method, double sparsity,
                                 int epochs) {
  MethodOptions options{sparsity, epochs};
  if (method == "set" || method == "rigl" || method == "dsr" ||
      method == "gradual")
    options.updatePeriod = 4;
  if (method == "grasp")
    options.samplesPerClass = 4;
  if (method == "dst")
    options.alpha = 0.02;
  if (method == "lottery")
    options.dropFraction = 0.5;
  return options;
}

/// Whether a method works on units of this scheme.
inline bool supports(const std::string &method, Scheme scheme) {
  return scheme == Scheme::Unstructured ||
         (method != "dst" && method != "deepr");
}

/// A training run with everything it needs.
struct SpotRun {
  SpotRun(const std::string &methodName, Scheme scheme, int threads,
          TrainerOptions options, double sparsity = 0.7, DataSet set = spots())
      : pool(threads), provider(8), data(std::move(set)),
        method(makeMethod(methodName,
                          spotOptions(methodName, sparsity, options.epochs))),
        network(spotNetwork(method->isSparse() ? scheme : Scheme::Dense)),
        trainer(network, *method, provider, pool, data, options) {}

  ThreadPool pool;
  InterpreterProvider provider;
  DataSet data;
  std::unique_ptr<Method> method;
  Network network;
  Trainer trainer;
};

inline TrainerOptions shortRun(int epochs) {
  TrainerOptions options;
  options.epochs = epochs;
  options.batch = 16;
  options.optimiser.learningRate = 0.05;
  options.optimiser.weightDecay = 1e-4;
  return options;
}

} // namespace lacuna::testing

#endif // LACUNA_TESTS_UNIT_TRAINING_TRAININGTESTSUPPORT_H
