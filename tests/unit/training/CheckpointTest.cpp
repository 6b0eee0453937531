//===- CheckpointTest.cpp - Runs that stop and go on ----------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TrainingTestSupport.h"

#include "lacuna/Kernel/Descriptor.h"
#include "lacuna/Runtime/Checkpoint.h"
#include "lacuna/Runtime/Export.h"
#include "lacuna/Runtime/Layers.h"
#include "lacuna/Runtime/Models.h"
#include "lacuna/Support/Error.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <limits>

#include <sys/resource.h>
#include <unistd.h>

using namespace lacuna;
using namespace lacuna::testing;
namespace fs = std::filesystem;

namespace {

constexpr int kEpochs = 4;

class CheckpointTest : public ::testing::Test {
protected:
  void SetUp() override {
    // Every checkpoint is flushed with its folder, which a disk takes a while
    // for and memory does not.
    std::string memory = "/dev/shm/";
    std::string pattern =
        (access(memory.c_str(), W_OK) == 0 ? memory : ::testing::TempDir()) +
        "lacuna-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder = pattern;
    path = folder / "run.safetensors";
  }
  void TearDown() override { fs::remove_all(folder); }

  std::string bytes() const {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void rewrite(const std::string &content) const {
    std::ofstream(path, std::ios::binary) << content;
  }

  /// Expects an error about this file, with these words.
  template <typename Call>
  void refuse(Call call, const std::vector<std::string> &words) {
    try {
      call();
      FAIL() << "accepted";
    } catch (const UserError &error) {
      std::string text = error.what();
      EXPECT_NE(text.find(path), std::string::npos) << text;
      for (const std::string &word : words)
        EXPECT_NE(text.find(word), std::string::npos) << text;
    }
  }

  fs::path folder;
  std::string path;
};

/// Writes a checkpoint again with some texts and one list changed, and with
/// checksums that hold.
void rewriteState(const std::string &path,
                  const std::map<std::string, std::string> &changedTexts,
                  const std::string &changedList = "",
                  std::vector<uint32_t> elements = {}) {
  Checkpoint old(path);
  std::map<std::string, std::string> texts = old.contents().metadata();
  for (const auto &[name, text] : changedTexts)
    texts.at(name) = text;
  std::vector<std::vector<float>> reals;
  std::vector<std::vector<uint32_t>> indices;
  std::vector<std::vector<uint8_t>> bytes;
  saveCheckpoint(path, [&](StateVisitor &state) {
    auto copy = [&](const std::string &name, auto &lists) {
      using List = typename std::decay_t<decltype(lists)>::value_type;
      lists.push_back(old.list<typename List::value_type>(name));
      if constexpr (std::is_same_v<List, std::vector<uint32_t>>)
        if (name == changedList)
          lists.back() = elements;
      state.list(name, lists.back(), 0);
    };
    for (const auto &[name, text] : texts)
      if (name != "format" && name != "version" && name.rfind("crc32", 0) != 0)
        state.expect(name, text);
    for (const auto &[name, entry] : old.contents().entries())
      if (entry.type == "F32")
        copy(name, reals);
      else if (entry.type == "U32")
        copy(name, indices);
      else
        copy(name, bytes);
  });
}

struct Stopped {};

/// All that a run leaves, other than times.
struct Outcome {
  uint64_t hash;
  std::vector<double> reports;

