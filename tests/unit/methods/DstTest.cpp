//===- DstTest.cpp - Dynamic sparse training with thresholds --------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "MethodTestSupport.h"

#include "Dst.h"

#include "lacuna/Runtime/Models.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

using namespace lacuna;
using namespace lacuna::testing;

namespace {

struct OneMasked : OneLayer {
  explicit OneMasked(int64_t in = 50, int64_t out = 4, double limit = 10)
      : OneLayer(Geometry::linear(in, out), Scheme::Unstructured, "dst",
                 optionsWith(limit)) {
    std::vector<Parameter *> trained =
        method->trainables(context, {&weights()});
    dense = trained.at(0);
    thresholds = trained.at(1);
  }
  static MethodOptions optionsWith(double limit) {
    MethodOptions options;
    options.alpha = 0.01;
    options.thresholdLimit = limit;
    return options;
  }
  void remask() { method->mutate(context, eventAt(Moment::Updated, 1, 10)); }

  Parameter *dense, *thresholds;
};

TEST(Dst, KnownDerivative) {
  EXPECT_DOUBLE_EQ(dstDerivative(0), 2);
  EXPECT_DOUBLE_EQ(dstDerivative(0.2), 1.2);
  EXPECT_DOUBLE_EQ(dstDerivative(-0.2), 1.2);
  EXPECT_NEAR(dstDerivative(0.4), 0.4, 1e-15);
  EXPECT_DOUBLE_EQ(dstDerivative(0.7), 0.4);
  EXPECT_DOUBLE_EQ(dstDerivative(1), 0.4);
  EXPECT_DOUBLE_EQ(dstDerivative(1.01), 0);
  EXPECT_DOUBLE_EQ(dstDerivative(-1.01), 0);
}

TEST(Dst, StartsDenseAndTrainsWeightsAndThresholds) {
  OneMasked one;
  EXPECT_EQ(one.weights().size(), 200);
  EXPECT_EQ(one.dense->size(), 200);
  EXPECT_EQ(one.thresholds->size(), 4);
  for (int64_t i = 0; i < 4; ++i)
    EXPECT_EQ(one.thresholds->values()[i], 0);
  // A parameter of no sparse layer stays as it is.
  Parameter bias("bias", 3);
  EXPECT_EQ(one.method->trainables(one.context, {&bias, &one.weights()}),
            (std::vector<Parameter *>{&bias, one.dense, one.thresholds}));
}

TEST(Dst, MasksWhatLiesStrictlyAboveTheThreshold) {
  OneMasked one(4, 2);
  const float values[] = {0.5f, -0.5f, 0.25f, -0.1f, 1, -2, 3, 0};
  std::copy(std::begin(values), std::end(values), one.dense->values());
  one.thresholds->values()[0] = 0.25f;
  one.thresholds->values()[1] = -1; // Below zero, everything stays.
  one.remask();
  EXPECT_EQ(one.weights().active().units,
            (std::vector<uint32_t>{0, 1, 4, 5, 6, 7}));
  EXPECT_EQ(one.weights().values()[1], -0.5f);
  // A weight above its threshold again is back.
  one.dense->values()[3] = -0.75f;
  one.remask();
  EXPECT_EQ(one.weights().activeUnits(), 7);
  EXPECT_EQ(one.weights().values()[2], -0.75f);
}

TEST(Dst, GradientsOfWeightsAndThresholds) {
  OneMasked one(4, 1);
  const float values[] = {0.5f, -0.3f, 0.2f, 1.6f};
  const float gradient[] = {2, -3, 5, 7};
  std::copy(std::begin(values), std::end(values), one.dense->values());
  one.thresholds->values()[0] = 0.25f;
  one.method->takeDenseGradient(one.context, one.context.layers[0],
                                eventAt(Moment::Gradients, 1, 10), gradient);
  // x = 0.25, 0.05, -0.05, 1.35: h = 1, 1.8, 1.8, 0.
  EXPECT_NEAR(one.dense->gradient()[0], 2 * (1 + 0.5 * 1), 1e-6);
  EXPECT_NEAR(one.dense->gradient()[1], -3 * (1 + 0.3 * 1.8), 1e-6);
  EXPECT_NEAR(one.dense->gradient()[2], 5 * (0 + 0.2 * 1.8), 1e-6);
  EXPECT_NEAR(one.dense->gradient()[3], 7, 1e-6);
  double sum = 2 * 0.5 * 1 + -3 * -0.3 * 1.8 + 5 * 0.2 * 1.8;
  EXPECT_NEAR(one.thresholds->gradient()[0], -sum - 0.01 * std::exp(-0.25),
              1e-6);
}

TEST(Dst, GradientsOfLongRows) {
  // Rows of no whole number of vectors.
  OneMasked one(21, 2);
  RandomStream stream(kSeed, RandomPurpose::Test);
  std::vector<float> gradient;
  for (int64_t i = 0; i < 42; ++i) {
    one.dense->values()[i] = stream.normal();
    gradient.push_back(stream.normal());
  }
  const double thresholds[] = {0.5, -0.25};
  std::copy_n(thresholds, 2, one.thresholds->values());
  one.method->takeDenseGradient(one.context, one.context.layers[0],
                                eventAt(Moment::Gradients, 1, 10),
                                gradient.data());
  for (int64_t row = 0; row < 2; ++row) {
    double sum = 0;
    for (int64_t i = row * 21; i < (row + 1) * 21; ++i) {
      double weight = one.dense->values()[i];
      double x = std::abs(weight) - thresholds[row];
      double slope = dstDerivative(x);
      double expected =
          gradient[size_t(i)] * ((x > 0) + std::abs(weight) * slope);
      EXPECT_NEAR(one.dense->gradient()[i], expected, 1e-5) << i;
      sum += gradient[size_t(i)] * weight * slope;
    }
    EXPECT_NEAR(one.thresholds->gradient()[row],
                -sum - 0.01 * std::exp(-thresholds[row]), 1e-5);
  }
}

TEST(Dst, StartsOverWhenALayerIsAllButEmpty) {
  OneMasked one;
  std::fill_n(one.dense->values(), 200, 0.1f);
  std::fill_n(one.thresholds->values(), 4, 0.5f);
  one.dense->values()[0] = one.dense->values()[60] = 1; // One per cent.
  one.remask();
  EXPECT_EQ(one.weights().activeUnits(), 200);
  EXPECT_EQ(one.thresholds->values()[0], 0);
  std::fill_n(one.thresholds->values(), 4, 0.5f);
  one.dense->values()[61] = 1; // Above one per cent.
  one.remask();
  EXPECT_EQ(one.weights().activeUnits(), 3);
  EXPECT_EQ(one.thresholds->values()[0], 0.5f);
}

TEST(Dst, CellsOfAnLstmDoNotStartOver) {
  Network network = makeModel("lstm-a", {1, 28, 28}, 10, Scheme::Unstructured);
  std::unique_ptr<Method> method = makeMethod("dst", {});
  MethodContext context(network, *method, kSeed);
  method->initialise(context);
  EXPECT_EQ(context.layers.size(), 4u);
  for (Parameter *trained : method->trainables(context, network.parameters()))
    if (trained->name().find(".threshold") != std::string::npos)
      std::fill_n(trained->values(), trained->size(), 5.0f);
  method->mutate(context, eventAt(Moment::Updated, 1, 10));
  for (const MethodLayer &layer : context.layers)
    EXPECT_EQ(layer.weight().activeUnits(), 0) << layer.layer->name();
}

TEST(Dst, KeepsThresholdsWithinTheLimit) {
  OneMasked one(50, 4, 2);
  one.thresholds->values()[0] = -700; // exp(700) overflows a float.
  one.remask();
  EXPECT_EQ(one.thresholds->values()[0], -2);
  OneMasked free(50, 4, 0);
  free.thresholds->values()[0] = -700;
  free.remask();
  EXPECT_EQ(free.thresholds->values()[0], -700);
}

TEST(Dst, NamesTheLayerWhoseThresholdIsNotFinite) {
  OneMasked one;
  one.thresholds->values()[2] = std::nanf("");
  std::string text = refusal([&] { one.remask(); });
  EXPECT_NE(text.find("layer.weight.threshold is nan"), std::string::npos)
      << text;
  EXPECT_NE(text.find("--alpha"), std::string::npos);
}

TEST(Dst, AdoptsWeightsThatReplaceItsDraws) {
  OneMasked one(4, 2);
  SparseParameter &weight = one.weights();
  weight.activate({{0, 1, 3, 6}, {}});
  const float values[] = {1, -2, 3, -4};
  std::copy(std::begin(values), std::end(values), weight.values());
  one.method->adoptWeights(one.context);
  const float expected[] = {1, -2, 0, 3, 0, 0, -4, 0};
  EXPECT_TRUE(std::equal(std::begin(expected), std::end(expected),
                         one.dense->values()));
  one.remask();
  EXPECT_EQ(weight.active().units, (std::vector<uint32_t>{0, 1, 3, 6}));
  EXPECT_EQ(weight.values()[3], -4);
}

TEST(Dst, NeedsSingleWeights) {
  EXPECT_EQ(refusal([] {
              OneLayer one(conv(4), Scheme::Block, "dst", {0.9, 10});
            }).find("scheme: dst"),
            0u);
}

} // namespace
