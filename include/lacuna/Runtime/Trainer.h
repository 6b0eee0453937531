//===- Trainer.h - The training loop -------------------------- -*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_RUNTIME_TRAINER_H
#define LACUNA_RUNTIME_TRAINER_H

#include "lacuna/Runtime/DataSet.h"
#include "lacuna/Runtime/InitialMask.h"
#include "lacuna/Runtime/KernelProvider.h"
#include "lacuna/Runtime/Method.h"
#include "lacuna/Runtime/Network.h"
#include "lacuna/Runtime/Operators.h"
#include "lacuna/Runtime/Optimiser.h"
#include "lacuna/Runtime/RateSchedule.h"
#include "lacuna/Runtime/ThreadPool.h"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace lacuna {

struct TrainerOptions {
  int epochs = 160;
  int64_t batch = 64;
  OptimiserOptions optimiser;
  RateSchedule schedule;
  /// Share of the target spread evenly over all classes while training.
  double labelSmoothing = 0;
  InitialMask initialMask = InitialMask::Random;
  uint64_t seed = 1;

  /// Throws UserError naming the option that is out of range.
  void verify() const;
};

/// Where training is. Epochs and steps count from 1.
struct StepReport {
  int epoch;
  int64_t step, steps;
  double loss; ///< Mean over the epoch so far.
  double accuracy;
  double imagesPerSecond;
};

/// Accuracies and densities are fractions.
struct EpochReport {
  int epoch; ///< From 1.
  double trainLoss, trainAccuracy, testAccuracy;
  double density;         ///< Of the maskable layers.
  double imagesPerSecond; ///< Of training, mutation included, test excluded.
  double seconds;         ///< Of the whole epoch.
};

struct TrainingSummary {
  double bestTestAccuracy = 0, finalTestAccuracy = 0;
  int64_t parametersTotal = 0, parametersActive = 0;
  ProviderStatistics kernels;
  int64_t repacks = 0;
  double stallSeconds = 0;
  /// Peak of weights, indices, gradients, momentum and streams.
  int64_t modelStateBytes = 0;
  int64_t peakResidentBytes = 0;
};

/// Trains a network by a method. What it is given must outlive it.
class Trainer {
public:
  /// Draws the initial active sets and weights and asks for all kernels.
  Trainer(Network &network, Method &method, KernelProvider &provider,
          ThreadPool &pool, const DataSet &data, const TrainerOptions &options);

  std::function<void(const StepReport &)> onStep;
  std::function<void(const EpochReport &)> onEpoch;

  /// Runs all epochs. Throws UserError when the loss is no longer finite.
  TrainingSummary run();

  /// Share of the test images the network gets right. Throws UserError when
  /// their loss is not finite.
  double testAccuracy();

private:
  struct Progress {
    double lossSum = 0;
    int64_t correct = 0;
    int64_t images = 0;
  };

  void mutate(Moment moment);
  void shuffle(int epoch);
  Progress trainEpoch(int epoch);
  void trainStep(int epoch, int64_t step, int64_t steps, Progress &progress);
  void loadBatch(const ImageSet &set, const uint32_t *index, int64_t count,
                 int augmentedEpoch);
  [[noreturn]] void reportDivergence(const std::string &where, double loss);

  Network &network;
  Method &method;
  KernelProvider &provider;
  ThreadPool &pool;
  const DataSet &data;
  TrainerOptions options;
  Optimiser optimiser;

  MethodContext methodContext;
  /// The occasion to mutate that training has reached.
  MutationEvent event;
  std::vector<uint32_t> trainOrder, testOrder;
  std::vector<Label> labels;
  std::vector<operators::Placement> placements;
  Tensor images;
};

} // namespace lacuna

#endif // LACUNA_RUNTIME_TRAINER_H