  bool operator==(const Outcome &o) const {
    return hash == o.hash && reports == o.reports;
  }
};

void collect(const EpochReport &e, std::vector<double> &reports) {
  reports.insert(reports.end(), {double(e.epoch), e.trainLoss, e.trainAccuracy,
                                 e.testAccuracy, e.density});
}

Outcome finish(SpotRun &run, std::vector<double> reports = {}) {
  run.trainer.onEpoch = [&](const EpochReport &e) { collect(e, reports); };
  TrainingSummary summary = run.trainer.run();
  reports.push_back(summary.bestTestAccuracy);
  reports.push_back(summary.finalTestAccuracy);
  reports.push_back(double(summary.repacks));
  return {run.network.parametersHash(), reports};
}

TEST_F(CheckpointTest, AResumedRunEqualsAnUninterruptedOne) {
  // One run that stops thrice. Ten steps an epoch: in the first epoch, on its
  // last step, and later.
  for (const std::string &method : methodNames())
    for (Scheme scheme : {Scheme::Unstructured, Scheme::Block, Scheme::Pattern,
                          Scheme::Channel}) {
      if ((method == "dense" && scheme != Scheme::Block) ||
          !supports(method, scheme))
        continue;
      SCOPED_TRACE(method + " " + std::string(schemeName(scheme)));
      TrainerOptions options = shortRun(kEpochs);
      options.optimiser.momentum = 0.9;
      auto fresh = [&](int threads) {
        DataSet copy = spots();
        copy.augment = true;
        copy.pad = 1;
        return std::make_unique<SpotRun>(method, scheme, threads, options, 0.8,
                                         std::move(copy));
      };
      Outcome whole = finish(*fresh(1));
      std::vector<double> reports;
      auto run = fresh(2);
      int64_t steps = 0;
      for (auto [stop, threads] :
           {std::pair<int64_t, int>{3, 3}, {10, 1}, {25, 2}}) {
        run->trainer.onEpoch = [&](const EpochReport &e) {
          collect(e, reports);
        };
        run->trainer.onStep = [&, stop = stop](const StepReport &) {
          if (++steps == stop) {
            run->trainer.save(path);
            throw Stopped();
          }
        };
        EXPECT_THROW(run->trainer.run(), Stopped);
        run = fresh(threads);
        Checkpoint checkpoint(path);
        run->trainer.resume(checkpoint);
      }
      EXPECT_EQ(finish(*run, reports), whole);
    }
}

/// In the first epoch, after its last step, in its test, between epochs, and in
/// the last test, after the method has finished.
TEST_F(CheckpointTest, ARunThatIsStoppedSavesAndGoesOn) {
  // Ten steps and three batches of the test an epoch.
  constexpr int kQuestions[] = {2, 10, 12, 14, 27};
  constexpr TrainingSummary::Stop kStops[] = {
      {1, 2}, {1, 10}, {1, 10}, {2, 0}, {2, 10}};
  TrainerOptions options = shortRun(2);
  auto fresh = [&] {
    return std::make_unique<SpotRun>("mest-ems", Scheme::Block, 1, options);
  };
  Outcome whole = finish(*fresh());
  for (size_t i = 0; i < std::size(kQuestions); ++i) {
    SCOPED_TRACE(kQuestions[i]);
    std::vector<double> reports;
    {
      auto run = fresh();
      int asked = 0;
      run->trainer.onEpoch = [&](const EpochReport &e) { collect(e, reports); };
      run->trainer.shouldStop = [&] { return asked++ >= kQuestions[i]; };
      run->trainer.saveTo({path, 0, 0});
      TrainingSummary summary = run->trainer.run();
      ASSERT_TRUE(summary.stop);
      EXPECT_EQ(summary.stop->epoch, kStops[i].epoch);
      EXPECT_EQ(summary.stop->step, kStops[i].step);
    }
    auto run = fresh();
    Checkpoint checkpoint(path);
    run->trainer.resume(checkpoint);
    EXPECT_EQ(finish(*run, reports), whole);
  }
}

TEST_F(CheckpointTest, ForgettingIsRemembered) {
  TrainerOptions options = shortRun(kEpochs);
  options.dataEfficiency = {2, 40};
  Outcome whole = [&] {
    SpotRun run("mest-em", Scheme::Block, 1, options);
    return finish(run);
  }();
  for (int64_t stop : {5, 15, 25}) {
    SCOPED_TRACE(stop);
    std::vector<double> reports;
    {
      SpotRun run("mest-em", Scheme::Block, 1, options);
      int64_t steps = 0;
      run.trainer.onEpoch = [&](const EpochReport &e) { collect(e, reports); };
      run.trainer.onStep = [&](const StepReport &) {
        if (++steps == stop) {
          run.trainer.save(path);
          throw Stopped();
        }
      };
      EXPECT_THROW(run.trainer.run(), Stopped);
    }
    SpotRun run("mest-em", Scheme::Block, 1, options);
    Checkpoint checkpoint(path);
    run.trainer.resume(checkpoint);
    EXPECT_EQ(finish(run, reports), whole);
  }
}

/// What --freeze-zero-biases leaves at zero, a run that starts from an export
/// reads there, and one that is resumed in its checkpoint.
TEST_F(CheckpointTest, FrozenBiasesAreThoseOfTheExport) {
  std::string exported = (folder / "network").string();
  auto parameterOf = [](SpotRun &run, const std::string &name) {
    for (Parameter *parameter : run.network.parameters())
      if (parameter->name() == name)
        return parameter;
    throw InternalError("no parameter " + name);
  };
  {
    SpotRun source("static", Scheme::Block, 1, shortRun(1));
    source.trainer.run();
    // Unlike in drawn networks, this bias is zero and no shift is.
    Parameter *bias = parameterOf(source, "fc1.bias");
    std::fill_n(bias->values(), bias->size(), 0.0f);
    ASSERT_NE(parameterOf(source, "bn1.beta")->values()[0], 0);
    source.trainer.save(path);
    Checkpoint checkpoint(path);
    exportNetwork(checkpoint, exported);
  }
  TrainerOptions options = shortRun(2);
  options.freezeZeroBiases = true;
  auto started = [&] {
    auto run = std::make_unique<SpotRun>("static", Scheme::Block, 1, options);
    run->trainer.startFrom(exported);
    return run;
  };
  auto whole = started();
  float shift = parameterOf(*whole, "bn1.beta")->values()[0];
  Outcome expected = finish(*whole);
  EXPECT_NE(parameterOf(*whole, "bn1.beta")->values()[0], shift);
  EXPECT_EQ(parameterOf(*whole, "fc1.bias")->values()[0], 0);
  EXPECT_EQ(parameterOf(*whole, "fc1.bias")->stateCount(), 0);

  std::vector<double> reports;
  {
    auto run = started();
    int64_t steps = 0;
    run->trainer.onEpoch = [&](const EpochReport &e) { collect(e, reports); };
    run->trainer.onStep = [&](const StepReport &) {
      if (++steps == 13) {
        run->trainer.save(path);
        throw Stopped();
      }
    };
    EXPECT_THROW(run->trainer.run(), Stopped);
  }
  SpotRun resumed("static", Scheme::Block, 1, options);
  Checkpoint checkpoint(path);
  resumed.trainer.resume(checkpoint);
  EXPECT_EQ(finish(resumed, reports), expected);
}

TEST_F(CheckpointTest, AdamGoesOnWhereItStopped) {
  TrainerOptions options = shortRun(kEpochs);
  options.optimiser.kind = OptimiserKind::Adam;
  options.optimiser.learningRate = 0.01;
  options.schedule.warmupEpochs = 2;
  options.labelSmoothing = 0.1;
  SpotRun undisturbed("mest-em", Scheme::Block, 1, options);
  Outcome whole = finish(undisturbed);
  std::vector<double> reports;
  SpotRun first("mest-em", Scheme::Block, 1, options);
  int64_t steps = 0;
  first.trainer.onEpoch = [&](const EpochReport &e) { collect(e, reports); };
  first.trainer.onStep = [&](const StepReport &) {
    if (++steps == 13) {
      first.trainer.save(path);
      throw Stopped();
    }
  };
  EXPECT_THROW(first.trainer.run(), Stopped);
  SpotRun second("mest-em", Scheme::Block, 2, options);
  Checkpoint checkpoint(path);
  second.trainer.resume(checkpoint);
  EXPECT_EQ(finish(second, reports), whole);
  SpotRun sgd("mest-em", Scheme::Block, 1, shortRun(kEpochs));
  refuse([&] { sgd.trainer.resume(checkpoint); }, {"trainer.lr"});
}

TEST_F(CheckpointTest, AResumedRunSavesTheBytesItWasResumedFrom) {
  TrainerOptions options = shortRun(kEpochs);
  SpotRun first("mest-em", Scheme::Pattern, 1, options);
  first.trainer.saveTo({path, 2, 0});
  first.trainer.run();
  std::string saved = bytes();
  SpotRun second("mest-em", Scheme::Pattern, 2, options);
  Checkpoint checkpoint(path);
  second.trainer.resume(checkpoint);
  second.trainer.save(path);
  EXPECT_EQ(bytes(), saved);
}

TEST_F(CheckpointTest, SavesWhenAskedToAndKeepsThePreviousOne) {
  TrainerOptions options = shortRun(3);
  SpotRun run("mest-em", Scheme::Block, 1, options);
  run.trainer.saveTo({path, 1, 4});
  std::vector<std::string> positions;
  run.trainer.onStep = [&](const StepReport &) {
    if (fs::exists(path)) {
      Checkpoint checkpoint(path);
      positions.push_back(checkpoint.text("trainer.epoch") + "." +
                          checkpoint.text("trainer.step"));
    }
  };
  run.trainer.run();
  positions.erase(std::unique(positions.begin(), positions.end()),
                  positions.end());
  EXPECT_EQ(positions, (std::vector<std::string>{"0.4", "0.8", "1.0", "1.4",
                                                 "1.8", "2.0", "2.4", "2.8"}));
  EXPECT_EQ(Checkpoint(path).text("trainer.epoch"), "3");
  EXPECT_EQ(Checkpoint(path + ".previous").text("trainer.step"), "8");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder), {}), 2);
}

