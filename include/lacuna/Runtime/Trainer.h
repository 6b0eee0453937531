//===- Trainer.h - The training loop -------------------------- -*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_RUNTIME_TRAINER_H
#define LACUNA_RUNTIME_TRAINER_H

#include "lacuna/Runtime/BatchLoader.h"
#include "lacuna/Runtime/Checkpoint.h"
#include "lacuna/Runtime/DataEfficiency.h"
#include "lacuna/Runtime/DataSet.h"
#include "lacuna/Runtime/DenseGradients.h"
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
#include <memory>
#include <optional>
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
  DataEfficiencyOptions dataEfficiency;
  /// Leaves biases and shifts that start at zero there, as the released code of
  /// MEST does.
  bool freezeZeroBiases = false;
  uint64_t seed = 1;

  /// Throws UserError naming the option that is out of range.
  void verify() const;
  /// A resumed run must repeat them all.
  void visitState(StateVisitor &state) const;
};

/// When a trainer saves checkpoints. One more follows the last epoch.
struct Saving {
  std::string path;       ///< Empty: never.
  int everyEpochs = 1;    ///< Counted from the first; 0: not by epochs.
  int64_t everySteps = 0; ///< Within each epoch; 0: not by steps.
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
  int64_t trainImages = 0;
};

struct TrainingSummary {
  /// Set when the run was stopped before its end: the epoch, from 1, and how
  /// many of its steps are done.
  struct Stop {
    int epoch;
    int64_t step;
  };
  std::optional<Stop> stop;
  double bestTestAccuracy = 0, finalTestAccuracy = 0;
  int64_t parametersTotal = 0, parametersActive = 0;
  ProviderStatistics kernels;
  int64_t repacks = 0;
  double stallSeconds = 0;
  /// Peak of all kinds but activations, scratch and data.
  int64_t modelStateBytes = 0;
  int64_t peakResidentBytes = 0;
  MemoryUsage memory;
  /// With data efficiency: images learned and never forgotten in phase one.
  std::optional<int64_t> unforgettable;
};

/// Trains a network by a method. What it is given must outlive it.
class Trainer {
public:
  /// Draws the initial active sets and weights and asks for all kernels. Throws
  /// UserError when options or data are invalid.
  Trainer(Network &network, Method &method, KernelProvider &provider,
          ThreadPool &pool, const DataSet &data, const TrainerOptions &options);

  std::function<void(const StepReport &)> onStep;
  std::function<void(const EpochReport &)> onEpoch;
  /// Visits state that the owner of the trainer keeps beside it.
  std::function<void(StateVisitor &)> onVisitState;

  /// Asked after every step and between batches of the test. Once it says yes,
  /// by which it must stay, run() saves, if it saves at all, and returns;
  /// resuming loses nothing.
  std::function<bool()> shouldStop;

  /// Runs the epochs that are left. Throws UserError when the loss is no longer
  /// finite, EnvironmentError when a checkpoint cannot be saved.
  TrainingSummary run();

  void saveTo(const Saving &newSaving) { saving = newSaving; }
  /// Saves a checkpoint. Only between steps: in onStep and onEpoch, and while
  /// run() is not running.
  void save(const std::string &path);
  /// Starts a run from an exported network (Export.h) in place of drawn
  /// weights. Before run().
  void startFrom(const std::string &exportFolder);
  /// Goes on where the checkpoint was saved, to the same bits for any number of
  /// threads. Throws UserError naming file and field when it is of another run;
  /// the trainer is then of no use.
  void resume(Checkpoint &checkpoint);
  /// Options, position, method and network, in this order.
  void visitState(StateVisitor &state);

  /// Says for people that the method has a schedule by which it would change
  /// the active weights while they train, and that this run is too short for
  /// it; else nothing.
  std::optional<std::string> missedMutations() const;

  /// Share of the test images the network gets right. Throws UserError when
  /// their loss is not finite.
  double testAccuracy();

private:
  struct Progress {
    double lossSum = 0;
    int64_t correct = 0;
    int64_t images = 0;
  };

  /// How far training is. Everything in it is zero at the start of a run.
  struct Position {
    int epoch = 0;
    int64_t step = 0; ///< Of the epoch: steps done.
    Progress progress;
    double trainSeconds = 0; ///< Of the epoch.
    double bestTestAccuracy = 0, finalTestAccuracy = 0;
    int64_t repacks = 0;     ///< Before this run was resumed.
    double stallSeconds = 0; ///< The same.
  };

  class InitialGradients;

  /// Needs the values that training starts from.
  void chooseTrainables();
  void makeOptimiser();
  void prepareDenseGradients();
  void mutate(Moment moment);
  void shuffle(int epoch);
  int64_t stepsOfEpoch(int epoch) const;
  bool stopsHere();
  void trainEpoch();
  /// Whether it came to its end.
  bool runEpoch();
  /// Nothing when `stopped` said so between two batches.
  std::optional<double> testUnless(const std::function<bool()> &stopped);
  TrainingSummary summarise() const;
  void visitPosition(StateVisitor &state);
  void visitData(StateVisitor &state);
  void visitFrozen(StateVisitor &state);
  void trainStep(int epoch, int64_t step, int64_t steps, Progress &progress);
  [[noreturn]] void reportDivergence(const std::string &where, double loss);

  Network &network;
  Method &method;
  KernelProvider &provider;
  ThreadPool &pool;
  const DataSet &data;
  TrainerOptions options;
  std::vector<Parameter *> trainables; ///< What the method lets it train.
  /// With freezeZeroBiases, 1 for those that are left at zero after all.
  std::vector<uint8_t> frozen;
  std::optional<Optimiser> optimiser; ///< Of the others.

  MethodContext methodContext;
  /// The occasion to mutate that training has reached.
  MutationEvent event;
  Position position;
  Saving saving;
  std::unique_ptr<DenseGradients> denseGradients;
  DataEfficiency dataEfficiency;
  std::string imageChecksums; ///< Of training and test images, once taken.
  std::vector<uint32_t> trainOrder;
  BatchLoader loader;
};

} // namespace lacuna

#endif // LACUNA_RUNTIME_TRAINER_H
