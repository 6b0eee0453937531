//===- PruningMethodsTest.cpp - SNIP, GraSP, lottery, gradual -------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "MethodTestSupport.h"

#include "Budget.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>

using namespace lacuna;
using namespace lacuna::testing;

namespace {

/// Gradients that a test makes up.
class MadeUpGradients : public GradientSource {
public:
  std::function<void()> onReset;
  std::function<void(const std::vector<uint32_t> &images)> onGradients;
  std::vector<double> temperatures;
  std::vector<size_t> sampleSizes;

  void reset() override { onReset(); }
  std::vector<uint32_t> batch() override { return {1, 2, 3}; }
  /// Of two classes, in batches that are not even.
  std::vector<std::vector<uint32_t>> balanced(int64_t perClass) override {
    std::vector<uint32_t> most(size_t(2 * perClass - 1), 0);
    return {{1}, most};
  }
  void gradients(const std::vector<uint32_t> &images,
                 double temperature) override {
    temperatures.push_back(temperature);
    sampleSizes.push_back(images.size());
    onGradients(images);
  }
};

TEST(Snip, KeepsTheMostSensitiveOfAllLayers) {
  SparseLayer first("first", Geometry::linear(6, 1), Structure::unstructured(),
                    {});
  SparseLayer second("second", Geometry::linear(4, 1),
                     Structure::unstructured(), {});
  std::unique_ptr<Method> method = makeMethod("snip", {0.5, 10});
  MethodContext context({&first, &second}, *method, kSeed);
  MadeUpGradients source;
  const float w1[] = {1, -2, 3, -4, 5, 6}, g1[] = {6, 2, 1, 3, -2, 0.1f};
  const float w2[] = {1, 1, 1, 1}, g2[] = {7, 3.5f, -11, 0};
  source.onReset = [&] {
    ASSERT_EQ(first.weight().size() + second.weight().size(), 10);
    std::copy_n(w1, 6, first.weight().values());
    std::copy_n(w2, 4, second.weight().values());
  };
  source.onGradients = [&](const std::vector<uint32_t> & /*images*/) {
    std::copy_n(g1, 6, first.weight().gradient());
    std::copy_n(g2, 4, second.weight().gradient());
  };
  context.gradients = &source;
  method->initialise(context);
  // |w g|: 6 4 3 12 10 0.6 and 7 3.5 11 0; five stay.
  EXPECT_EQ(first.weight().active().units, (std::vector<uint32_t>{0, 3, 4}));
  EXPECT_EQ(second.weight().active().units, (std::vector<uint32_t>{0, 2}));
  EXPECT_EQ(source.temperatures, (std::vector<double>{1}));
}

TEST(Snip, LeavesEveryLayerAUnit) {
  SparseLayer first("first", Geometry::linear(6, 1), Structure::unstructured(),
                    {});
  SparseLayer second("second", Geometry::linear(4, 1),
                     Structure::unstructured(), {});
  std::unique_ptr<Method> method = makeMethod("snip", {0.5, 10});
  MethodContext context({&first, &second}, *method, kSeed);
  MadeUpGradients source;
  source.onReset = [&] {
    std::fill_n(first.weight().values(), 6, 1.0f);
    std::fill_n(second.weight().values(), 4, 1.0f);
  };
  source.onGradients = [&](const std::vector<uint32_t> & /*images*/) {
    std::fill_n(first.weight().gradient(), 6, 1.0f);
    std::fill_n(second.weight().gradient(), 4, 0.0f);
  };
  context.gradients = &source;
  method->initialise(context);
  EXPECT_EQ(first.weight().size(), 4);
  EXPECT_EQ(second.weight().size(), 1);
}

TEST(Snip, NamesTheUnitWhoseGradientIsNotFinite) {
  SparseLayer layer("layer", Geometry::linear(6, 1), Structure::unstructured(),
                    {});
  std::unique_ptr<Method> method = makeMethod("snip", {0.5, 10});
  MethodContext context({&layer}, *method, kSeed);
  MadeUpGradients source;
  source.onReset = [&] { std::fill_n(layer.weight().values(), 6, 1.0f); };
  source.onGradients = [&](const std::vector<uint32_t> & /*images*/) {
    std::fill_n(layer.weight().gradient(), 6, 1.0f);
    layer.weight().gradient()[4] = std::nanf("");
  };
  context.gradients = &source;
  std::string text = refusal([&] { method->initialise(context); });
  EXPECT_NE(text.find("unit 4 of layer.weight"), std::string::npos) << text;
}

/// A loss w' A w / 2, whose gradient is A w and whose Hessian is A. That of a
/// batch is another, and only the mean over all images is A.
TEST(Grasp, ScoresByTheHessianGradientProduct) {
  constexpr int64_t kWeights = 40;
  NetworkBuilder builder({kWeights, 1, 1}, Scheme::Unstructured);
  builder.linear("fc", 1, Sparsity::Maskable);
  Network network = builder.build("quadratic");
  SparseParameter &weight = network.weightLayers()[0]->weight();
  using Vector = std::vector<double>;
  RandomStream stream(kSeed, RandomPurpose::Test);
  auto symmetric = [&] {
    Vector matrix(kWeights * kWeights);
    for (int64_t i = 0; i < kWeights; ++i)
      for (int64_t j = 0; j <= i; ++j)
        matrix[i * kWeights + j] = matrix[j * kWeights + i] = stream.normal();
    return matrix;
  };
  Vector w(kWeights);
  for (double &value : w)
    value = stream.normal();
  Vector a = symmetric(), deviation = symmetric();
  auto times = [&](const Vector &v, double share = 0) {
    Vector product(kWeights, 0);
    for (int64_t i = 0; i < kWeights; ++i)
      for (int64_t j = 0; j < kWeights; ++j)
        product[i] +=
            (a[i * kWeights + j] + share * deviation[i * kWeights + j]) * v[j];
    return product;
  };

  MethodOptions options{0.75, 10};
  options.samplesPerClass = 3;
  std::unique_ptr<Method> method = makeMethod("grasp", options);
  MethodContext context(network, *method, kSeed);
  MadeUpGradients source;
  source.onReset = [&] { std::copy(w.begin(), w.end(), weight.values()); };
  source.onGradients = [&](const std::vector<uint32_t> &images) {
    // One image deviates by 5, and five by -1.
    Vector gradient = times({weight.values(), weight.values() + kWeights},
                            images.size() == 1 ? 5 : -1);
    std::copy(gradient.begin(), gradient.end(), weight.gradient());
  };
  context.gradients = &source;
  method->initialise(context);

  Vector product = times(times(w));
  std::vector<uint32_t> order(kWeights);
  for (uint32_t i = 0; i < kWeights; ++i)
    order[i] = i;
  std::sort(order.begin(), order.end(), [&](uint32_t i, uint32_t j) {
    return w[i] * product[i] > w[j] * product[j];
  });
  order.resize(10);
  std::sort(order.begin(), order.end());
  EXPECT_EQ(weight.active().units, order);
  // Two batches for the gradient, and for each two sides of the difference.
  EXPECT_EQ(source.temperatures, Vector(6, 200));
  EXPECT_EQ(source.sampleSizes, (std::vector<size_t>{1, 5, 1, 1, 5, 5}));
  // What was displaced is back.
  for (size_t i = 0; i < order.size(); ++i)
    EXPECT_EQ(weight.values()[i], static_cast<float>(w[order[i]]));
}

TEST(Gradual, FollowsTheCubicSchedule) {
  MethodOptions options{0.9, 10};
  options.stopFraction = 1;
  OneLayer one(Geometry::linear(100, 100), Scheme::Unstructured, "gradual",
               options);
  EXPECT_EQ(one.weights().size(), 10000);
  fillRandomly(one.weights(), 1);
  for (int64_t step = 0; step < 1000; ++step) {
    int64_t before = one.weights().size();
    one.method->mutate(one.context, eventAt(Moment::Updated, step, 100));
    if (step % 100 != 0) {
      ASSERT_EQ(one.weights().size(), before);
      continue;
    }
    double left = 1 - double(step) / 1000;
    ASSERT_NEAR(double(one.weights().size()),
                10000 * (1 - 0.9 * (1 - left * left * left)), 0.5001)
        << step;
  }
  one.method->finish(one.context);
  EXPECT_EQ(one.weights().size(), 1000);
}

TEST(Gradual, GlobalScopeComparesLayers) {
  MethodOptions options{0.5, 10};
  options.scope = PruneScope::Global;
  SparseLayer small("small", Geometry::linear(10, 10),
                    Structure::unstructured(), {});
  SparseLayer large("large", Geometry::linear(10, 10),
                    Structure::unstructured(), {});
  std::unique_ptr<Method> method = makeMethod("gradual", options);
  MethodContext context({&small, &large}, *method, kSeed);
  method->initialise(context);
  std::fill_n(small.weight().values(), 100, 0.1f);
  std::fill_n(large.weight().values(), 100, 1.0f);
  std::fill_n(large.weight().values(), 20, 0.01f);
  method->finish(context);
  EXPECT_EQ(small.weight().size(), 20);
  EXPECT_EQ(large.weight().size(), 80);
}

TEST(Gradual, PatternsStartFromEveryKernel) {
  OneLayer one(conv(8), Scheme::Pattern, "gradual", {0.9, 10});
  EXPECT_EQ(one.weights().activeUnits(), 64);
}

struct Ticket {
  explicit Ticket(int rewindEpoch) {
    NetworkBuilder builder({50, 1, 1}, Scheme::Unstructured);
    builder.linear("fc", 20, Sparsity::Maskable);
    network = std::make_unique<Network>(builder.build("ticket"));
    MethodOptions options{0.9, 5};
    options.rewindEpoch = rewindEpoch;
    method = makeMethod("lottery", options);
    context = std::make_unique<MethodContext>(*network, *method, kSeed);
    method->initialise(*context);
    network->initialise(kSeed);
  }
  SparseParameter &weight() { return network->weightLayers()[0]->weight(); }
  void startEpoch(int epoch) {
    method->mutate(*context, eventAt(Moment::EpochStart, epoch, 1));
  }