TEST_F(CheckpointTest, AFinishedRunHasNothingToDo) {
  TrainerOptions options = shortRun(2);
  SpotRun run("mest", Scheme::Block, 1, options);
  run.trainer.saveTo({path, 1, 0});
  Outcome whole = finish(run);
  SpotRun again("mest", Scheme::Block, 1, options);
  Checkpoint checkpoint(path);
  again.trainer.resume(checkpoint);
  int epochs = 0;
  again.trainer.onEpoch = [&](const EpochReport &) { ++epochs; };
  TrainingSummary summary = again.trainer.run();
  EXPECT_EQ(epochs, 0);
  EXPECT_EQ(again.network.parametersHash(), whole.hash);
  EXPECT_EQ(summary.finalTestAccuracy, whole.reports[whole.reports.size() - 2]);
}

TEST_F(CheckpointTest, RefusesTheCheckpointOfAnotherRun) {
  TrainerOptions options = shortRun(2);
  {
    SpotRun run("mest-em", Scheme::Block, 1, options);
    run.trainer.save(path);
  }
  auto resume = [&](const std::string &method, Scheme scheme,
                    TrainerOptions changed, double sparsity = 0.7,
                    DataSet data = spots()) {
    SpotRun run(method, scheme, 1, changed, sparsity, std::move(data));
    Checkpoint checkpoint(path);
    run.trainer.resume(checkpoint);
  };
  auto changed = [&](auto change) {
    TrainerOptions other = options;
    change(other);
    return [&, other] { resume("mest-em", Scheme::Block, other); };
  };
  EXPECT_NO_THROW(resume("mest-em", Scheme::Block, options));
  refuse([&] { resume("mest", Scheme::Block, options); },
         {"method.name", "'mest-em'", "'mest'"});
  refuse([&] { resume("mest-em", Scheme::Block, options, 0.8); },
         {"method.sparsity", "'0.7'", "'0.8'"});
  refuse([&] { resume("mest-em", Scheme::Pattern, options); },
         {"block1.conv1.weight.layer", "another"});
  refuse([&] { resume("mest-em", Scheme::Block, options, 0.7, spots(151)); },
         {"trainer.train_images"});
  refuse(
      [&] {
        DataSet data = spots();
        data.train.labels[3] = 0;
        data.train.labels[4] = 2;
        resume("mest-em", Scheme::Block, options, 0.7, std::move(data));
      },
      {"trainer.labels"});
  refuse(
      [&] {
        DataSet data = spots();
        data.train.images[100] ^= 1;
        resume("mest-em", Scheme::Block, options, 0.7, std::move(data));
      },
      {"trainer.pixels"});
  refuse(
      [&] {
        DataSet data = spots();
        data.mean[0] = 0.25f;
        resume("mest-em", Scheme::Block, options, 0.7, std::move(data));
      },
      {"trainer.mean0"});
  refuse(changed([](TrainerOptions &o) { o.seed = 2; }), {"trainer.seed"});
  refuse(changed([](TrainerOptions &o) { o.batch = 17; }), {"trainer.batch"});
  refuse(changed([](TrainerOptions &o) { o.epochs = 3; }), {"trainer.epochs"});
  refuse(changed([](TrainerOptions &o) { o.optimiser.learningRate = 0.06; }),
         {"trainer.lr", "0.05", "0.06"});
  refuse(changed([](TrainerOptions &o) { o.optimiser.momentum = 0.8; }),
         {"trainer.momentum"});
  refuse(changed([](TrainerOptions &o) { o.optimiser.weightDecay = 0; }),
         {"trainer.weight_decay"});
}

