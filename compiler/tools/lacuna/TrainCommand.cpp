//===- TrainCommand.cpp - lacuna train: train a model ---------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TrainCommand.h"

#include "CommandLine.h"
#include "Interruption.h"
#include "TrainProgress.h"
#include "TrainResume.h"

#include "lacuna/Runtime/DataSet.h"
#include "lacuna/Runtime/Export.h"
#include "lacuna/Runtime/Metrics.h"
#include "lacuna/Runtime/Models.h"
#include "lacuna/Runtime/Trainer.h"
#include "lacuna/Support/Endings.h"
#include "lacuna/Support/Error.h"
#include "lacuna/Support/Files.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <filesystem>
#include <iomanip>
#include <iostream>
#include <memory>
#include <optional>
#include <utility>

namespace lacuna {

namespace {

constexpr char kDescription[] =
    "Trains a model that is sparse from its first step to its last.";

constexpr char kFooter[] = R"(
Methods (docs/methods.md): dense, static, mest, mest-em, mest-ems,
mest-ems-readme, set, rigl, snfs, dsr, deepr, dst, snip, grasp, lottery,
gradual. Models: lenet-300-100, lenet-5-caffe, resnet-20, resnet-32,
resnet-50, vgg-16, vgg-16-hidden, vgg-19, wrn-16-8, wrn-28-8, lstm-a, lstm-b.

--metrics writes one JSON object a line: one an epoch, then a summary.

Example:
  lacuna train --model resnet-32 --data cifar10:cifar-10-batches-bin \
               --method mest-em --scheme pattern --sparsity 0.9 --epochs 160 \
               --metrics run.jsonl
)";

/// What shells add to the number of the signal that ended a command.
constexpr int kSignalExitCode = 128;

/// Flags whose default depends on the model stay empty until it is known.
struct TrainFlags {
  std::string model, data;
  std::string method = "mest-em";
  std::string schedule = "cosine";
  // Not every method has a use for these.
  std::optional<Scheme> scheme;
  std::optional<std::string> initialMask, pruneScope;
  std::optional<double> sparsity;
  std::vector<int> milestones;
  std::optional<int> stepPeriod;
  std::optional<double> rateFactor;
  int warmupEpochs = 0;
  std::string optimiser = "sgd";
  std::optional<double> learningRate, weightDecay, momentum, beta1, beta2,
      epsilon;
  bool nesterov = false;
  double labelSmoothing = 0;
  std::string distribution = "uniform";
  bool sparsifyAll = false;
  MethodOptions options;
  bool dataEfficiency = false;
  std::optional<int> phaseOne;
  std::optional<int64_t> removeImages;
  bool freezeZeroBiases = false;
  int64_t batch = 64;
  uint64_t seed = 1;
  std::optional<int64_t> limitTrain, limitTest;
  std::optional<int64_t> imageSize, imageCache;
  std::string metrics;
  PixelFlags pixels;
  bool noFusion = false;
  bool quiet = false;
  bool dryRun = false;
  bool weightsHash = false;
  Saving saving;
  std::string resume, init;
  ProviderOptions provider;
};

void defineOptimiserFlags(CLI::App &app, TrainFlags &flags) {
  app.add_option("--optimiser", flags.optimiser, "sgd or adam")
      ->capture_default_str();
  app.add_option("--lr", flags.learningRate,
                 "Initial learning rate (Adam 0.001; SGD 0.1 for models with "
                 "batch norm, 0.05 for others)");
  app.add_option("--schedule", flags.schedule,
                 "How the rate falls: cosine, step, multi-step or constant")
      ->capture_default_str();
  app.add_option("--milestones", flags.milestones,
                 "Epochs at which the rate of multi-step falls, such as 80,120")
      ->delimiter(',');
  app.add_option("--step-period", flags.stepPeriod,
                 "Epochs between two falls of step (half, then a quarter of "
                 "all epochs)");
  app.add_option("--rate-factor", flags.rateFactor,
                 "What the rate of step and multi-step falls to")
      ->default_str("0.1");
  app.add_option("--warmup-epochs", flags.warmupEpochs,
                 "Epochs over which the rate grows to its initial value")
      ->capture_default_str();
  app.add_option("--momentum", flags.momentum, "Momentum of SGD (0.9)");
  app.add_flag("--nesterov", flags.nesterov, "Nesterov's momentum for SGD");
  app.add_option("--beta1", flags.beta1,
                 "What Adam's mean of gradients keeps a step (0.9)");
  app.add_option("--beta2", flags.beta2,
                 "What Adam's mean of squares keeps a step (0.999)");
  app.add_option("--epsilon", flags.epsilon,
                 "What Adam adds to the root it divides by (1e-8)");
  app.add_option("--weight-decay", flags.weightDecay,
                 "Weight decay (models with batch norm 1e-4, others 0)");
  app.add_option("--label-smoothing", flags.labelSmoothing,
                 "Share of the target spread over all classes while training")
      ->capture_default_str();
}

void defineCheckpointFlags(CLI::App &app, TrainFlags &flags) {
  app.add_option("--save", flags.saving.path,
                 "Where to save checkpoints (.safetensors); of a resumed run, "
                 "by default where it was resumed from");
  app.add_option("--save-every", flags.saving.everyEpochs,
                 "Epochs between checkpoints; 0: only the last")
      ->check(between(0, 1000000))
      ->capture_default_str();
  app.add_option("--save-steps", flags.saving.everySteps,
                 "Steps between checkpoints within an epoch; 0: none")
      ->check(between(int64_t(0), int64_t(1) << 40))
      ->capture_default_str();
  app.add_option("--init", flags.init,
                 "Start from the network that lacuna export or import "
                 "wrote here");
  app.add_option("--resume", flags.resume,
                 "Go on where this checkpoint was saved, with its flags");
}

void defineMethodFlags(CLI::App &app, TrainFlags &flags) {
  MethodOptions &options = flags.options;
  app.add_option("--distribution", flags.distribution,
                 "How sparsity is spread over layers: uniform, er, erk, or a "
                 "file (.json, .yaml)")
      ->capture_default_str();
  app.add_flag("--sparsify-all", flags.sparsifyAll,
               "Make every convolution and linear layer sparse, not only those "
               "of the model's choice; the classifier of an LSTM stays dense");
  app.add_option(
      "--drop-fraction", options.dropFraction,
      "Share of active weights a mutation replaces at first (set and "
      "rigl 0.3, snfs 0.5, dsr 0.1; lottery: prunes a round, 0.2)");
  app.add_option("--update-period", options.updatePeriod,
                 "Steps between mutations (rigl, dsr, gradual 100; set: every "
                 "epoch)");
  app.add_option("--stop-fraction", options.stopFraction,
                 "Share of training after which nothing mutates (rigl, gradual "
                 "0.75, dsr 0.95, set 1)");
  app.add_option("--prune-scope", flags.pruneScope,
                 "gradual, lottery: rank weights by layer or global")
      ->default_str("layer");
  app.add_option("--alpha", options.alpha,
                 "dst: weight of the regulariser that raises thresholds")
      ->default_str("0.0005");
  app.add_option("--threshold-limit", options.thresholdLimit,
                 "dst: largest magnitude of a threshold, 0 for none")
      ->default_str("10");
  app.add_option("--l1", options.l1, "deepr: strength of the L1 penalty")
      ->default_str("1e-05");
  app.add_option("--noise", options.noise,
                 "deepr: deviation of the noise on gradients")
      ->default_str("1e-05");
  app.add_option("--growth-deviation", options.growthDeviation,
                 "set: deviation of grown weights, 0 for zeros")
      ->default_str("0");
  app.add_option("--samples-per-class", options.samplesPerClass,
                 "grasp: images of each class to score with")
      ->default_str("10");
  app.add_option("--rewind-epoch", options.rewindEpoch,
                 "lottery: epoch whose weights each round goes back to")
      ->default_str("0");
  app.add_flag("--reference-counts", options.referenceCounts,
               "mest: count units as the authors' code does");
  app.add_flag("--freeze-zero-biases", flags.freezeZeroBiases,
               "Never train biases and shifts that start at zero, as the "
               "authors' code does");
  app.add_flag("--data-efficiency", flags.dataEfficiency,
               "After 70/160 of the epochs, train without the 24 % of the "
               "images that were forgotten least");
  app.add_option("--phase-one", flags.phaseOne,
                 "Data efficiency: epochs on all images");
  app.add_option("--remove-images", flags.removeImages,
                 "Data efficiency: images to train without after them");
}

void defineFlags(CLI::App &app, TrainFlags &flags) {
  app.add_option("--model", flags.model,
                 "Model to train; a resumed run has one");
  app.add_option("--data", flags.data,
                 "cifar10:DIR, cifar100:DIR, mnist:DIR, fashion-mnist[:DIR] or "
                 "images:DIR (train/CLASS/IMAGE and val/CLASS/IMAGE); a "
                 "resumed run has some");
  app.add_option("--method", flags.method, "How the sparse layers evolve")
      ->capture_default_str();
  addChoice(app, "--scheme", flags.scheme, sparseSchemes(),
            "The sparsity scheme")
      ->default_str("block");
  app.add_option("--sparsity", flags.sparsity,
                 "Share of the weights of a sparse layer that are absent")
      ->check(isSparsity())
      ->default_str("0.9");
  app.add_option("--initial-mask", flags.initialMask,
                 "Units to start from: random, or by magnitude of the draws")
      ->default_str("random");
  app.add_option("--epochs", flags.options.epochs,
                 "Passes over the training images")
      ->capture_default_str();
  app.add_option("--batch", flags.batch, "Images a step")
      ->capture_default_str();
  defineOptimiserFlags(app, flags);
  app.add_option("--lambda", flags.options.lambda,
                 "Weight of the gradient in MEST's importance score")
      ->default_str("0");
  defineMethodFlags(app, flags);
  addSeedFlag(app, flags.seed, "Decides every random choice");
  app.add_option("--threads", flags.provider.threads,
                 "Threads; the result does not depend on their number")
      ->capture_default_str();
  app.add_option("--limit-train", flags.limitTrain,
                 "Use only the first N training images");
  app.add_option("--limit-test", flags.limitTest,
                 "Use only the first N test images");
  app.add_option("--image-size", flags.imageSize,
                 "Height and width that images of folders are brought to")
      ->default_str("224");
  app.add_option("--image-cache", flags.imageCache,
                 "MiB of memory for decoded images of folders, for training "
                 "and test images each")
      ->default_str("1024");
  app.add_option("--metrics", flags.metrics, "Where to write metrics (.jsonl)");
  defineCheckpointFlags(app, flags);
  addCompilerFlags(app, flags.provider);
  addCacheFlags(app, flags.provider);
  addPixelFlags(app, flags.pixels);
  app.add_flag("--no-fusion", flags.noFusion,
               "Run batch norm and sums as passes of their own instead of "
               "inside kernels");
  app.add_flag("--quiet", flags.quiet, "No progress and no summary");
  app.add_flag("--dry-run", flags.dryRun,
               "Verify flags and data, compile the kernels, and stop before "
               "the first step")
      ->excludes("--resume");
  app.add_flag("--weights-hash", flags.weightsHash,
               "Print a hash of all final parameters");
  app.final_callback([&app] {
    for (const char *flag : {"--model", "--data"})
      if (app.count(flag) == 0 && app.count("--resume") == 0)
        throw CLI::RequiredError(flag);
  });
}

RateSchedule rateSchedule(const TrainFlags &flags) {
  RateSchedule schedule;
  schedule.shape = parseRateShape(flags.schedule);
  schedule.milestones = flags.milestones;
  if (flags.stepPeriod && *flags.stepPeriod < 1)
    throw UserError("step-period: is " + std::to_string(*flags.stepPeriod) +
                    ", must be at least 1");
  schedule.period = flags.stepPeriod.value_or(0);
  bool falls = schedule.shape == RateShape::Step ||
               schedule.shape == RateShape::MultiStep;
  if (flags.rateFactor && !falls)
    throw UserError("rate-factor: only --schedule step and multi-step fall by "
                    "a factor");
  schedule.factor = flags.rateFactor.value_or(schedule.factor);
  schedule.warmupEpochs = flags.warmupEpochs;
  return schedule;
}

OptimiserOptions optimiserOptions(const TrainFlags &flags, bool batchNorm) {
  OptimiserOptions options;
  options.kind = parseOptimiserKind(flags.optimiser);
  bool adam = options.kind == OptimiserKind::Adam;
  if (adam && flags.momentum)
    throw UserError("momentum: Adam has none, use --beta1 and --beta2");
  if (!adam && (flags.beta1 || flags.beta2 || flags.epsilon))
    throw UserError("beta1, beta2, epsilon: only --optimiser adam has these");
  options.learningRate = flags.learningRate.value_or(adam        ? 1e-3
                                                     : batchNorm ? 0.1
                                                                 : 0.05);
  options.weightDecay = flags.weightDecay.value_or(batchNorm ? 1e-4 : 0);
  options.momentum = flags.momentum.value_or(options.momentum);
  options.nesterov = flags.nesterov;
  options.beta1 = flags.beta1.value_or(options.beta1);
  options.beta2 = flags.beta2.value_or(options.beta2);
  options.epsilon = flags.epsilon.value_or(options.epsilon);
  return options;
}

TrainerOptions trainerOptions(const TrainFlags &flags) {
  bool batchNorm = modelUsesBatchNorm(flags.model);
  TrainerOptions options;
  options.epochs = flags.options.epochs;
  options.batch = flags.batch;
  options.seed = flags.seed;
  options.initialMask = parseInitialMask(flags.initialMask.value_or("random"));
  options.labelSmoothing = flags.labelSmoothing;
  options.schedule = rateSchedule(flags);
  options.optimiser = optimiserOptions(flags, batchNorm);
  options.freezeZeroBiases = flags.freezeZeroBiases;
  options.verify();
  return options;
}

DataEfficiencyOptions dataEfficiency(const TrainFlags &flags, int64_t images) {
  DataEfficiencyOptions options;
  if (flags.dataEfficiency)
    options = DataEfficiencyOptions::preset(flags.options.epochs, images);
  else if (flags.phaseOne.has_value() != flags.removeImages.has_value())
    throw UserError("phase-one: and --remove-images need each other, unless "
                    "--data-efficiency sets both");
  if (flags.phaseOne && *flags.phaseOne < 1)
    throw UserError("phase-one: is " + std::to_string(*flags.phaseOne) +
                    ", must be at least 1");
  options.phaseOneEpochs = flags.phaseOne.value_or(options.phaseOneEpochs);
  options.removedImages = flags.removeImages.value_or(options.removedImages);
  options.verify(flags.options.epochs, images);
  return options;
}

MethodOptions methodOptions(const TrainFlags &flags,
                            const TrainerOptions &training) {
  MethodOptions options = flags.options;
  options.sparsity = flags.sparsity.value_or(options.sparsity);
  options.distribution = parseDistribution(flags.distribution);
  if (flags.pruneScope)
    options.scope = parsePruneScope(*flags.pruneScope);
  options.momentum = training.optimiser.momentum;
  options.weightDecay = training.optimiser.weightDecay;
  return options;
}

/// Refuses the flags that say which units are active but that the method has no
/// use for. makeMethod() refuses those that are options of methods.
void verifyUses(const TrainFlags &flags) {
  const std::pair<const char *, bool> given[] = {
      {"scheme", flags.scheme.has_value()},
      {"sparsity", flags.sparsity.has_value()},
      {"sparsify-all", flags.sparsifyAll},
      {"initial-mask", flags.initialMask.has_value()}};
  for (const auto &[flag, isGiven] : given)
    if (isGiven)
      verifyMethodUses(flags.method, flag);
}

void limit(ImageSet &set, const std::optional<int64_t> &count,
           const char *flag) {
  if (!count)
    return;
  if (*count < 1 || *count > set.count())
    throw UserError(std::string(flag) + ": is " + std::to_string(*count) +
                    ", must be between 1 and " + std::to_string(set.count()));
  limitImages(set, *count);
}

/// A run saves to where it was resumed from, not to the previous file of that.
std::string savingPath(const TrainFlags &flags) {
  std::string path =
      flags.saving.path.empty() ? flags.resume : flags.saving.path;
  bool fromPrevious =
      flags.saving.path.empty() && endsWith(path, kPreviousSuffix);
  return fromPrevious ? withoutEnding(path, kPreviousSuffix) : path;
}

/// Refuses to save over a file that is no checkpoint, and warns of one whose
/// run has not ended, as the second save takes the last trace of it.
void verifyReplaceable(const std::string &path) {
  std::error_code ignored;
  auto bytes = std::filesystem::file_size(path, ignored);
  if (ignored || bytes == 0)
    return;
  if (!startsAsCheckpoint(path))
    throw UserError("save: " + path +
                    " exists and is no checkpoint; give another file");
  int epoch = 0, epochs = 0;
  try {
    Checkpoint old(path);
    old.load(
        [&](StateVisitor &state) {
          state.scalar("trainer.epoch", epoch);
          state.scalar("trainer.epochs", epochs);
        },
        Checkpoint::Rest::Ignored);
  } catch (const UserError &) {
    return; // Nothing goes on from it.
  }
  if (epoch < epochs)
    std::cerr << "warning: " << path << " is of a run that has done " << epoch
              << " of " << epochs << " epochs, and this one replaces it; "
              << "lacuna train --resume " << path << " goes on with it\n";
}

/// Warns of a network that knows the same images otherwise.
void compareNormalisation(const std::string &folder,
                          const ExportManifest &manifest, const DataSet &data) {
  if (manifest.data == data.name &&
      (manifest.images.mean != data.mean ||
       manifest.images.deviation != data.deviation))
    std::cerr << "warning: " << folder << " was given the pixels of "
              << data.name
              << " with another mean and deviation than this run gives them; "
                 "--raw-pixels, or --mean and --deviation, belong to both or "
                 "to neither\n";
}

/// `record`: the flags, for whoever resumes the run. `checkpoint`: the one to
/// go on from, or null. Returns the exit code.
int execute(const TrainFlags &flags, const std::string &record,
            Checkpoint *checkpoint, const ProviderFactory &makeProvider) {
  Saving saving = flags.saving;
  saving.path = savingPath(flags);
  if (saving.path.empty() && (saving.everyEpochs != 1 || saving.everySteps > 0))
    throw UserError("save-every, save-steps: nothing is saved without --save");
  std::optional<Interruption> interruption;
  if (!saving.path.empty()) {
    verifyWritable(saving.path);
    if (!checkpoint)
      verifyReplaceable(saving.path);
    if (isSameFile(saving.path, flags.metrics))
      throw UserError(
          "metrics: " + flags.metrics +
          " is where --save puts the checkpoint; give another file");
    interruption.emplace();
  }
  TrainerOptions options = trainerOptions(flags);
  Scheme scheme = flags.scheme.value_or(Scheme::Block);
  verifyUses(flags);
  MethodOptions choices = methodOptions(flags, options);
  // Runs of earlier versions may have been given both.
  if (!checkpoint)
    verifySparsityCounts(flags.sparsity, choices.distribution);
  std::unique_ptr<Method> method = makeMethod(flags.method, choices);
  ProviderOptions providerOptions = flags.provider;
  if (!flags.quiet)
    providerOptions.onCompile = reportCompiling;
  std::unique_ptr<KernelProvider> provider = makeProvider(providerOptions);
  ThreadPool pool(flags.provider.threads);
  MetricsWriter metrics(flags.metrics);

  // Refused before minutes go into kernels.
  std::optional<ExportManifest> initial;
  if (!checkpoint && !flags.init.empty())
    initial = readManifest(flags.init);
  DataSet data = loadDataSet(
      flags.data, imageFolders(flags.data, flags.imageSize, flags.imageCache));
  applyPixelFlags(flags.pixels, data);
  if (initial)
    compareNormalisation(flags.init, *initial, data);
  limit(data.train, flags.limitTrain, "limit-train");
  limit(data.test, flags.limitTest, "limit-test");
  options.dataEfficiency = dataEfficiency(flags, data.train.count());
  Network network = makeModel(
      flags.model, {data.train.channels, data.train.height, data.train.width},
      data.train.classes, method->isSparse() ? scheme : Scheme::Dense,
      !flags.noFusion, flags.sparsifyAll);
  Trainer trainer(network, *method, *provider, pool, data, options);

  TrainProgress progress(method->runEpochs());
  if (!flags.quiet)
    trainer.onStep = [&](const StepReport &report) { progress.show(report); };
  trainer.onEpoch = [&](const EpochReport &report) {
    metrics.write(report);
    if (!flags.quiet)
      progress.show(report);
  };
  trainer.onVisitState = [&](StateVisitor &state) {
    std::string flagsOfRun = record;
    state.text("flags", flagsOfRun);
    metrics.visitState(state);
  };
  trainer.saveTo(saving);
  if (interruption)
    trainer.shouldStop = [] { return Interruption::signal() != 0; };
  if (checkpoint)
    trainer.resume(*checkpoint);
  else if (initial)
    trainer.startFrom(flags.init);
  if (std::optional<std::string> missed = trainer.missedMutations();
      missed && !checkpoint)
    std::cerr << "warning: " << *missed << "\n";
  if (flags.dryRun) {
    if (!flags.quiet)
      std::cout << "ready to train    " << network.parametersActive() << " of "
                << network.parametersTotal() << " parameters are active\n";
    return static_cast<int>(ExitCode::Success);
  }
  TrainingSummary summary = trainer.run();
  if (summary.stop) {
    std::cerr << "lacuna: stopped in epoch " << summary.stop->epoch
              << " after step " << summary.stop->step
              << "; go on with: lacuna train --resume " << saving.path << "\n";
    return kSignalExitCode + Interruption::signal();
  }
  metrics.write(summary);
  if (!flags.quiet)
    std::cout << formatSummary(summary, network.density());
  if (flags.weightsHash)
    std::cout << "weights hash      " << std::hex << std::setw(16)
              << std::setfill('0') << network.parametersHash() << "\n";
  return static_cast<int>(ExitCode::Success);
}

} // namespace

int runTrain(int argc, char **argv, const ProviderFactory &makeProvider) {
  CLI::App app(kDescription, "lacuna train");
  app.footer(kFooter);
  TrainFlags flags;
  defineFlags(app, flags);
  int code = 0;
  int failure = runCommand(app, argc, argv, [&] {
    if (flags.resume.empty()) {
      code = execute(flags, recordFlags(app), nullptr, makeProvider);
      return;
    }
    Checkpoint checkpoint(flags.resume);
    if (checkpoint.contents().metadata().count("flags") == 0)
      throw UserError(flags.resume +
                      ": was not saved by lacuna train; the program that saved "
                      "it can resume it");
    std::vector<std::string> words =
        resumedFlags(checkpoint.text("flags"), flags.resume + ": flags", app);
    CLI::App merged;
    TrainFlags all;
    defineFlags(merged, all);
    // CLI11 takes the words from the back.
    std::reverse(words.begin(), words.end());
    try {
      merged.parse(words);
    } catch (const CLI::ParseError &error) {
      throw UserError(flags.resume + ": flags: " + error.what());
    }
    code = execute(all, recordFlags(merged), &checkpoint, makeProvider);
  });
  return failure != 0 ? failure : code;
}

} // namespace lacuna