  std::unique_ptr<Network> network;
  std::unique_ptr<Method> method;
  std::unique_ptr<MethodContext> context;
};

TEST(Lottery, TrainsAsOftenAsItTakes) {
  // .8^10 = .107 and .8^11 = .086: eleven prunings reach a tenth.
  Ticket ticket(2);
  EXPECT_EQ(ticket.method->runEpochs(), 5 + 11 * 3);
  EXPECT_EQ(ticket.method->scheduleEpoch(4), 4);
  EXPECT_EQ(ticket.method->scheduleEpoch(5), 2);
  EXPECT_EQ(ticket.method->scheduleEpoch(7), 4);
  EXPECT_EQ(ticket.method->scheduleEpoch(8), 2);
}

TEST(Lottery, RefusesDropsTooSmallToEverGetThere) {
  SparseLayer layer("fc", Geometry::linear(50, 20), Structure::unstructured(),
                    {});
  for (double dropped : {1e-7, 1e-10, 1e-300}) {
    MethodOptions options{0.9, 5};
    options.dropFraction = dropped;
    std::unique_ptr<Method> method = makeMethod("lottery", options);
    MethodContext context({&layer}, *method, kSeed);
    EXPECT_THROW(method->initialise(context), UserError) << dropped;
  }
}

TEST(Lottery, RewindsSurvivorsToTheEarlyEpoch) {
  Ticket ticket(2);
  SparseParameter &weight = ticket.weight();
  ASSERT_EQ(weight.size(), 1000);
  weight.resetState({"momentum"});
  std::vector<float> early(1000), late(1000);
  RandomStream stream(kSeed, RandomPurpose::Test);
  for (float &value : early)
    value = stream.normal();
  for (float &value : late)
    value = stream.normal();
  ticket.startEpoch(0);
  std::copy(early.begin(), early.end(), weight.values());
  std::fill_n(weight.momentum(), 1000, 3.0f);
  ticket.startEpoch(2);
  std::copy(late.begin(), late.end(), weight.values());
  std::fill_n(weight.momentum(), 1000, 9.0f);
  ticket.startEpoch(3);
  EXPECT_EQ(weight.size(), 1000);
  ticket.startEpoch(5);
  ASSERT_EQ(weight.size(), 800);
  std::vector<float> sorted = late;
  std::sort(sorted.begin(), sorted.end(),
            [](float a, float b) { return std::abs(a) > std::abs(b); });
  for (int64_t i = 0; i < 800; ++i) {
    uint32_t unit = weight.active().units[size_t(i)];
    ASSERT_GE(std::abs(late[unit]), std::abs(sorted[799]));
    ASSERT_EQ(weight.values()[i], early[unit]);
    ASSERT_EQ(weight.momentum()[i], 3);
  }
  // .8^2, and the last pruning meets the target.
  ticket.startEpoch(8);
  EXPECT_EQ(weight.size(), 640);
  for (int epoch = 11; epoch < ticket.method->runEpochs(); epoch += 3)
    ticket.startEpoch(epoch);
  EXPECT_EQ(weight.size(), 100);
}

TEST(Targets, ThatPatternsCannotMeetAreRefusedAtTheStart) {
  auto start = [](const std::string &name, const MethodOptions &options) {
    return refusal(
        [&] { OneLayer one(conv(8), Scheme::Pattern, name, options); });
  };
  for (const char *name : {"gradual", "lottery"}) {
    MethodOptions options{0.5, 10};
    EXPECT_NE(start(name, options).find("its patterns alone"),
              std::string::npos);
    options.scope = PruneScope::Global;
    EXPECT_NE(start(name, options).find("than their patterns alone"),
              std::string::npos);
    options.sparsity = 0.9999;
    EXPECT_NE(start(name, options).find("less than one unit"),
              std::string::npos);
    options.sparsity = 0.9;
    EXPECT_EQ(start(name, options), "accepted");
  }
}

TEST(MethodOptions, NameTheOneOutOfRange) {
  auto named = [](auto change) {
    MethodOptions options;
    change(options);
    std::string text = refusal([&] { options.verify(); });
    return text.substr(0, text.find(':'));
  };
  using O = MethodOptions;
  EXPECT_EQ(named([](O &) {}), "accepted");
  EXPECT_EQ(named([](O &o) { o.dropFraction = 1; }), "drop-fraction");
  EXPECT_EQ(named([](O &o) { o.updatePeriod = 0; }), "update-period");
  EXPECT_EQ(named([](O &o) { o.stopFraction = 1.5; }), "stop-fraction");
  EXPECT_EQ(named([](O &o) { o.alpha = -1; }), "alpha");
  EXPECT_EQ(named([](O &o) { o.thresholdLimit = std::nan(""); }),
            "threshold-limit");
  EXPECT_EQ(named([](O &o) { o.l1 = -1; }), "l1");
  EXPECT_EQ(named([](O &o) { o.noise = HUGE_VAL; }), "noise");
  EXPECT_EQ(named([](O &o) { o.growthDeviation = -1; }), "growth-deviation");
  EXPECT_EQ(named([](O &o) { o.samplesPerClass = 1; }), "samples-per-class");
  EXPECT_EQ(named([](O &o) { o.rewindEpoch = 160; }), "rewind-epoch");
}

} // namespace