/// What would have a resumed run read images that are not there.
TEST_F(CheckpointTest, RefusesAPlaceInTheRunThatCannotBe) {
  TrainerOptions options = shortRun(kEpochs);
  options.dataEfficiency = {2, 40};
  auto fresh = [&] {
    return std::make_unique<SpotRun>("mest-em", Scheme::Block, 1, options);
  };
  auto resume = [&] {
    auto run = fresh();
    Checkpoint checkpoint(path);
    run->trainer.resume(checkpoint);
  };
  // 150 images, then 110, sixteen a step.
  auto run = fresh();
  run->trainer.onStep = [&](const StepReport &report) {
    if (report.epoch == 3 && report.step == 7)
      run->trainer.save(path);
  };
  run->trainer.run();
  rewriteState(path, {});
  EXPECT_NO_THROW(resume());
  std::string saved = bytes();
  auto refuseChanged = [&](const std::map<std::string, std::string> &texts,
                           const std::string &field) {
    rewrite(saved);
    rewriteState(path, texts);
    refuse(resume, {field});
  };
  refuseChanged({{"trainer.epoch", "5"}}, "trainer.epoch: is not an epoch");
  refuseChanged({{"trainer.step", "8"}, {"trainer.step_of_run", "28"}},
                "trainer.step: is not a step");
  refuseChanged({{"trainer.step_of_run", "26"}},
                "trainer.step_of_run: is not that of epoch and step");
  refuseChanged({{"trainer.epoch", "1"}, {"trainer.step_of_run", "17"}},
                "data_efficiency.images: are too few for the epoch");
  rewrite(saved);
  rewriteState(path, {}, "data_efficiency.images", {0, 1, 2});
  refuse(resume, {"data_efficiency.images: are too few for the epoch"});
}

