//===- MethodTest.cpp - Dynamic sparse training methods -------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "MethodTestSupport.h"

#include "ElasticMutation.h"

#include "lacuna/Support/Error.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

using namespace lacuna;
using namespace lacuna::testing;

namespace {

double scheduled(const Method &method, double target, int epoch) {
  auto *elastic = dynamic_cast<const ElasticMutation *>(&method);
  return elastic ? elastic->scheduledSparsity(target, epoch) : target;
}

TEST(MutationSchedule, KnownStages) {
  MutationSchedule schedule(160);
  EXPECT_EQ(schedule.period, 5);
  EXPECT_EQ(schedule.stage(0), 0);
  EXPECT_EQ(schedule.stage(89), 0);
  EXPECT_EQ(schedule.stage(90), 1);
  EXPECT_EQ(schedule.stage(119), 1);
  EXPECT_EQ(schedule.stage(120), 2);
  EXPECT_EQ(schedule.stage(159), 2);
  EXPECT_TRUE(schedule.mutatesAt(0));
  EXPECT_FALSE(schedule.mutatesAt(4));
  EXPECT_TRUE(schedule.mutatesAt(115));
}

TEST(MutationSchedule, ScalesWithTheLengthOfTraining) {
  MutationSchedule half(80);
  EXPECT_EQ(half.milestones, (std::array<int, 2>{45, 60}));
  EXPECT_EQ(half.period, 3);
  MutationSchedule ten(10);
  EXPECT_EQ(ten.milestones, (std::array<int, 2>{6, 8}));
  EXPECT_EQ(ten.period, 1);
}

TEST(Counts, AreRoundedToTheNearest) {
  SparseParameter weights = parameterOf(conv(32), Scheme::Unstructured);
  ASSERT_EQ(weights.units(), 9216);
  EXPECT_EQ(unitsAtSparsity(weights, 0.92), 737);
  EXPECT_EQ(unitsAtSparsity(weights, 0.90), 922);
  EXPECT_EQ(unitsAtSparsity(weights, 0), 9216);
  // The authors' percentile rounds up and then down: 738 kept, 183 grown, 921
  // active. Rounding to the nearest stays within one of each but the growth,
  // which takes both differences.
  EXPECT_NEAR(unitsAtSparsity(weights, 0.92), 738, 1);
  EXPECT_NEAR(unitsAtSparsity(weights, 0.90), 921, 1);
  EXPECT_NEAR(unitsAtSparsity(weights, 0.90) - unitsAtSparsity(weights, 0.92),
              183, 2);
}

TEST(Counts, PatternsTurnSparsityIntoConnectivity) {
  // 10000 kernels, so that counts read as shares.
  SparseParameter kernels = parameterOf(conv(100), Scheme::Pattern);
  const std::vector<std::pair<double, int64_t>> removed{
      {0.9, 7750},   {0.92, 8200}, {0.91, 7975}, {0.85, 6625},
      {0.875, 7187}, {0.95, 8875}, {0.98, 9550}, {5.0 / 9, 0}};
  for (auto [sparsity, want] : removed)
    EXPECT_EQ(10000 - unitsAtSparsity(kernels, sparsity), want) << sparsity;
  EXPECT_THROW(unitsAtSparsity(kernels, 0.5), UserError);
  // Connectivity alone needs no conversion.
  SparseParameter pointwise = parameterOf(conv(100, 1), Scheme::Pattern);
  EXPECT_EQ(unitsAtSparsity(pointwise, 0.9), 1000);
}

TEST(Counts, OfTheReleasedCode) {
  SparseParameter weights = parameterOf(conv(32), Scheme::Unstructured);
  EXPECT_EQ(referenceKept(weights, 0.92), 738);
  EXPECT_EQ(referenceGrown(weights, 738, 0.90), 183);
  EXPECT_EQ(referenceGrown(weights, 921, 0.90), 0);
  // 32 kernels a filter: 26 go and one returns; from 25 empty, none does.
  SparseParameter kernels = parameterOf(conv(32), Scheme::Pattern);
  EXPECT_EQ(referenceKept(kernels, 0.92), 32 * (32 - 26));
  EXPECT_EQ(referenceGrown(kernels, 32 * 6, 0.90), 32 * 1);
  EXPECT_EQ(referenceKept(kernels, 0.91), 32 * (32 - 25));
  EXPECT_EQ(referenceGrown(kernels, 32 * 7, 0.90), 0);
}

TEST(MestEm, FollowsTheReleasedCountsWhenTold) {
  MethodOptions options{0.9, 160};
  options.referenceCounts = true;
  OneLayer one(conv(32), Scheme::Pattern, "mest-em", options);
  fillRandomly(one.weights(), 0);
  one.mutate(0);
  EXPECT_EQ(one.weights().activeUnits(), 32 * 7);
  for (int epoch = 1; epoch < 160; ++epoch)
    one.mutate(epoch);
  one.method->finish(one.context);
  // The authors' rounding ends at 90.3 %, not at 90 %.
  EXPECT_EQ(one.weights().activeUnits(), 32 * 7);
}

TEST(Counts, RefuseToEmptyALayer) {
  SparseParameter tiny =
      parameterOf(Geometry::linear(2, 2), Scheme::Unstructured);
  try {
    unitsAtSparsity(tiny, 0.95);
    FAIL() << "accepted";
  } catch (const UserError &error) {
    EXPECT_NE(std::string(error.what()).find("layer.weight"),
              std::string::npos);
  }
}

TEST(Pruning, DropsTheSmallestAndKeepsTheLowerUnitOnTies) {
  SparseParameter weights =
      parameterOf(Geometry::linear(4, 2), Scheme::Unstructured);
  weights.activate({{0, 1, 2, 3, 4, 5}, {}});
  const float values[] = {1, -5, 2, 2, -2, 0.5f};
  std::copy(std::begin(values), std::end(values), weights.values());
  std::unique_ptr<Method> method = makeMethod("mest", {});
  EXPECT_TRUE(pruneToUnits(weights, 3, method->score(weights)));
  EXPECT_EQ(weights.active().units, (std::vector<uint32_t>{1, 2, 3}));
  EXPECT_EQ(weights.values()[0], -5);
  EXPECT_FALSE(pruneToUnits(weights, 3, method->score(weights)));
}

TEST(Pruning, ScoresUnitsByTheirNorm) {
  SparseParameter weights = parameterOf(Geometry::linear(2, 4), Scheme::Block);
  weights.activate({{0, 1}, {}});
  for (int64_t i = 0; i < 4; ++i) {
    weights.values()[i] = 1;
    weights.values()[4 + i] = i == 0 ? -3.0f : 0.0f;
  }
  std::vector<double> scores = makeMethod("mest", {})->score(weights);
  EXPECT_DOUBLE_EQ(scores[0], 2);
  EXPECT_DOUBLE_EQ(scores[1], 3);
}

TEST(Pruning, RefusesScoresWithoutAnOrder) {
  for (Scheme scheme : {Scheme::Unstructured, Scheme::Pattern}) {
    SparseParameter weights = parameterOf(conv(4), scheme);
    auto method = makeMethod("static", {0.6, 10});
    RandomStream stream(kSeed, RandomPurpose::Growth);
    weights.activate(randomUnits(weights, 0.6, stream));
    weights.values()[0] = std::nanf("");
    try {
      pruneToUnits(weights, weights.activeUnits() - 1, method->score(weights));
      FAIL() << "pruned";
    } catch (const UserError &error) {
      std::string text = error.what();
      EXPECT_NE(text.find("layer.weight has an importance of nan"),
                std::string::npos)
          << text;
    }
  }
}

TEST(Pruning, LambdaAddsTheGradient) {
  SparseParameter weights =
      parameterOf(Geometry::linear(2, 1), Scheme::Unstructured);
  weights.activate({{0, 1}, {}});
  weights.values()[0] = 2;
  weights.values()[1] = 1;
  weights.gradient()[1] = -4;
  MethodOptions options;
  EXPECT_EQ(makeMethod("mest", options)->score(weights),
            (std::vector<double>{2, 1}));
  options.lambda = 0.5;
  EXPECT_EQ(makeMethod("mest", options)->score(weights),
            (std::vector<double>{2, 3}));
}

TEST(Growth, IsUniformOverInactiveUnits) {
  // Two of ten units are active; of the other eight, three grow.
  std::vector<int> drawn(10, 0);
  constexpr int kRounds = 4000;
  for (int round = 0; round < kRounds; ++round) {
    SparseParameter weights =
        parameterOf(Geometry::linear(10, 1), Scheme::Unstructured);
    weights.activate({{2, 7}, {}});
    fillRandomly(weights, 1);
    RandomStream stream(kSeed, RandomPurpose::Growth, uint32_t(round));
    EXPECT_TRUE(growToUnits(weights, 5, stream));
    ASSERT_EQ(weights.activeUnits(), 5);
    for (uint32_t unit : weights.active().units)
      ++drawn[unit];
  }
  EXPECT_EQ(drawn[2], kRounds);
  EXPECT_EQ(drawn[7], kRounds);
  for (int unit : {0, 1, 3, 4, 5, 6, 8, 9})
    EXPECT_NEAR(drawn[unit] / double(kRounds), 3.0 / 8, 0.04) << unit;
}

TEST(Growth, DependsOnSeedMutationAndLayerOnly) {
  auto grown = [](uint64_t seed, int64_t mutation, uint32_t number) {
    SparseParameter weights = parameterOf(conv(8), Scheme::Pattern);
    MethodContext context(std::vector<SparseLayer *>{},
                          *makeMethod("static", {}), seed);
    RandomStream stream =
        context.stream(RandomPurpose::Growth, {nullptr, number, 0}, mutation);
    growToUnits(weights, 20, stream);
    return weights.active();
  };
  ActiveSet first = grown(kSeed, 3, 1);
  EXPECT_TRUE(grown(kSeed, 3, 1) == first);
  EXPECT_FALSE(grown(kSeed, 4, 1) == first);
  EXPECT_FALSE(grown(kSeed, 3, 2) == first);
  EXPECT_FALSE(grown(kSeed + 1, 3, 1) == first);
}

TEST(Growth, DrawsEveryPattern) {
  SparseParameter weights = parameterOf(conv(32), Scheme::Pattern);
  RandomStream stream(kSeed, RandomPurpose::Growth);
  growToUnits(weights, 800, stream);
  std::vector<int> drawn(8, 0);
  for (uint8_t pattern : weights.active().patternIds)
    ++drawn[pattern];
  for (int count : drawn)
    EXPECT_NEAR(count, 100, 40);
}

/// Kernels of each filter differ by at most one.
void checkBalance(const SparseParameter &parameter) {
  std::vector<int64_t> held(parameter.geometry().outChannels, 0);
  for (uint32_t unit : parameter.active().units)
    ++held[unit / parameter.geometry().inChannels];
  auto [least, most] = std::minmax_element(held.begin(), held.end());
  ASSERT_LE(*most - *least, 1);
}

/// Squared norm of each unit's draws, of kernels under their best pattern.
std::vector<double> drawnNorms(const SparseParameter &parameter,
                               const WeightDraws &draws) {
  std::vector<double> squares(parameter.geometry().weights());
  draws.forEach([&](int64_t position, float draw) {
    squares[position] = double(draw) * draw;
  });
  std::vector<double> norms;
  const Structure &structure = parameter.structure();
  for (uint32_t unit = 0; unit < parameter.units(); ++unit) {
    double best = 0;
    size_t patterns = std::max<size_t>(1, structure.patterns.size());
    for (size_t p = 0; p < patterns; ++p) {
      ActiveSet alone{{unit}, {}};
      if (structure.scheme == Scheme::Pattern)
        alone.patternIds.push_back(static_cast<uint8_t>(p));
      double sum = 0;
      for (uint32_t position : alone.positions(parameter.geometry(), structure))
        sum += squares[position];
      best = std::max(best, sum);
    }
    norms.push_back(best);
  }
  return norms;
}

TEST(InitialMask, TakesTheLargestDraws) {
  for (Scheme scheme : {Scheme::Unstructured, Scheme::Block, Scheme::Pattern,
                        Scheme::Channel}) {
    SCOPED_TRACE(schemeName(scheme));
    SparseParameter weights = parameterOf(conv(12), scheme);
    WeightDraws draws(weights.geometry(), Initialisation::KaimingFanOut, kSeed,
                      2);
    int64_t count = weights.units() / 5;
    weights.activate(largestDraws(weights, draws, count));
    ASSERT_EQ(weights.activeUnits(), count);
    std::vector<double> norms = drawnNorms(weights, draws);
    std::set<uint32_t> chosen = unitSet(weights);
    if (scheme == Scheme::Pattern) {
      checkBalance(weights);
      // Within a filter no kernel left out is larger than one taken.
      for (uint32_t kept : chosen)
        for (uint32_t other = kept / 12 * 12; other < kept / 12 * 12 + 12;
             ++other) {
          if (chosen.count(other) == 0) {
            ASSERT_LE(norms[other], norms[kept]);
          }
        }
      continue;
    }
    double smallest = 1e9, largestOut = 0;
    for (uint32_t unit = 0; unit < weights.units(); ++unit)
      if (chosen.count(unit) > 0)
        smallest = std::min(smallest, norms[unit]);
      else
        largestOut = std::max(largestOut, norms[unit]);
    EXPECT_GE(smallest, largestOut);
  }
}

TEST(InitialMask, FindsTheUnitsThatHoldWeights) {
  for (Scheme scheme : {Scheme::Unstructured, Scheme::Block, Scheme::Pattern,
                        Scheme::Channel}) {
    SCOPED_TRACE(schemeName(scheme));
    SparseParameter weights = parameterOf(conv(12), scheme);
    RandomStream stream(kSeed, RandomPurpose::InitialMask);
    ActiveSet active = randomUnits(weights, 0.75, stream);
    std::vector<float> dense(size_t(weights.geometry().weights()));
    for (uint32_t position :
         active.positions(weights.geometry(), weights.structure()))
      dense[position] = stream.normal();
    EXPECT_TRUE(nonzeroUnits(weights, dense) == active);
    EXPECT_TRUE(largestWeights(weights, dense, int64_t(active.units.size())) ==
                active);
  }
}

struct Case {
  const char *method;
  Scheme scheme;
  double sparsity;
};

class EveryMethod : public ::testing::TestWithParam<Case> {};

TEST_P(EveryMethod, KeepsExactCountsInEveryEpoch) {
  auto [name, scheme, sparsity] = GetParam();
  constexpr int kEpochs = 160;
  for (const Geometry &geometry :
       {conv(32), conv(16, 5), Geometry::linear(300, 100)}) {
    OneLayer one(geometry, scheme, name, {sparsity, kEpochs});
    SparseParameter &weights = one.weights();
    fillRandomly(weights, 0);
    EXPECT_EQ(weights.activeUnits(), unitsAtSparsity(weights, sparsity));
    for (int epoch = 0; epoch < kEpochs; ++epoch) {
      ActiveSet before = weights.active();
      bool changed = one.mutate(epoch);
      ASSERT_EQ(
          weights.activeUnits(),
          unitsAtSparsity(weights, scheduled(*one.method, sparsity, epoch)))
          << epoch;
      if (!changed) {
        ASSERT_TRUE(before == weights.active());
      }
      if (scheme == Scheme::Pattern &&
          weights.structure().scheme == Scheme::Pattern)
        checkBalance(weights);
      fillRandomly(weights, static_cast<uint32_t>(epoch));
    }
    one.method->finish(one.context);
    EXPECT_EQ(weights.activeUnits(), unitsAtSparsity(weights, sparsity));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Methods, EveryMethod, ::testing::ValuesIn([] {
      std::vector<Case> cases;
      for (const char *method :
           {"static", "mest", "mest-em", "mest-ems", "mest-ems-readme"})
        for (Scheme scheme :
             {Scheme::Unstructured, Scheme::Block, Scheme::Pattern})
          for (double sparsity : {0.8, 0.9, 0.95})
            cases.push_back({method, scheme, sparsity});
      return cases;
    }()),
    [](const ::testing::TestParamInfo<Case> &info) {
      std::string name = std::string(info.param.method) + "_" +
                         std::string(schemeName(info.param.scheme)) + "_" +
                         std::to_string(int(info.param.sparsity * 100));
      std::replace(name.begin(), name.end(), '-', '_');
      return name;
    });

TEST(Mest, DropsAndGrowsAFifth) {
  OneLayer one(conv(32), Scheme::Unstructured, "mest", {0.9, 160});
  SparseParameter &weights = one.weights();
  fillRandomly(weights, 0);
  std::vector<float> before(weights.values(), weights.values() + 922);
  EXPECT_TRUE(one.mutate(0));
  int64_t zeros = std::count(weights.values(), weights.values() + 922, 0.0f);
  EXPECT_EQ(zeros, 922 - 737);
  // The 737 largest survive with their values.
  std::sort(before.begin(), before.end(),
            [](float a, float b) { return std::abs(a) > std::abs(b); });
  float smallestKept = 1e9f;
  for (int64_t i = 0; i < 922; ++i)
    if (weights.values()[i] != 0)
      smallestKept = std::min(smallestKept, std::abs(weights.values()[i]));
  EXPECT_EQ(smallestKept, std::abs(before[736]));
  // It never freezes.
  EXPECT_TRUE(one.mutate(155));
}

TEST(MestEm, FreezesAfterTheSecondMilestone) {
  OneLayer one(conv(32), Scheme::Block, "mest-em", {0.9, 160});
  SparseParameter &weights = one.weights();
  fillRandomly(weights, 0);
  int mutations = 0;
  for (int epoch = 0; epoch < 160; ++epoch)
    if (one.mutate(epoch)) {
      ++mutations;
      EXPECT_LT(epoch, 120);
      EXPECT_EQ(epoch % 5, 0);
    }
  EXPECT_EQ(mutations, 18 + 6);
}

TEST(MestEms, FollowsThePublishedSchedules) {
  auto at = [](const char *name, double sparsity, int epoch) {
    return scheduled(*makeMethod(name, {sparsity, 160}), sparsity, epoch);
  };
  EXPECT_NEAR(at("mest-ems", 0.9, 0), 0.85, 1e-12);
  EXPECT_NEAR(at("mest-ems", 0.9, 90), 0.875, 1e-12);
  EXPECT_NEAR(at("mest-ems", 0.9, 120), 0.90, 1e-12);
  EXPECT_NEAR(at("mest-ems", 0.95, 0), 0.90, 1e-12);
  EXPECT_NEAR(at("mest-ems", 0.95, 90), 0.925, 1e-12);
  EXPECT_NEAR(at("mest-ems", 0.8, 0), 0.70, 1e-12);
  EXPECT_NEAR(at("mest-ems-readme", 0.9, 0), 0.88, 1e-12);
  EXPECT_NEAR(at("mest-ems-readme", 0.9, 90), 0.89, 1e-12);
  EXPECT_NEAR(at("mest-em", 0.9, 0), 0.90, 1e-12);
}

/// A quarter of all weights is in the first of two layers.
struct TwoLayers {
  TwoLayers(double first, double second, double ignored)
      : a("a", Geometry::linear(100, 100), Structure::unstructured(), {}),
        b("b", Geometry::linear(300, 100), Structure::unstructured(), {}) {
    MethodOptions options{ignored, 160};
    options.distribution.kind = SparsityDistribution::Kind::Explicit;
    options.distribution.source = "shares.json";
    options.distribution.sparsities = {{"a", first}, {"b", second}};
    method = makeMethod("mest-ems", options);
    MethodContext context({&a, &b}, *method, kSeed);
    method->initialise(context);
  }
  double firstStage(double target) const {
    return scheduled(*method, target, 0);
  }

  SparseLayer a, b;
  std::unique_ptr<Method> method;
};

TEST(MestEms, LayersDecideWhichScheduleIsTheirs) {
  // Together 0.95, whatever --sparsity says.
  EXPECT_NEAR(TwoLayers(0.83, 0.99, 0.9).firstStage(0.83), 0.66, 1e-12);
  EXPECT_NEAR(TwoLayers(0.983, 0.94, 0.2).firstStage(0.94), 0.88, 1e-12);
  // Together 0.9.
  EXPECT_NEAR(TwoLayers(0.75, 0.95, 0.95).firstStage(0.95), 0.925, 1e-12);
}

TEST(MestEms, RefusesLayersThatItsSurplusDoesNotFit) {
  // 1 - 1.5 * (1 - 0.25) is below zero; --sparsity would do.
  EXPECT_EQ(refusal([] {
              TwoLayers(0.1, 0.3, 0.9);
            }).find("shares.json: 0.25 of all sparse layers makes mest-ems"),
            0u);
}

TEST(MestEms, ForgetsTheNewWeightThatTurnsOutWorse) {
  OneLayer one(conv(32), Scheme::Unstructured, "mest-ems", {0.9, 160});
  SparseParameter &weights = one.weights();
  std::set<uint32_t> old = unitSet(weights);
  std::fill_n(weights.values(), weights.size(), 1.0f);
  one.mutate(0);
  EXPECT_EQ(weights.activeUnits(), unitsAtSparsity(weights, 0.85));
  // No new weight grew above an old one: the next prune undoes the growth.
  EXPECT_TRUE(pruneToUnits(weights, unitsAtSparsity(weights, 0.9),
                           one.method->score(weights)));
  EXPECT_EQ(unitSet(weights), old);
}

TEST(MestEms, ReachesTheTargetInRunsTooShortForItsSchedule) {
  OneLayer one(conv(32), Scheme::Block, "mest-ems", {0.9, 1});
  SparseParameter &weights = one.weights();
  one.mutate(0);
  EXPECT_GT(weights.activeUnits(), unitsAtSparsity(weights, 0.9));
  one.method->finish(one.context);
  EXPECT_EQ(weights.activeUnits(), unitsAtSparsity(weights, 0.9));
}

TEST(MakeMethod, RefusesWhatMakesNoSense) {
  auto message = [](const std::string &name, const MethodOptions &options) {
    try {
      makeMethod(name, options);
    } catch (const UserError &error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  EXPECT_NE(message("rigl2", {}).find("mest-ems"), std::string::npos);
  for (double sparsity : {1.0, 1.5, -0.1, std::nan("")})
    EXPECT_EQ(message("mest", {sparsity, 160}).find("sparsity: is"), 0u);
  EXPECT_EQ(message("mest", {0.9, 0}).find("epochs: is 0"), 0u);
  MethodOptions negative;
  negative.lambda = -1;
  EXPECT_EQ(message("mest", negative).find("lambda: is -1"), 0u);
  // Growing back to 0.2 - 0.5 * 0.8 makes no sense.
  EXPECT_EQ(message("mest-ems", {0.2, 160}).find("sparsity: 0.2"), 0u);
  for (const std::string &name : methodNames())
    EXPECT_EQ(makeMethod(name, {})->name(), name);
}

TEST(MakeMethod, RefusesOptionsThatTheMethodHasNoUseFor) {
  using O = MethodOptions;
  auto users = [](auto give) {
    std::string names;
    for (const std::string &name : methodNames()) {
      O options;
      give(options);
      try {
        makeMethod(name, options);
        names += name + " ";
      } catch (const UserError &error) {
        EXPECT_NE(std::string(error.what()).find("has no use for it"),
                  std::string::npos)
            << error.what();
      }
    }
    return names;
  };
  const std::string mest = "mest mest-em mest-ems mest-ems-readme ";
  EXPECT_EQ(users([](O &o) { o.lambda = 0; }), mest);
  EXPECT_EQ(users([](O &o) { o.referenceCounts = true; }), mest);
  EXPECT_EQ(users([](O &o) { o.dropFraction = 0.5; }),
            "set rigl snfs dsr lottery ");
  EXPECT_EQ(users([](O &o) { o.updatePeriod = 5; }), "set rigl dsr gradual ");
  EXPECT_EQ(users([](O &o) { o.stopFraction = 0.5; }), "set rigl dsr gradual ");
  EXPECT_EQ(users([](O &o) { o.scope = PruneScope::Layer; }),
            "lottery gradual ");
  EXPECT_EQ(users([](O &o) { o.alpha = 1; }), "dst ");
  EXPECT_EQ(users([](O &o) { o.thresholdLimit = 1; }), "dst ");
  EXPECT_EQ(users([](O &o) { o.l1 = 1; }), "deepr ");
  EXPECT_EQ(users([](O &o) { o.noise = 1; }), "deepr ");
  EXPECT_EQ(users([](O &o) { o.growthDeviation = 1; }), "set ");
  EXPECT_EQ(users([](O &o) { o.samplesPerClass = 5; }), "grasp ");
  EXPECT_EQ(users([](O &o) { o.rewindEpoch = 1; }), "lottery ");
  EXPECT_EQ(users([](O &o) {
              o.distribution.kind = SparsityDistribution::Kind::ErdosRenyi;
            }),
            "static " + mest + "set rigl snfs dsr deepr lottery gradual ");
}

} // namespace
