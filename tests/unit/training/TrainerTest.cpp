//===- TrainerTest.cpp - The training loop --------------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Refusal.h"
#include "TrainingTestSupport.h"

#include "lacuna/Support/Error.h"

#include <gtest/gtest.h>

#include <limits>

using namespace lacuna;
using namespace lacuna::testing;

namespace {

TEST(Trainer, LearnsUnderEveryScheme) {
  for (Scheme scheme : {Scheme::Unstructured, Scheme::Block, Scheme::Pattern}) {
    SCOPED_TRACE(schemeName(scheme));
    SpotRun run("mest-em", scheme, 2, shortRun(6));
    std::vector<EpochReport> epochs;
    run.trainer.onEpoch = [&](const EpochReport &e) { epochs.push_back(e); };
    TrainingSummary summary = run.trainer.run();
    ASSERT_EQ(epochs.size(), 6u);
    EXPECT_EQ(epochs.front().epoch, 1);
    EXPECT_LT(epochs.back().trainLoss, epochs.front().trainLoss);
    EXPECT_GT(summary.finalTestAccuracy, 0.9);
    EXPECT_GE(summary.bestTestAccuracy, summary.finalTestAccuracy);
    EXPECT_NEAR(epochs.back().density, 0.3, 0.01);
  }
}

TEST(Trainer, SameBitsForAnyNumberOfThreads) {
  for (const std::string &method : methodNames())
    for (Scheme scheme : {Scheme::Unstructured, Scheme::Block, Scheme::Pattern,
                          Scheme::Channel}) {
      if (!supports(method, scheme))
        continue;
      SCOPED_TRACE(method + " " + std::string(schemeName(scheme)));
      std::vector<uint64_t> hashes;
      std::vector<double> losses;
      for (int threads : {1, 2, 3}) {
        SpotRun run(method, scheme, threads, shortRun(3), 0.8);
        run.trainer.onEpoch = [&](const EpochReport &e) {
          if (e.epoch == 3)
            losses.push_back(e.trainLoss);
        };
        run.trainer.run();
        hashes.push_back(run.network.parametersHash());
      }
      EXPECT_EQ(hashes[0], hashes[1]);
      EXPECT_EQ(hashes[0], hashes[2]);
      EXPECT_EQ(losses[0], losses[1]);
      EXPECT_EQ(losses[0], losses[2]);
    }
}

TEST(Trainer, SeedDecides) {
  auto hash = [](uint64_t seed) {
    TrainerOptions options = shortRun(1);
    options.seed = seed;
    SpotRun run("mest-em", Scheme::Block, 1, options);
    run.trainer.run();
    return run.network.parametersHash();
  };
  EXPECT_EQ(hash(4), hash(4));
  EXPECT_NE(hash(4), hash(5));
}

TEST(Trainer, MutationsRepackAndCompileNothing) {
  SpotRun run("mest-em", Scheme::Block, 1, shortRun(6));
  int64_t compiles = run.provider.statistics().compiles;
  TrainingSummary summary = run.trainer.run();
  EXPECT_EQ(summary.kernels.compiles, compiles);
  EXPECT_GT(summary.repacks, 0);
  EXPECT_GT(summary.kernels.memoryHits, 0);
  EXPECT_GT(summary.stallSeconds, 0);
}

TEST(Trainer, StaticNeverRepacks) {
  SpotRun run("static", Scheme::Pattern, 1, shortRun(2));
  EXPECT_EQ(run.trainer.run().repacks, 0);
}

TEST(Trainer, SoftMemoryBoundEndsAtTheTarget) {
  SpotRun run("mest-ems", Scheme::Unstructured, 1, shortRun(8), 0.8);
  std::vector<double> densities;
  run.trainer.onEpoch = [&](const EpochReport &e) {
    densities.push_back(e.density);
  };
  run.trainer.run();
  EXPECT_NEAR(densities.front(), 0.3, 0.005);
  EXPECT_NEAR(densities.back(), 0.2, 0.005);
}

TEST(Trainer, DenseIsDense) {
  SpotRun run("dense", Scheme::Block, 1, shortRun(1));
  run.trainer.onEpoch = [](const EpochReport &e) { EXPECT_EQ(e.density, 1); };
  TrainingSummary summary = run.trainer.run();
  EXPECT_EQ(summary.parametersActive, summary.parametersTotal);
  EXPECT_EQ(summary.repacks, 0);
}

TEST(Trainer, MakesNoDenseBufferForASparseLayer) {
  // A network whose sparse layer outweighs everything else by far.
  NetworkBuilder builder({1, kSize, kSize}, Scheme::Unstructured);
  builder.linear("fc1", 512, Sparsity::Maskable)
      .relu("relu1")
      .linear("classifier", kClasses, Sparsity::Dense);
  ThreadPool pool(1);
  InterpreterProvider provider(8);
  DataSet data = spots(32, 8);
  std::unique_ptr<Method> method = makeMethod("mest-em", {0.9, 4});
  resetMemoryPeaks();
  Network network = builder.build("wide");
  Trainer trainer(network, *method, provider, pool, data, shortRun(4));
  TrainingSummary summary = trainer.run();
  int64_t denseBytes = kSize * kSize * 512 * 4;
  MemoryUsage usage = memoryUsage();
  for (MemoryKind kind : {MemoryKind::Weights, MemoryKind::Gradients,
                          MemoryKind::Optimiser, MemoryKind::Streams})
    EXPECT_LE(usage.largest[size_t(kind)], denseBytes / 9)
        << memoryKindName(kind);
  EXPECT_LT(summary.parametersActive, summary.parametersTotal / 5);
}

TEST(Trainer, DivergenceNamesEpochStepAndLayer) {
  TrainerOptions options = shortRun(2);
  options.optimiser.learningRate = 1e20;
  SpotRun run("mest-em", Scheme::Block, 1, options);
  try {
    run.trainer.run();
    FAIL() << "went on";
  } catch (const UserError &error) {
    std::string text = error.what();
    for (const char *word : {"epoch 1", "step ", "not finite is "})
      EXPECT_NE(text.find(word), std::string::npos) << text;
  }
}

TEST(Trainer, DivergenceNamesTheFirstLayer) {
  SpotRun run("mest-em", Scheme::Block, 1, shortRun(1));
  for (SparseLayer *layer : run.network.weightLayers())
    if (layer->name() == "fc1") {
      layer->bias()->values()[0] = std::numeric_limits<float>::infinity();
      layer->bias()->markChanged();
    }
  try {
    run.trainer.run();
    FAIL() << "went on";
  } catch (const UserError &error) {
    std::string text = error.what();
    EXPECT_NE(text.find("epoch 1, step 1"), std::string::npos) << text;
    EXPECT_NE(text.find("not finite is fc1"), std::string::npos) << text;
  }
}

TEST(Trainer, DivergenceInTheLastStepShowsInTheTest) {
  TrainerOptions options = shortRun(1);
  options.batch = 1 << 20;
  options.optimiser.learningRate = 1e38;
  SpotRun run("static", Scheme::Block, 1, options);
  try {
    run.trainer.run();
    FAIL() << "went on";
  } catch (const UserError &error) {
    std::string text = error.what();
    EXPECT_NE(text.find("on the test images"), std::string::npos) << text;
  }
}

TEST(Trainer, AugmentationChangesTrainingOnly) {
  auto hashAndAccuracy = [](bool augment) {
    DataSet data = spots();
    data.augment = augment;
    data.pad = 1;
    SpotRun run("static", Scheme::Block, 2, shortRun(2), 0.7, std::move(data));
    double untrained = run.trainer.testAccuracy();
    run.trainer.run();
    return std::make_pair(run.network.parametersHash(), untrained);
  };
  auto plain = hashAndAccuracy(false), augmented = hashAndAccuracy(true);
  EXPECT_NE(plain.first, augmented.first);
  EXPECT_EQ(plain.second, augmented.second);
}

TEST(Trainer, RefusesOptionsOutOfRange) {
  auto refused = [](auto change) {
    TrainerOptions options;
    change(options);
    std::string text = refusal([&] { options.verify(); });
    return text.substr(0, text.find(':'));
  };
  EXPECT_EQ(refused([](TrainerOptions &) {}), "accepted");
  EXPECT_EQ(refused([](TrainerOptions &o) { o.batch = 0; }), "batch");
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  EXPECT_EQ(refused([](TrainerOptions &o) { o.batch = kMost; }), "batch");
  EXPECT_EQ(refused([](TrainerOptions &o) { o.epochs = 0; }), "epochs");
  EXPECT_EQ(refused([](TrainerOptions &o) { o.optimiser.learningRate = 0; }),
            "lr");
  EXPECT_EQ(
      refused([](TrainerOptions &o) { o.optimiser.learningRate = 1e300; }),
      "lr");
  EXPECT_EQ(refused([](TrainerOptions &o) { o.optimiser.momentum = 1; }),
            "momentum");
  EXPECT_EQ(refused([](TrainerOptions &o) { o.optimiser.weightDecay = -1; }),
            "weight-decay");
}

TEST(Trainer, RefusesDataThatDoesNotFitTogether) {
  auto refused = [](auto change) {
    DataSet data = spots();
    change(data);
    return refusal([&] {
      SpotRun run("static", Scheme::Block, 1, shortRun(1), 0.7,
                  std::move(data));
    });
  };
  EXPECT_EQ(refused([](DataSet &) {}), "accepted");
  EXPECT_EQ(refused([](DataSet &d) { d.mean.clear(); }),
            "data set spots: mean: has 0 values, must have one for each of 1 "
            "channels");
  EXPECT_EQ(refused([](DataSet &d) { d.deviation = {0}; }),
            "data set spots: deviation: is 0.000000, must be positive and "
            "finite");
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(refused([](DataSet &d) { d.deviation = {kInfinity}; }),
            "data set spots: deviation: is inf, must be positive and finite");
  EXPECT_EQ(refused([](DataSet &d) { d.mean = {-kInfinity}; }),
            "data set spots: mean: is -inf, must be finite");
  EXPECT_EQ(refused([](DataSet &d) { d.test.labels[3] = 3; }),
            "data set spots: test.labels[3]: is 3, must be below the 3 "
            "classes");
  EXPECT_EQ(refused([](DataSet &d) { d.train.labels.push_back(0); }),
            "data set spots: train.images: holds 9600 bytes where 151 labels "
            "and 64 pixels each need 9664");
  EXPECT_EQ(refused([](DataSet &d) { d.test.labels.clear(); }),
            "data set spots: test: has no images");
  EXPECT_EQ(refused([](DataSet &d) { std::swap(d.test.height, d.pad); }),
            "data set spots: test: channels, height and width must be "
            "positive, their product at most 2147483647");
  // 2^64 pixels are none in 64 bits, as many as there are bytes.
  EXPECT_EQ(refused([](DataSet &d) {
              d.train.channels = d.train.height = int64_t(1) << 32;
              d.train.images = {};
            }),
            "data set spots: train: channels, height and width must be "
            "positive, their product at most 2147483647");
  EXPECT_EQ(refused([](DataSet &d) {
              d.test.height /= 2;
              d.test.width *= 2;
            }),
            "data set spots: images of train and test differ in shape or "
            "classes");
  EXPECT_EQ(refused([](DataSet &d) { d.pad = -1; }),
            "data set spots: pad: is -1, must be between 0 and 7, less than "
            "height and width");
  EXPECT_EQ(refused([](DataSet &d) { d.pad = 8; }),
            "data set spots: pad: is 8, must be between 0 and 7, less than "
            "height and width");
}

TEST(Trainer, RefusesAMethodOfAnotherLength) {
  DataSet data = spots();
  ThreadPool pool(1);
  InterpreterProvider provider(8);
  std::unique_ptr<Method> method = makeMethod("mest-em", {0.7, 5});
  Network network = spotNetwork(Scheme::Block);
  try {
    Trainer trainer(network, *method, provider, pool, data, shortRun(2));
    FAIL();
  } catch (const UserError &error) {
    EXPECT_STREQ(error.what(), "epochs: mest-em was made for 5 and the trainer "
                               "for 2; give both the same");
  }
}

} // namespace