TEST_F(CheckpointTest, FillsANetworkOfOnesOwn) {
  SpotRun run("mest-em", Scheme::Pattern, 1, shortRun(1));
  run.trainer.run();
  run.trainer.save(path);
  Checkpoint checkpoint(path);
  Network network = spotNetwork(Scheme::Pattern);
  checkpoint.load([&](StateVisitor &state) { network.visitState(state); },
                  Checkpoint::Rest::Ignored);
  EXPECT_EQ(network.parametersHash(), run.network.parametersHash());
  refuse([&] { loadNetwork(checkpoint); },
         {"trainer.model: 'spots'", "docs/cpp.md"});
}

/// Neither a linear layer nor a recurrent one tells it.
TEST_F(CheckpointTest, NetworksKnowTheShapeOfTheirImages) {
  ThreadPool pool(1);
  InterpreterProvider provider(8);
  DataSet data = spots();
  for (const char *name : {"lenet-300-100", "lstm-a"}) {
    SCOPED_TRACE(name);
    std::unique_ptr<Method> method = makeMethod("static", {0.7, 1});
    Network network =
        makeModel(name, {1, kSize, kSize}, kClasses, Scheme::Block);
    Trainer trainer(network, *method, provider, pool, data, shortRun(1));
    trainer.save(path);
    Checkpoint checkpoint(path);
    Network loaded = loadNetwork(checkpoint);
    EXPECT_EQ(loaded.inputShape().channels, 1);
    EXPECT_EQ(loaded.inputShape().height, kSize);
    EXPECT_EQ(loaded.inputShape().width, kSize);
    EXPECT_EQ(loaded.parametersHash(), network.parametersHash());
  }
}

