//===- RewiringTest.cpp - SET, RigL, SNFS, DSR, DeepR ---------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "MethodTestSupport.h"

#include "Budget.h"
#include "DenseGrowth.h"
#include "Selection.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

using namespace lacuna;
using namespace lacuna::testing;

namespace {

constexpr int64_t kSteps = 1000; ///< Of an epoch.

void setValues(SparseParameter &weights, const std::vector<float> &values) {
  ASSERT_EQ(weights.size(), int64_t(values.size()));
  std::copy(values.begin(), values.end(), weights.values());
}

TEST(SplitWeights, FollowsSharesInWholeUnits) {
  EXPECT_EQ(splitWeights(100, {1, 3}, {1, 1}, {1000, 1000}),
            (std::vector<int64_t>{25, 75}));
  // The largest fraction gets what is left.
  EXPECT_EQ(splitWeights(10, {1, 2}, {1, 1}, {1000, 1000}),
            (std::vector<int64_t>{3, 7}));
  // What a full layer cannot take goes to the others.
  EXPECT_EQ(splitWeights(100, {1, 3}, {1, 1}, {1000, 20}),
            (std::vector<int64_t>{80, 20}));
  EXPECT_EQ(splitWeights(100, {1, 1}, {4, 1}, {1000, 1000}),
            (std::vector<int64_t>{12, 52}));
  EXPECT_EQ(splitWeights(100, {0, 0}, {1, 1}, {1000, 1000}),
            (std::vector<int64_t>{50, 50}));
  EXPECT_EQ(splitWeights(100, {1, 1}, {1, 1}, {10, 20}),
            (std::vector<int64_t>{10, 20}));
  EXPECT_EQ(splitWeights(0, {1, 1}, {1, 1}, {10, 20}),
            (std::vector<int64_t>{0, 0}));
}

TEST(DenseGrowth, TakesTheLargest) {
  SparseParameter weights =
      parameterOf(Geometry::linear(4, 2), Scheme::Unstructured);
  weights.activate({{0, 3, 5}, {}});
  const float dense[] = {9, -2, 1, -8, 3, 0, 2, 2};
  // Unit 5 stays; of the rest, 0 and 3 were active and may return.
  EXPECT_EQ(keepAndGrow(weights, {2}, 4, dense).units,
            (std::vector<uint32_t>{0, 3, 4, 5}));
  // Ties go to the lower unit.
  EXPECT_EQ(keepAndGrow(weights, {0, 1, 2}, 5, dense).units,
            (std::vector<uint32_t>{0, 1, 3, 4, 5}));
}

TEST(DenseGrowth, LeavesWhatIsActive) {
  SparseParameter weights =
      parameterOf(Geometry::linear(4, 2), Scheme::Unstructured);
  weights.activate({{0, 5}, {}});
  weights.values()[1] = 7;
  const float dense[] = {0, -2, 1, -8, 3, 0, 2, 2};
  EXPECT_TRUE(growToUnits(weights, 4, dense));
  EXPECT_EQ(weights.active().units, (std::vector<uint32_t>{0, 3, 4, 5}));
  const float *values = weights.values();
  EXPECT_EQ(std::vector<float>(values, values + 4),
            (std::vector<float>{0, 0, 0, 7}));
  EXPECT_FALSE(growToUnits(weights, 3, dense));
}

TEST(DenseGrowth, NamesTheUnitWhoseGradientIsNotFinite) {
  for (Scheme scheme : {Scheme::Unstructured, Scheme::Pattern}) {
    SparseParameter weights = parameterOf(conv(2), scheme);
    weights.activate(
        {{0}, std::vector<uint8_t>(scheme == Scheme::Pattern ? 1 : 0)});
    std::vector<float> dense(weights.denseSize(), 1);
    dense[13] = std::nanf("");
    std::string text =
        refusal([&] { keepAndGrow(weights, {0}, 2, dense.data()); });
    EXPECT_NE(text.find(" of layer.weight is not finite"), std::string::npos)
        << text;
  }
}

TEST(DenseGrowth, BlocksAndFiltersByTheirNorm) {
  SparseParameter blocks = parameterOf(Geometry::linear(3, 4), Scheme::Block);
  blocks.activate({{0}, {}});
  // [out][in]: column 2 has the larger norm, column 1 the largest value.
  const float dense[] = {0, 3, 2, 0, 0, 2, 0, 0, 2, 0, 0, 2};
  EXPECT_EQ(keepAndGrow(blocks, {0}, 2, dense).units,
            (std::vector<uint32_t>{0, 2}));
  SparseParameter filters =
      parameterOf(Geometry::linear(3, 4), Scheme::Channel);
  filters.activate({{3}, {}});
  EXPECT_EQ(keepAndGrow(filters, {0}, 2, dense).units,
            (std::vector<uint32_t>{0, 3}));
}

TEST(DenseGrowth, KernelsTakeTheirBestPatternAndStayBalanced) {
  SparseParameter kernels = parameterOf(conv(2), Scheme::Pattern);
  kernels.activate({{0}, {3}}); // Filter 0, channel 0.
  std::vector<float> dense(kernels.denseSize(), 0);
  // The largest norm by far is in filter 0, but balance sends the second
  // kernel to filter 1: its channel 1, taps 1 2 4 5, pattern 2.
  std::fill_n(dense.begin() + 9, 9, 100.0f);
  for (int tap : {1, 2, 4, 5})
    dense[3 * 9 + tap] = 1;
  ActiveSet got = keepAndGrow(kernels, {0}, 2, dense.data());
  EXPECT_EQ(got.units, (std::vector<uint32_t>{0, 3}));
  EXPECT_EQ(got.patternIds, (std::vector<uint8_t>{3, 2}));
  // A third one goes to the best of all.
  EXPECT_EQ(keepAndGrow(kernels, {0}, 3, dense.data()).units,
            (std::vector<uint32_t>{0, 1, 3}));
  // One that was active returns with its own pattern.
  EXPECT_EQ(keepAndGrow(kernels, {}, 4, dense.data()).patternIds[0], 3);
}

/// keepAndGrow() by the words of its description, with a sort.
ActiveSet sortedGrowth(const SparseParameter &weights,
                       const std::vector<uint32_t> &keptSlots, int64_t count,
                       const std::vector<float> &dense) {
  const Geometry &geometry = weights.geometry();
  const Structure &structure = weights.structure();
  const ActiveSet &active = weights.active();
  bool patterned = structure.scheme == Scheme::Pattern;
  struct Unit {
    double norm = -1;
    uint32_t unit = 0;
    uint8_t pattern = 0;
  };
  std::vector<Unit> units(size_t(weights.units()));
  size_t slot = 0;
  for (uint32_t unit = 0; unit < units.size(); ++unit) {
    bool isActive = slot < active.units.size() && active.units[slot] == unit;
    for (size_t p = 0; p < (patterned ? structure.patterns.size() : 1); ++p) {
      if (patterned && isActive && active.patternIds[slot] != p)
        continue;
      ActiveSet alone{{unit}, {}};
      if (patterned)
        alone.patternIds = {uint8_t(p)};
      double norm = 0;
      for (uint32_t position : alone.positions(geometry, structure))
        norm += double(dense[position]) * dense[position];
      if (norm > units[unit].norm)
        units[unit] = {norm, unit, uint8_t(p)};
    }
    slot += isActive ? 1 : 0;
  }
  for (uint32_t kept : keptSlots)
    units[active.units[kept]].norm = INFINITY;
  auto isBetter = [](const Unit &a, const Unit &b) {
    return a.norm != b.norm ? a.norm > b.norm : a.unit < b.unit;
  };
  int64_t filters = patterned ? geometry.outChannels : 1;
  int64_t kernels = weights.units() / filters, share = count / filters;
  std::vector<Unit> chosen, next;
  for (int64_t filter = 0; filter < filters; ++filter) {
    auto own = units.begin() + filter * kernels;
    std::sort(own, own + kernels, isBetter);
    chosen.insert(chosen.end(), own, own + share);
    if (share < kernels)
      next.push_back(own[share]);
  }
  std::sort(next.begin(), next.end(), isBetter);
  chosen.insert(chosen.end(), next.begin(), next.begin() + count % filters);
  std::sort(chosen.begin(), chosen.end(),
            [](const Unit &a, const Unit &b) { return a.unit < b.unit; });
  ActiveSet result;
  for (const Unit &unit : chosen) {
    result.units.push_back(unit.unit);
    if (patterned)
      result.patternIds.push_back(unit.pattern);
  }
  return result;
}

/// Few values, so that many are equal, and many; more units than are scored at
/// once.
TEST(DenseGrowth, AgreesWithSorting) {
  Geometry geometry = Geometry::conv2d(150, 32, {4, 4}, {3, 3}, {1, 1}, {1, 1});
  for (Scheme scheme :
       {Scheme::Unstructured, Scheme::Block, Scheme::Pattern, Scheme::Channel})
    for (uint32_t values : {3u, 1u << 24}) {
      SCOPED_TRACE(std::string(schemeName(scheme)) + ", " +
                   std::to_string(values) + " values");
      SparseParameter weights = parameterOf(geometry, scheme);
      RandomStream stream(kSeed, RandomPurpose::Test, values, uint32_t(scheme));
      weights.activate(randomUnits(weights, 0.8, stream));
      std::vector<float> dense;
      for (int64_t i = 0; i < weights.denseSize(); ++i)
        dense.push_back(float(stream.below(values)) - float(values / 2));
      int64_t count = weights.activeUnits();
      std::vector<double> scores;
      for (int64_t slot = 0; slot < count; ++slot)
        scores.push_back(stream.uniform());
      for (int64_t kept : {int64_t(0), count / 2, count}) {
        std::vector<uint32_t> slots = slotsToKeep(weights, kept, scores);
        for (int64_t wanted : {count, count + count / 3, weights.units()})
          EXPECT_EQ(keepAndGrow(weights, slots, wanted, dense.data()),
                    sortedGrowth(weights, slots, wanted, dense))
              << kept << " of " << count << " kept, " << wanted << " wanted";
      }
    }
}

TEST(Set, DropsTheSmallestOfEachSign) {
  OneLayer one(Geometry::linear(20, 1), Scheme::Unstructured, "set", {0.5, 10});
  SparseParameter &weights = one.weights();
  weights.activate({{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, {}});
  // Four negative: 0.3 of them is one; six positive: one, too.
  setValues(weights, {-1, -2, -3, -4, 1, 2, 3, 4, 5, 6});
  EXPECT_FALSE(one.mutate(0)); // Not before anything was learned.
  EXPECT_TRUE(one.mutate(1));
  EXPECT_EQ(weights.activeUnits(), 10);
  std::multiset<float> values(weights.values(), weights.values() + 10);
  EXPECT_EQ(values, (std::multiset<float>{-4, -3, -2, 0, 0, 2, 3, 4, 5, 6}));
}

TEST(Set, NamesTheWeightThatHasNoMagnitude) {
  OneLayer one(Geometry::linear(10, 10), Scheme::Unstructured, "set",
               {0.5, 10});
  fillRandomly(one.weights(), 1);
  one.weights().values()[7] = std::nanf("");
  std::string text = refusal([&] { one.mutate(1); });
  EXPECT_NE(text.find("layer.weight has an importance of nan"),
            std::string::npos)
      << text;
}

TEST(Set, CountsStepsAndStopsWhenTold) {
  MethodOptions options{0.5, 10};
  options.updatePeriod = 50;
  options.stopFraction = 0.5;
  options.growthDeviation = 0.1;
  OneLayer one(Geometry::linear(30, 10), Scheme::Unstructured, "set", options);
  fillRandomly(one.weights(), 1);
  auto mutates = [&](Moment moment, int64_t step) {
    uint64_t before = one.weights().activeVersion();
    one.method->mutate(one.context, eventAt(moment, step, kSteps));
    return one.weights().activeVersion() != before;
  };
  EXPECT_FALSE(mutates(Moment::EpochStart, 2000));
  EXPECT_FALSE(mutates(Moment::Updated, 0));
  EXPECT_TRUE(mutates(Moment::Updated, 50));
  EXPECT_EQ(std::count(one.weights().values(),
                       one.weights().values() + one.weights().size(), 0.0f),
            0);
  EXPECT_FALSE(mutates(Moment::Updated, 51));
  EXPECT_FALSE(mutates(Moment::Gradients, 100));
  EXPECT_TRUE(mutates(Moment::Updated, 4950));
  EXPECT_FALSE(mutates(Moment::Updated, 5000));
}

TEST(Rigl, DropsByMagnitudeAndGrowsByGradient) {
  MethodOptions options{0.5, 10};
  options.dropFraction = 0.5;
  options.stopFraction = 1;
  OneLayer one(Geometry::linear(8, 1), Scheme::Unstructured, "rigl", options);
  SparseParameter &weights = one.weights();
  weights.activate({{0, 2, 4, 6}, {}});
  setValues(weights, {4, -0.5f, 3, 1});
  weights.resetState({"momentum"});
  std::fill_n(weights.momentum(), 4, 7.0f);
  MutationEvent event = eventAt(Moment::Gradients, 100, kSteps);
  ASSERT_TRUE(one.method->wantsDenseGradients(event));
  ASSERT_TRUE(one.method->skipsUpdate(event));
  // f = 0.25 (1 + cos(0.01 pi)) = 0.4999: one of four moves. Unit 2 has the
  // smallest weight, unit 7 the largest gradient.
  const float gradient[] = {99, 1, 2, 0, 99, -3, 99, -5};
  one.method->takeDenseGradient(one.context, one.context.layers[0], event,
                                gradient);
  EXPECT_EQ(weights.active().units, (std::vector<uint32_t>{0, 2, 4, 6}));
  one.method->mutate(one.context, event);
  EXPECT_EQ(weights.active().units, (std::vector<uint32_t>{0, 4, 6, 7}));
  EXPECT_EQ(std::vector<float>(weights.values(), weights.values() + 4),
            (std::vector<float>{4, 3, 1, 0}));
  EXPECT_EQ(std::vector<float>(weights.momentum(), weights.momentum() + 4),
            (std::vector<float>{7, 7, 7, 0}));
}

TEST(Rigl, ReturnsWhatItDroppedWhenItsGradientIsLargest) {
  MethodOptions options{0.5, 10};
  options.dropFraction = 0.9;
  OneLayer one(Geometry::linear(4, 1), Scheme::Unstructured, "rigl", options);
  SparseParameter &weights = one.weights();
  weights.activate({{0, 1}, {}});
  setValues(weights, {4, 1});
  weights.resetState({"momentum"});
  weights.momentum()[1] = 5;
  MutationEvent event = eventAt(Moment::Gradients, 100, kSteps);
  const float gradient[] = {0, 9, 1, 1};
  one.method->takeDenseGradient(one.context, one.context.layers[0], event,
                                gradient);
  one.method->mutate(one.context, event);
  EXPECT_EQ(weights.active().units, (std::vector<uint32_t>{0, 1}));
  EXPECT_EQ(weights.values()[1], 1);
  EXPECT_EQ(weights.momentum()[1], 5);
}

TEST(Rigl, MutatesEveryHundredStepsUntilThreeQuartersOrAsTold) {
  MethodOptions told{0.9, 10};
  told.stopFraction = 0.25;
  for (auto [options, end] :
       {std::pair(MethodOptions{0.9, 10}, 7500), std::pair(told, 2500)}) {
    std::unique_ptr<Method> method = makeMethod("rigl", options);
    for (int64_t step = 0; step < 10 * kSteps; ++step)
      ASSERT_EQ(
          method->wantsDenseGradients(eventAt(Moment::Gradients, step, kSteps)),
          step > 0 && step % 100 == 0 && step < end)
          << step;
  }
}

TEST(Snfs, MovesWeightsWhereMomentumIs) {
  MethodOptions options{0.5, 10};
  options.dropFraction = 0.5;
  SparseLayer quiet("quiet", Geometry::linear(100, 2),
                    Structure::unstructured(), {});
  SparseLayer busy("busy", Geometry::linear(100, 2), Structure::unstructured(),
                   {});
  std::unique_ptr<Method> method = makeMethod("snfs", options);
  MethodContext context({&quiet, &busy}, *method, kSeed);
  method->initialise(context);
  for (SparseLayer *layer : {&quiet, &busy}) {
    fillRandomly(layer->weight(), 3);
    layer->weight().resetState({"momentum"});
  }
  std::vector<float> gradient(200, 1);
  gradient[150] = 50;
  MutationEvent event = eventAt(Moment::Gradients, 999, kSteps);
  method->takeDenseGradient(context, context.layers[0], event, gradient.data());
  for (float &g : gradient)
    g *= 3;
  method->takeDenseGradient(context, context.layers[1], event, gradient.data());
  method->mutate(context, eventAt(Moment::EpochStart, 1000, kSteps));
  EXPECT_EQ(quiet.weight().size() + busy.weight().size(), 200);
  EXPECT_GT(busy.weight().size(), quiet.weight().size());
  // The largest momentum is active now, and the optimiser knows it.
  const std::vector<uint32_t> &units = busy.weight().active().units;
  auto at = std::find(units.begin(), units.end(), 150u);
  ASSERT_NE(at, units.end());
  float momentum = busy.weight().momentum()[at - units.begin()];
  float value = busy.weight().values()[at - units.begin()];
  EXPECT_TRUE(momentum == 150 || value != 0);
}

TEST(Snfs, AdamsMomentsOfGrownWeightsStartFromZero) {
  SparseLayer layer("fc", Geometry::linear(100, 2), Structure::unstructured(),
                    {});
  SparseParameter &weight = layer.weight();
  std::unique_ptr<Method> method = makeMethod("snfs", {0.5, 10});
  MethodContext context({&layer}, *method, kSeed);
  method->initialise(context);
  weight.resetState({"first_moment", "second_moment"});
  std::fill_n(weight.values(), weight.size(), 1.0f);
  method->takeDenseGradient(context, context.layers[0],
                            eventAt(Moment::Gradients, 999, kSteps),
                            std::vector<float>(200, 3).data());
  method->mutate(context, eventAt(Moment::EpochStart, 1000, kSteps));
  int64_t grown = 0;
  for (int64_t i = 0; i < weight.size(); ++i) {
    grown += weight.values()[i] == 0;
    EXPECT_EQ(weight.state(0)[i], 0) << i;
    EXPECT_EQ(weight.state(1)[i], 0) << i;
  }
  EXPECT_GT(grown, 0);
}

/// Weights that stay are not zero, those that were dropped and grown are.
TEST(Snfs, DropsLessAsTimePassesAndInNearlyDenseLayersWithMuchMomentum) {
  SparseLayer quiet("quiet", Geometry::linear(100, 2),
                    Structure::unstructured(), {});
  SparseLayer busy("busy", Geometry::linear(100, 2), Structure::unstructured(),
                   {});
  auto survivors = [&](double sparsity, int epoch) {
    std::unique_ptr<Method> method = makeMethod("snfs", {sparsity, 10});
    MethodContext context({&quiet, &busy}, *method, kSeed);
    method->initialise(context);
    float size = 1;
    for (const MethodLayer &layer : context.layers) {
      std::fill_n(layer.weight().values(), layer.weight().size(), 1.0f);
      std::vector<float> gradient(200, size);
      method->takeDenseGradient(context, layer,
                                eventAt(Moment::Gradients, 999, kSteps),
                                gradient.data());
      size = 3;
    }
    method->mutate(context,
                   eventAt(Moment::EpochStart, epoch * kSteps, kSteps));
    auto kept = [](const SparseLayer &layer) {
      const SparseParameter &weight = layer.weight();
      return weight.size() -
             std::count(weight.values(), weight.values() + weight.size(), 0.0f);
    };
    return std::pair(kept(quiet), kept(busy));
  };
  // 0.005 + 0.495 * (1 + cos(pi epoch / 10)) / 2 of 100 each, rounded up.
  EXPECT_EQ(survivors(0.5, 1), std::pair(int64_t(51), int64_t(51)));
  EXPECT_EQ(survivors(0.5, 5), std::pair(int64_t(74), int64_t(74)));
  EXPECT_EQ(survivors(0.5, 9), std::pair(int64_t(98), int64_t(98)));
  // Of 180 each: 0.4879, and no more than the sparsity, 0.1.
  EXPECT_EQ(survivors(0.1, 1), std::pair(int64_t(92), int64_t(162)));
}

TEST(Dsr, KeepsTheSumAndSteersItsThreshold) {
  MethodOptions options{0.8, 10};
  SparseLayer small("small", Geometry::linear(100, 10),
                    Structure::unstructured(), {});
  SparseLayer large("large", Geometry::linear(100, 10),
                    Structure::unstructured(), {});
  std::unique_ptr<Method> method = makeMethod("dsr", options);
  MethodContext context({&small, &large}, *method, kSeed);
  method->initialise(context);
  // Half of the first layer and none of the second lies below 1e-3.
  std::fill_n(small.weight().values(), 100, 1e-4f);
  std::fill_n(small.weight().values() + 100, 100, 1.0f);
  std::fill_n(large.weight().values(), 200, -1.0f);
  ActiveSet before = small.weight().active();
  method->mutate(context, eventAt(Moment::Updated, 100, kSteps));
  EXPECT_EQ(small.weight().size() + large.weight().size(), 400);
  // 100 were pruned; survivors are 100 and 200.
  EXPECT_EQ(small.weight().size(), 133);
  EXPECT_EQ(large.weight().size(), 267);
  // None of those just pruned came back.
  std::set<uint32_t> now = unitSet(small.weight());
  for (size_t slot = 0; slot < 100; ++slot)
    EXPECT_EQ(now.count(before.units[slot]), 0u);
  // 100 is more than 1.1 * 40: the threshold was halved, and half of 1e-3 is
  // above what was grown (zeros) only.
  for (SparseLayer *layer : {&small, &large})
    std::fill_n(layer->weight().values(), layer->weight().size(), 7e-4f);
  method->mutate(context, eventAt(Moment::Updated, 200, kSteps));
  EXPECT_EQ(small.weight().size(), 133);
  // 0 is less than 0.9 * 40: it was doubled, and takes all but one.
  method->mutate(context, eventAt(Moment::Updated, 300, kSteps));
  EXPECT_EQ(small.weight().size() + large.weight().size(), 400);
  EXPECT_EQ(std::count(small.weight().values(),
                       small.weight().values() + small.weight().size(), 7e-4f),
            1);
}

TEST(Dsr, StopsWhenTold) {
  MethodOptions options{0.8, 10};
  options.stopFraction = 0.5;
  OneLayer one(Geometry::linear(100, 10), Scheme::Unstructured, "dsr", options);
  auto mutates = [&](int64_t step) {
    fillRandomly(one.weights(), 1);
    std::fill_n(one.weights().values(), 20, 1e-4f);
    uint64_t before = one.weights().activeVersion();
    one.method->mutate(one.context, eventAt(Moment::Updated, step, kSteps));
    return one.weights().activeVersion() != before;
  };
  EXPECT_TRUE(mutates(4900));
  EXPECT_FALSE(mutates(5000));
}

TEST(DeepR, DropsWhatCrossesZeroAndKeepsTheCount) {
  MethodOptions options{0.5, 10};
  options.noise = 0;
  options.l1 = 0.25;
  OneLayer one(Geometry::linear(8, 1), Scheme::Unstructured, "deepr", options);
  SparseParameter &weights = one.weights();
  weights.activate({{0, 1, 2, 3}, {}});
  setValues(weights, {1, -1, 2, -2});
  std::fill_n(weights.gradient(), 4, 0.0f);
  one.method->mutate(one.context, eventAt(Moment::Gradients, 3, kSteps));
  EXPECT_EQ(std::vector<float>(weights.gradient(), weights.gradient() + 4),
            (std::vector<float>{0.25f, -0.25f, 0.25f, -0.25f}));
  setValues(weights, {-0.5f, -1, 2, 0});
  one.method->mutate(one.context, eventAt(Moment::Updated, 3, kSteps));
  ASSERT_EQ(weights.activeUnits(), 4);
  int grown = 0;
  for (int64_t i = 0; i < 4; ++i)
    grown += std::abs(weights.values()[i]) == 1e-12f;
  EXPECT_EQ(grown, 2);
  EXPECT_EQ(std::count(weights.values(), weights.values() + 4, -1.0f), 1);
  EXPECT_EQ(std::count(weights.values(), weights.values() + 4, 2.0f), 1);
}

TEST(DeepR, NoiseHasItsDeviation) {
  MethodOptions options{0, 10};
  options.noise = 0.5;
  options.l1 = 0;
  OneLayer one(Geometry::linear(100, 100), Scheme::Unstructured, "deepr",
               options);
  one.method->mutate(one.context, eventAt(Moment::Gradients, 3, kSteps));
  double squares = 0;
  for (int64_t i = 0; i < one.weights().size(); ++i)
    squares += std::pow(double(one.weights().gradient()[i]), 2);
  EXPECT_NEAR(std::sqrt(squares / 10000), 0.5, 0.02);
}

TEST(DeepR, NeedsSingleWeights) {
  EXPECT_EQ(refusal([] {
              OneLayer one(conv(4), Scheme::Pattern, "deepr", {0.9, 10});
            }).find("scheme: deepr"),
            0u);
}

TEST(Channel, GrownFiltersStartAsLargeAsTheOthers) {
  OneLayer one(conv(64), Scheme::Channel, "mest", {0.5, 10});
  SparseParameter &weights = one.weights();
  fillRandomly(weights, 1);
  for (int64_t i = 0; i < weights.size(); ++i)
    weights.values()[i] *= 3;
  std::set<uint32_t> before = unitSet(weights);
  EXPECT_TRUE(one.mutate(0));
  EXPECT_EQ(weights.activeUnits(), 32);
  std::vector<int64_t> starts = weights.unitStarts();
  int grown = 0;
  for (size_t slot = 0; slot < weights.active().units.size(); ++slot) {
    if (before.count(weights.active().units[slot]) > 0)
      continue;
    ++grown;
    double squares = 0;
    for (int64_t i = starts[slot]; i < starts[slot + 1]; ++i)
      squares += std::pow(double(weights.values()[i]), 2);
    EXPECT_NEAR(std::sqrt(squares / 576), 3, 0.5);
  }
  EXPECT_GT(grown, 0);
}

} // namespace
