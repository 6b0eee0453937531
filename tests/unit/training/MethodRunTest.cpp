//===- MethodRunTest.cpp - Methods while they train -----------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TrainingTestSupport.h"

#include "lacuna/Support/Error.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

using namespace lacuna;
using namespace lacuna::testing;

namespace {

struct MethodOnScheme {
  std::string method;
  Scheme scheme;
};

class MethodRun : public ::testing::TestWithParam<MethodOnScheme> {};

TEST_P(MethodRun, LearnsAtTheSparsityAskedFor) {
  auto [method, scheme] = GetParam();
  SpotRun run(method, scheme, 2, shortRun(8), 0.75);
  std::vector<EpochReport> epochs;
  run.trainer.onEpoch = [&](const EpochReport &e) { epochs.push_back(e); };
  TrainingSummary summary = run.trainer.run();
  // Whole filters that come and go disturb the last epochs too.
  double least = epochs.back().trainLoss;
  for (const EpochReport &epoch : epochs)
    least = std::min(least, epoch.trainLoss);
  EXPECT_LT(least, epochs.front().trainLoss);
  EXPECT_GT(summary.bestTestAccuracy, 0.8);
  // Whole filters of eight are coarse.
  if (method != "dst")
    EXPECT_NEAR(epochs.back().density, 0.25,
                scheme == Scheme::Channel ? 0.05 : 0.01);
}

/// What is said of one epoch of ten steps, or of two.
std::optional<std::string> missed(const std::string &method, int epochs,
                                  const MethodOptions &given = {}) {
  DataSet data = spots();
  ThreadPool pool(1);
  InterpreterProvider provider(8);
  MethodOptions options = given;
  options.epochs = epochs;
  std::unique_ptr<Method> made = makeMethod(method, options);
  Network network =
      spotNetwork(made->isSparse() ? Scheme::Unstructured : Scheme::Dense);
  Trainer trainer(network, *made, provider, pool, data, shortRun(epochs));
  return trainer.missedMutations();
}

TEST(MissedMutations, AreOfSchedulesThatARunIsTooShortFor) {
  for (std::string method : {"rigl", "dsr", "gradual"}) {
    std::string text = missed(method, 2).value_or("");
    for (std::string part :
         {method, std::string("every 100 steps (--update-period)"),
          std::string("20 steps in 2 epochs")})
      EXPECT_NE(text.find(part), std::string::npos) << text;
  }
  for (const char *method :
       {"mest", "mest-em", "mest-ems", "mest-ems-readme", "snfs", "set"}) {
    std::string text = missed(method, 1).value_or("");
    EXPECT_NE(text.find("10 steps in 1 epoch"), std::string::npos) << text;
    EXPECT_EQ(missed(method, 2), std::nullopt) << method;
  }
  for (const char *method :
       {"dense", "static", "snip", "deepr", "dst", "lottery"}) {
    MethodOptions options;
    EXPECT_EQ(missed(method, 1, options), std::nullopt) << method;
  }
}

TEST(MissedMutations, AreNoneOnceTheScheduleIsReached) {
  MethodOptions options;
  options.updatePeriod = 14;
  EXPECT_EQ(missed("rigl", 2, options), std::nullopt);
  EXPECT_EQ(missed("set", 2, options), std::nullopt);
  // Step 15 lies behind three quarters of twenty.
  options.updatePeriod = 15;
  std::string text = missed("rigl", 2, options).value_or("");
  EXPECT_NE(text.find("until 0.75 of training (--stop-fraction)"),
            std::string::npos)
      << text;
  EXPECT_EQ(missed("set", 2, options), std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(
    Methods, MethodRun, ::testing::ValuesIn([] {
      std::vector<MethodOnScheme> cases;
      for (const std::string &method : methodNames())
        for (Scheme scheme : {Scheme::Unstructured, Scheme::Block,
                              Scheme::Pattern, Scheme::Channel})
          if (method != "dense" && supports(method, scheme))
            cases.push_back({method, scheme});
      return cases;
    }()),
    [](const ::testing::TestParamInfo<MethodOnScheme> &info) {
      std::string name =
          info.param.method + "_" + std::string(schemeName(info.param.scheme));
      std::replace(name.begin(), name.end(), '-', '_');
      return name;
    });

TEST(Dst, PrunesWhileItLearns) {
  SpotRun run("dst", Scheme::Unstructured, 1, shortRun(10));
  EXPECT_EQ(run.network.density(), 1);
  TrainingSummary summary = run.trainer.run();
  EXPECT_LT(run.network.density(), 0.8);
  EXPECT_GT(summary.bestTestAccuracy, 0.9);
  EXPECT_GT(summary.repacks, 20);
}

TEST(Channel, GrowthStaysFiniteBehindBatchNorm) {
  SpotRun run("mest", Scheme::Channel, 1, shortRun(12), 0.5);
  run.trainer.onEpoch = [](const EpochReport &e) {
    EXPECT_TRUE(std::isfinite(e.trainLoss));
    EXPECT_LT(e.trainLoss, 3);
  };
  run.trainer.run();
}

/// A network whose sparse layer outweighs everything else by far.
struct WideRun {
  explicit WideRun(const std::string &name) : pool(1), provider(8) {
    NetworkBuilder builder({1, kSize, kSize}, Scheme::Unstructured);
    builder.linear("fc1", 512, Sparsity::Maskable)
        .relu("relu1")
        .linear("classifier", kClasses, Sparsity::Dense);
    DataSet data = spots(32, 8);
    std::unique_ptr<Method> method =
        makeMethod(name, spotOptions(name, 0.9, 4));
    resetMemoryPeaks();
    Network network = builder.build("wide");
    Trainer trainer(network, *method, provider, pool, data, shortRun(4));
    usage = trainer.run().memory;
  }
  int64_t peak(MemoryKind kind) const { return usage.peak[size_t(kind)]; }

  static constexpr int64_t kDenseBytes = kSize * kSize * 512 * 4;
  ThreadPool pool;
  InterpreterProvider provider;
  MemoryUsage usage;
};

TEST(MethodMemory, OnlyMethodsThatNeedDenseGradientsHoldThem) {
  for (const char *name : {"static", "mest-ems", "set", "dsr", "deepr"}) {
    SCOPED_TRACE(name);
    WideRun run(name);
    EXPECT_EQ(run.peak(MemoryKind::DenseGradients), 0);
    EXPECT_EQ(run.peak(MemoryKind::MethodState), 0);
    EXPECT_LT(run.peak(MemoryKind::Gradients), WideRun::kDenseBytes / 4);
  }
}

TEST(MethodMemory, RiglHoldsOneDenseGradientAndItsLaneSums) {
  WideRun run("rigl");
  int64_t peak = run.peak(MemoryKind::DenseGradients);
  // The gradient, its sums, eight lanes of them, and the streams of a moment.
  EXPECT_GE(peak, WideRun::kDenseBytes * 10);
  EXPECT_LE(peak, WideRun::kDenseBytes * 12);
  EXPECT_EQ(run.peak(MemoryKind::MethodState), 0);
  EXPECT_LT(run.peak(MemoryKind::Weights), WideRun::kDenseBytes / 2);
}

TEST(MethodMemory, SnfsAlsoHoldsDenseMomentum) {
  WideRun run("snfs");
  EXPECT_EQ(run.peak(MemoryKind::MethodState), WideRun::kDenseBytes);
  EXPECT_GT(run.peak(MemoryKind::DenseGradients), WideRun::kDenseBytes);
}

TEST(MethodMemory, LotteryHoldsWhatItGoesBackTo) {
  WideRun run("lottery");
  EXPECT_GT(run.peak(MemoryKind::MethodState), WideRun::kDenseBytes);
}

/// GraSP scores by 40 images of each of three classes. No batch norm, whose
/// statistics are those of a batch.
struct ScoredRun {
  ScoredRun(const std::string &name, int64_t batch) : pool(1), provider(8) {
    NetworkBuilder builder({1, kSize, kSize}, Scheme::Unstructured);
    builder.conv("conv1", 8, {3, 1, 1}, Sparsity::Maskable)
        .relu("relu1")
        .linear("classifier", kClasses, Sparsity::Maskable);
    DataSet data = spots();
    MethodOptions methodOptions{0.8, 1};
    if (name == "grasp")
      methodOptions.samplesPerClass = 40;
    std::unique_ptr<Method> method = makeMethod(name, methodOptions);
    TrainerOptions options = shortRun(1);
    options.batch = batch;
    resetMemoryPeaks();
    Network network = builder.build("scored");
    Trainer trainer(network, *method, provider, pool, data, options);
    for (const SparseLayer *layer : network.weightLayers())
      active.push_back(layer->weight().active().units);
    trainer.run();
    activations = memoryUsage().peak[size_t(MemoryKind::Activations)];
  }

  ThreadPool pool;
  InterpreterProvider provider;
  std::vector<std::vector<uint32_t>> active; ///< Where training starts.
  int64_t activations = 0;
};

TEST(MethodMemory, GraspScoresInBatchesOfTraining) {
  int64_t usual = ScoredRun("static", 16).activations;
  EXPECT_GT(usual, 0);
  // The logits of a batch, divided by the temperature, come on top.
  EXPECT_LE(ScoredRun("grasp", 16).activations, usual + usual / 50);
}

TEST(Grasp, ChoosesTheSameInBatchesOfAnySize) {
  auto whole = ScoredRun("grasp", 60).active;
  EXPECT_EQ(ScoredRun("grasp", 16).active, whole);
  EXPECT_EQ(ScoredRun("grasp", 7).active, whole);
  EXPECT_EQ(ScoredRun("grasp", 1000).active, whole);
}

TEST(Lottery, RunsEveryRound) {
  SpotRun run("lottery", Scheme::Block, 1, shortRun(3), 0.75);
  std::vector<double> densities;
  run.trainer.onEpoch = [&](const EpochReport &e) {
    densities.push_back(e.density);
  };
  run.trainer.run();
  ASSERT_EQ(densities.size(), 9u);
  EXPECT_EQ(densities[2], 1);
  EXPECT_NEAR(densities[5], 0.5, 0.01);
  EXPECT_NEAR(densities[8], 0.25, 0.01);
}

TEST(FreezeZeroBiases, LeavesShiftsAtZero) {
  for (bool freeze : {false, true}) {
    TrainerOptions options = shortRun(1);
    options.freezeZeroBiases = freeze;
    SpotRun run("mest-em", Scheme::Block, 1, options);
    run.trainer.run();
    for (const Parameter *parameter : run.network.parameters())
      if (parameter->name() == "bn1.beta")
        EXPECT_EQ(parameter->values()[0] == 0, freeze);
      else if (parameter->name() == "fc1.bias")
        EXPECT_NE(parameter->values()[0], 0);
  }
}

TEST(Optimiser, KeepsNothingForWhatIsNotTrained) {
  TrainerOptions options = shortRun(1);
  options.freezeZeroBiases = true;
  SpotRun frozen("mest-em", Scheme::Block, 1, options);
  int64_t left = 0;
  for (const Parameter *parameter : frozen.network.parameters()) {
    bool isShift = parameter->name().find(".beta") != std::string::npos;
    EXPECT_EQ(parameter->stateCount(), isShift ? 0 : 1) << parameter->name();
    left += isShift ? 1 : 0;
  }
  EXPECT_EQ(left, 3);

  // Thresholds and dense weights are trained in place of those that kernels
  // read.
  SpotRun masked("dst", Scheme::Unstructured, 1, shortRun(1));
  for (const SparseLayer *layer : masked.network.weightLayers())
    EXPECT_EQ(layer->weight().stateCount(),
              layer->weight().structure().scheme == Scheme::Dense ? 1 : 0)
        << layer->name();
}

TEST(MethodMemory, WhatIsNotTrainedHasNoMomentum) {
  // The dense weights and thresholds, and the classifier; nothing for what
  // kernels read.
  int64_t trained = kSize * kSize * 512 + 512 + 512 + 512 * kClasses + kClasses;
  EXPECT_EQ(WideRun("dst").peak(MemoryKind::Optimiser), trained * 4);
  // The dense network that SNIP scores is not trained.
  EXPECT_LT(WideRun("snip").peak(MemoryKind::Optimiser),
            WideRun::kDenseBytes / 4);
}

TEST(ForgettingStatistics, CountsWhatWasKnownAndIsNot) {
  ForgettingStatistics statistics(4);
  auto epoch = [&](bool a, bool b, bool c, bool d) {
    statistics.record(0, a);
    statistics.record(1, b);
    statistics.record(2, c);
    statistics.record(3, d);
  };
  epoch(true, false, false, true);
  epoch(false, true, false, true);
  epoch(true, true, false, true);
  epoch(false, true, false, false);
  EXPECT_EQ(statistics.events(0), 2u);
  EXPECT_EQ(statistics.events(1), 0u);
  EXPECT_EQ(statistics.events(2), ForgettingStatistics::kNeverLearned);
  EXPECT_EQ(statistics.events(3), 1u);
  EXPECT_EQ(statistics.unforgettable(), 1);
  EXPECT_EQ(statistics.withoutEasiest(0, 1),
            (std::vector<uint32_t>{0, 1, 2, 3}));
  EXPECT_EQ(statistics.withoutEasiest(1, 1), (std::vector<uint32_t>{0, 2, 3}));
  EXPECT_EQ(statistics.withoutEasiest(2, 1), (std::vector<uint32_t>{0, 2}));
  // Images never learned are the hardest.
  EXPECT_EQ(statistics.withoutEasiest(3, 1), (std::vector<uint32_t>{2}));
}

TEST(ForgettingStatistics, DrawsAmongEquals) {
  ForgettingStatistics statistics(100);
  std::vector<uint32_t> one = statistics.withoutEasiest(50, 1);
  EXPECT_EQ(one, statistics.withoutEasiest(50, 1));
  EXPECT_NE(one, statistics.withoutEasiest(50, 2));
  EXPECT_LT(one.front(), 20u);
  EXPECT_GT(one.back(), 80u);
}

TEST(DataEfficiency, PresetSavesWhatTheAuthorsSave) {
  DataEfficiencyOptions options = DataEfficiencyOptions::preset(160, 50000);
  EXPECT_EQ(options.phaseOneEpochs, 70);
  EXPECT_EQ(options.removedImages, 12000);
  double saved = double(options.removedImages) / 50000 *
                 (160 - options.phaseOneEpochs) / 160;
  EXPECT_DOUBLE_EQ(saved, 0.135);
}

TEST(DataEfficiency, PhaseTwoTrainsOnFewerImages) {
  TrainerOptions options = shortRun(6);
  options.dataEfficiency = {4, 50};
  auto finish = [&](int threads) {
    SpotRun run("mest-em", Scheme::Block, threads, options);
    std::vector<int64_t> images;
    run.trainer.onEpoch = [&](const EpochReport &e) {
      images.push_back(e.trainImages);
    };
    TrainingSummary summary = run.trainer.run();
    EXPECT_EQ(images, (std::vector<int64_t>{150, 150, 150, 150, 100, 100}));
    EXPECT_TRUE(summary.unforgettable.has_value());
    EXPECT_GT(summary.finalTestAccuracy, 0.9);
    return run.network.parametersHash();
  };
  EXPECT_EQ(finish(1), finish(3));
}

/// Loads zeros, and these as the images of the second phase.
class ForgedState : public StateVisitor {
public:
  explicit ForgedState(std::vector<uint32_t> images)
      : images(std::move(images)) {}
  bool loading() const override { return true; }

protected:
  void visitArray(const std::string &name, StateType /*type*/, void *elements,
                  int64_t count) override {
    if (name == "images")
      std::copy_n(images.begin(), count, static_cast<uint32_t *>(elements));
  }
  int64_t storedCount(const std::string &name, StateType /*type*/,
                      int64_t maximum) override {
    int64_t count = static_cast<int64_t>(images.size());
    if (count > maximum)
      fail(name, "is too long");
    return count;
  }
  void visitText(const std::string &, std::string &) override {}
  void visitExpected(const std::string &, const std::string &,
                     const char *) override {}
  void fail(const std::string &name,
            const std::string &message) const override {
    throw UserError(name + ": " + message);
  }

private:
  std::vector<uint32_t> images;
};

TEST(DataEfficiency, RefusesImagesThatTheSetDoesNotHave) {
  for (const std::vector<uint32_t> &wrong :
       {std::vector<uint32_t>{0, 4}, {1, 1}, {2, 1}, {0, 1, 2, 3, 3}}) {
    DataEfficiency phases({2, 1}, /*images=*/4, /*seed=*/1);
    ForgedState state(wrong);
    EXPECT_THROW(phases.visitState(state), UserError);
  }
  DataEfficiency phases({2, 1}, /*images=*/4, /*seed=*/1);
  ForgedState state({0, 2, 3});
  phases.visitState(state);
  EXPECT_EQ(phases.images(), (std::vector<uint32_t>{0, 2, 3}));
}

TEST(DataEfficiency, RefusesPhasesThatDoNotFit) {
  for (DataEfficiencyOptions wrong :
       {DataEfficiencyOptions{7, 50}, DataEfficiencyOptions{4, 150},
        DataEfficiencyOptions{4, -1}}) {
    TrainerOptions options = shortRun(6);
    options.dataEfficiency = wrong;
    EXPECT_THROW(SpotRun("mest-em", Scheme::Block, 1, options), UserError);
  }
}

} // namespace