TEST_F(CheckpointTest, RefusesNumbersThatNoRunHas) {
  float mean[] = {0, 0}, variance[] = {1, -2};
  saveCheckpoint(path, [&](StateVisitor &state) {
    StateVisitor::Scope scope(state, "bn");
    state.array("running_mean", mean, 2);
    state.array("running_variance", variance, 2);
  });
  Checkpoint norms(path);
  BatchNorm norm("bn", 2, /*relu=*/false, 1);
  refuse(
      [&] { norms.load([&](StateVisitor &state) { norm.visitState(state); }); },
      {"bn.running_variance: element 1 is -2.0", "at least 0"});
  saveCheckpoint(path, [](StateVisitor &state) {
    StateVisitor::Scope scope(state, "trainer");
    int64_t extent = 1;
    for (const char *field : {"input_channels", "input_height", "input_width"})
      state.scalar(field, extent);
    float number = 0;
    state.scalar("mean0", number);
    state.scalar("deviation0", number);
  });
  Checkpoint pixels(path);
  refuse([&] { savedNormalisation(pixels); },
         {"trainer.deviation: is 0.0", "positive"});
}

TEST_F(CheckpointTest, RefusesCheckpointsOfOlderVersions) {
  saveCheckpoint(path, [](StateVisitor &) {});
  std::string text = bytes(), field = R"("version":")";
  size_t at = text.find(field) + field.size();
  ASSERT_EQ(text.substr(at, 2), std::to_string(kCheckpointVersion) + "\"");
  text[at] = '2';
  rewrite(text);
  refuse([&] { Checkpoint checkpoint(path); },
         {"version: is '2'", "use the build that wrote it"});
}

TEST_F(CheckpointTest, RefusesAnyChangedByte) {
  TrainerOptions options = shortRun(1);
  SpotRun run("mest-em", Scheme::Block, 1, options);
  run.trainer.save(path);
  std::string whole = bytes();
  EXPECT_NO_THROW(Checkpoint{path});
  // Every byte takes too long; a prime stride meets every part.
  for (size_t place = 0; place < whole.size(); place += 97) {
    std::string edited = whole;
    edited[place] ^= 1;
    rewrite(edited);
    try {
      Checkpoint checkpoint(path);
      // Blanks that pad the header carry nothing.
      EXPECT_EQ(whole[place], ' ') << place;
    } catch (const UserError &error) {
      EXPECT_NE(std::string(error.what()).find(path), std::string::npos);
    }
  }
  for (size_t size : {size_t(0), size_t(7), size_t(8), size_t(1000),
                      whole.size() / 2, whole.size() - 1}) {
    rewrite(whole.substr(0, size));
    refuse([&] { Checkpoint checkpoint(path); }, {});
  }
}

TEST_F(CheckpointTest, NamesTheDamagedArray) {
  std::vector<float> values(1000, 1.0f);
  saveCheckpoint(path, [&](StateVisitor &state) {
    state.array("conv7.values", values.data(), 1000);
  });
  std::string edited = bytes();
  edited.back() ^= 1;
  rewrite(edited);
  refuse([&] { Checkpoint checkpoint(path); }, {"conv7.values", "checksum"});
}

