//===- TrainerState.cpp - Saving a run and going on with it ---------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Runtime/Export.h"
#include "lacuna/Runtime/Trainer.h"

#include "lacuna/Support/Crc32.h"

#include <algorithm>

namespace lacuna {

namespace {

std::string labelChecksum(const ImageSet &set) {
  return std::to_string(addToCrc32(0, set.labels.data(),
                                   set.labels.size() * sizeof(set.labels[0])));
}

std::string imageChecksum(const ImageSet &set) {
  return std::to_string(
      set.source ? set.source->fingerprint(set.count())
                 : addToCrc32(0, set.images.data(), size_t(set.images.size())));
}

} // namespace

void TrainerOptions::visitState(StateVisitor &state) const {
  state.expect("epochs", epochs);
  state.expect("batch", batch);
  state.expect("seed", seed);
  state.expect("lr", optimiser.learningRate);
  state.expect("weight_decay", optimiser.weightDecay);
  state.expect("momentum", optimiser.momentum);
  state.expect("nesterov", optimiser.nesterov);
  state.expect("beta1", optimiser.beta1);
  state.expect("beta2", optimiser.beta2);
  state.expect("epsilon", optimiser.epsilon);
  state.expect("label_smoothing", labelSmoothing);
  state.expect("schedule", static_cast<int>(schedule.shape));
  state.expect("step_period", schedule.period);
  std::string milestones;
  for (int milestone : schedule.milestones)
    milestones += std::to_string(milestone) + " ";
  state.expect("milestones", milestones);
  state.expect("rate_factor", schedule.factor);
  state.expect("warmup_epochs", schedule.warmupEpochs);
  state.expect("initial_mask", static_cast<int>(initialMask));
  state.expect("freeze_zero_biases", static_cast<int>(freezeZeroBiases));
}

void Trainer::visitData(StateVisitor &state) {
  state.expect("data", data.name);
  state.expect("train_images", data.train.count());
  state.expect("test_images", data.test.count());
  state.expect("labels",
               labelChecksum(data.train) + " " + labelChecksum(data.test));
  // Every save visits the data, which stays what it is.
  if (imageChecksums.empty())
    imageChecksums = imageChecksum(data.train) + " " + imageChecksum(data.test);
  state.expect("pixels", imageChecksums);
  for (size_t channel = 0; channel < data.mean.size(); ++channel) {
    std::string number = std::to_string(channel);
    state.expect("mean" + number, data.mean[channel]);
    state.expect("deviation" + number, data.deviation[channel]);
  }
  state.expect("augment", static_cast<int>(data.augment));
  state.expect("pad", data.pad);
}

void Trainer::visitPosition(StateVisitor &state) {
  state.scalar("epoch", position.epoch);
  state.scalar("step", position.step);
  state.scalar("step_of_run", event.step);
  state.scalar("loss_sum", position.progress.lossSum);
  state.scalar("correct", position.progress.correct);
  state.scalar("images", position.progress.images);
  state.scalar("train_seconds", position.trainSeconds);
  state.scalar("best_test_accuracy", position.bestTestAccuracy);
  state.scalar("final_test_accuracy", position.finalTestAccuracy);
  if (position.epoch < 0 || position.epoch > method.runEpochs())
    state.refuse("epoch", "is not an epoch of this run");
  if (position.step < 0 || position.step > stepsOfEpoch(position.epoch) ||
      (position.step > 0 && position.epoch == method.runEpochs()))
    state.refuse("step", "is not a step of this run");
  int64_t stepsBefore = position.step;
  for (int epoch = 0; epoch < position.epoch; ++epoch)
    stepsBefore += stepsOfEpoch(epoch);
  if (event.step != stepsBefore)
    state.refuse("step_of_run", "is not that of epoch and step");
  // What this process adds comes on top after loading.
  int64_t repacks = position.repacks + network.repacks();
  double stallSeconds = position.stallSeconds + network.stallSeconds();
  state.scalar("repacks", repacks);
  state.scalar("stall_seconds", stallSeconds);
  if (state.loading()) {
    position.repacks = repacks;
    position.stallSeconds = stallSeconds;
  }
}

/// What a run leaves at zero was decided where it started, which may have been
/// an export.
void Trainer::visitFrozen(StateVisitor &state) {
  if (!options.freezeZeroBiases)
    return;
  state.list("frozen", frozen, static_cast<int64_t>(trainables.size()));
  if (!state.loading())
    return;
  if (frozen.size() != trainables.size() ||
      std::any_of(frozen.begin(), frozen.end(),
                  [](uint8_t flag) { return flag > 1; }))
    state.refuse("frozen", "must be a 0 or 1 for each of " +
                               std::to_string(trainables.size()) +
                               " parameters");
  makeOptimiser();
}

void Trainer::visitState(StateVisitor &state) {
  {
    StateVisitor::Scope scope(state, "trainer");
    state.expect("model", network.name());
    const ImageShape &input = network.inputShape();
    state.expect("input_channels", input.channels);
    state.expect("input_height", input.height);
    state.expect("input_width", input.width);
    state.expect("lanes", provider.lanes(),
                 "resume where the run was started, or with kernels for such "
                 "a CPU (--cpu)");
    options.visitState(state);
    visitData(state);
    visitPosition(state);
    visitFrozen(state);
  }
  {
    StateVisitor::Scope scope(state, "method");
    method.visitState(state);
  }
  {
    StateVisitor::Scope scope(state, "data_efficiency");
    dataEfficiency.visitState(state);
    if (static_cast<int64_t>(dataEfficiency.images().size()) <
        dataEfficiency.imagesOf(position.epoch))
      state.refuse("images", "are too few for the epoch");
  }
  optimiser->visitState(state);
  network.visitState(state);
  if (onVisitState)
    onVisitState(state);
}

void Trainer::save(const std::string &path) {
  saveCheckpoint(path, [this](StateVisitor &state) { visitState(state); });
}

void Trainer::startFrom(const std::string &exportFolder) {
  importNetwork(exportFolder, network, method.startsFromBudget());
  method.adoptWeights(methodContext);
  chooseTrainables();
  network.repackChanged();
  position.repacks = -network.repacks();
}

void Trainer::resume(Checkpoint &checkpoint) {
  checkpoint.load([this](StateVisitor &state) { visitState(state); });
  network.repackChanged();
  position.repacks -= network.repacks();
  position.stallSeconds -= network.stallSeconds();
}

} // namespace lacuna