TEST_F(CheckpointTest, KeepsEveryKindOfState) {
  struct Everything {
    bool flag = false;
    int small = 0;
    int64_t large = 0;
    uint64_t unsignedLarge = 0;
    float real = 0;
    double longReal = 0;
    std::string text;
    std::vector<uint8_t> bytes;
    std::vector<int32_t> integers;
    std::vector<double> reals;

    void visit(StateVisitor &state) {
      StateVisitor::Scope scope(state, "all");
      state.scalar("flag", flag);
      state.scalar("small", small);
      state.scalar("large", large);
      state.scalar("unsigned", unsignedLarge);
      state.scalar("real", real);
      state.scalar("long_real", longReal);
      state.text("text", text);
      state.list("bytes", bytes, 10);
      state.list("integers", integers, 10);
      state.list("reals", reals, 10);
    }
  };
  Everything saved{true,
                   -5,
                   std::numeric_limits<int64_t>::min(),
                   std::numeric_limits<uint64_t>::max(),
                   0.1f,
                   -1.0 / 3,
                   "a \"b\"\n\xc3\xa9",
                   {1, 2},
                   {-1},
                   {0.1, std::numeric_limits<double>::infinity()}};
  saveCheckpoint(path, [&](StateVisitor &state) { saved.visit(state); });
  Everything loaded;
  Checkpoint checkpoint(path);
  checkpoint.load([&](StateVisitor &state) { loaded.visit(state); });
  EXPECT_EQ(loaded.flag, saved.flag);
  EXPECT_EQ(loaded.small, saved.small);
  EXPECT_EQ(loaded.large, saved.large);
  EXPECT_EQ(loaded.unsignedLarge, saved.unsignedLarge);
  EXPECT_EQ(loaded.real, saved.real);
  EXPECT_EQ(loaded.longReal, saved.longReal);
  EXPECT_EQ(loaded.text, saved.text);
  EXPECT_EQ(loaded.bytes, saved.bytes);
  EXPECT_EQ(loaded.integers, saved.integers);
  EXPECT_EQ(loaded.reals, saved.reals);

  using State = StateVisitor;
  auto load = [&](auto visit) {
    return [this, visit] { Checkpoint(path).load(visit); };
  };
  std::vector<double> reals;
  std::vector<float> floats;
  int number = 0;
  refuse(load([&](State &s) { s.list("all.reals", reals, 1); }),
         {"all.reals", "2 elements"});
  refuse(load([&](State &s) { s.list("all.reals", floats, 9); }),
         {"all.reals", "F64", "F32"});
  refuse(load([&](State &s) { s.list("all.other", reals, 9); }),
         {"all.other", "missing"});
  refuse(load([&](State &s) { s.scalar("all.other", number); }),
         {"all.other", "missing"});
  refuse(load([&](State &s) { s.scalar("all.text", number); }),
         {"all.text", "an integer"});
  refuse(load([&](State &s) { s.scalar("all.large", number); }),
         {"all.large", "between"});
  refuse(load([&](State &s) { s.scalar("all.small", number); }),
         {"belongs to no part of this run"});
}

TEST_F(CheckpointTest, ExportsNothingOutsideItsFolder) {
  for (std::string name : {"../evil", "/tmp/evil", ".evil"}) {
    saveCheckpoint(path, [&](StateVisitor &state) {
      state.expect("trainer.model", "m");
      state.expect("trainer.data", "d");
      state.expect("trainer.epoch", 1);
      for (const char *axis : {"channels", "height", "width"})
        state.expect(std::string("trainer.input_") + axis, 1);
      state.expect("trainer.mean0", 0);
      state.expect("trainer.deviation0", 1);
      state.expect(name + ".layer",
                   formatLayer(Geometry::linear(1, 1), Structure::dense()));
    });
    Checkpoint checkpoint(path);
    refuse([&] { exportNetwork(checkpoint, (folder / "export").string()); },
           {name + ".layer", "not the name of a layer"});
  }
}

TEST_F(CheckpointTest, ADiskWithoutRoomLeavesTheOldFile) {
  std::vector<float> values(10, 1.0f);
  auto visit = [&](StateVisitor &state) {
    state.list("values", values, 1 << 30);
  };
  saveCheckpoint(path, visit);
  std::string before = bytes();
  rlimit limit{}, small{};
  getrlimit(RLIMIT_FSIZE, &limit);
  small = limit;
  small.rlim_cur = 4096;
  auto handler = std::signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &small);
  values.resize(100000);
  EXPECT_THROW(saveCheckpoint(path, visit), EnvironmentError);
  setrlimit(RLIMIT_FSIZE, &limit);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(bytes(), before);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder), {}), 1);
}

} // namespace
