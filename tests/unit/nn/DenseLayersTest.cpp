//===- DenseLayersTest.cpp - Batch norm, pooling, residual blocks ---------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NnTestSupport.h"

#include "lacuna/Runtime/Layers.h"
#include "lacuna/Runtime/Network.h"
#include "lacuna/Support/Error.h"

#include <gtest/gtest.h>

#include <functional>

using namespace lacuna;
using namespace lacuna::testing;

namespace {

constexpr int64_t kImages = 11;

/// Compares a layer's gradient to its input, and to its parameters, with
/// central differences of sum(output * weights).
class DifferenceCheck {
public:
  DifferenceCheck(Layer &layer, LayerBench &bench)
      : layer(layer), bench(bench) {}

  void run(Tensor &input) {
    RunContext context = bench.context();
    const Tensor &output = layer.forward(context, input);
    Tensor projection = randomTensor(output.shape(), 77);
    weights = plain(projection);
    GradientPool::Lease inputGradient =
        layer.backward(context, bench.lend(projection));
    std::vector<float> analytic(inputGradient->data(),
                                inputGradient->data() +
                                    inputGradient->shape().floats());
    // Padding images have no say, so their gradient is not looked at.
    int64_t used = input.shape().images % kLanes;
    int64_t lastBlock = (input.shape().blocks() - 1) * input.shape().block();
    compare("input", input.data(), analytic.data(), input.shape().floats(),
            input, [&](int64_t i) {
              return used == 0 || i < lastBlock || i % kLanes < used;
            });
    layer.forEachParameter([&](Parameter &parameter) {
      std::vector<float> gradient(parameter.gradient(),
                                  parameter.gradient() + parameter.size());
      compare(parameter.name(), parameter.values(), gradient.data(),
              parameter.size(), input, [](int64_t) { return true; });
    });
  }

private:
  double objective(const Tensor &input) {
    RunContext context = bench.context();
    std::vector<float> y = plain(layer.forward(context, input));
    double sum = 0;
    for (size_t i = 0; i < y.size(); ++i)
      sum += double(y[i]) * weights[i];
    return sum;
  }

  void compare(const std::string &what, float *values, const float *analytic,
               int64_t size, const Tensor &input,
               const std::function<bool(int64_t)> &counts) {
    constexpr float kStep = 1e-2f;
    std::vector<double> got, want;
    for (int64_t i = 0; i < size; i += 1 + size / 97) {
      if (!counts(i))
        continue;
      float kept = values[i];
      auto objectiveAt = [&](float value) {
        values[i] = value;
        layer.forEachParameter([](Parameter &p) { p.markChanged(); });
        return objective(input);
      };
      double above = objectiveAt(kept + kStep);
      double below = objectiveAt(kept - kStep);
      values[i] = kept;
      want.push_back((above - below) / (2 * double(kStep)));
      got.push_back(analytic[i]);
    }
    EXPECT_LT(relativeError(got, want, got.size()), 5e-3) << what;
  }

  Layer &layer;
  LayerBench &bench;
  std::vector<float> weights;
};

/// Well apart from each other and from zero, where ReLU and max pool have
/// kinks.
Tensor spreadTensor(const TensorShape &shape) {
  std::vector<float> values(shape.images * shape.channels * shape.height *
                            shape.width);
  RandomStream stream(3, RandomPurpose::Test, 5);
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = 0.1f * (float(i) - float(values.size()) / 2 + 0.5f);
  for (size_t left = values.size(); left > 1; --left)
    std::swap(values[left - 1], values[stream.below(uint32_t(left))]);
  Tensor tensor(shape);
  toBlocked(values.data(), tensor);
  return tensor;
}

TEST(BatchNorm, TrainsAsDefined) {
  LayerBench bench;
  BatchNorm layer("bn", 3, false);
  Tensor input = randomTensor({kImages, 3, 4, 5, kLanes}, 1);
  std::vector<float> x = plain(input);
  layer.forEachParameter([](Parameter &p) {
    for (int64_t c = 0; c < p.size(); ++c)
      p.values()[c] = 0.5f + float(c);
  });
  RunContext context = bench.context();
  std::vector<float> y = plain(layer.forward(context, input));
  int64_t plane = 20, samples = kImages * plane;
  for (int64_t c = 0; c < 3; ++c) {
    double mean = 0, variance = 0;
    auto forEach = [&](auto visit) {
      for (int64_t n = 0; n < kImages; ++n)
        for (int64_t i = 0; i < plane; ++i)
          visit((n * 3 + c) * plane + i);
    };
    forEach([&](int64_t i) { mean += x[i] / double(samples); });
    forEach([&](int64_t i) {
      variance += std::pow(x[i] - mean, 2) / double(samples);
    });
    forEach([&](int64_t i) {
      double want =
          (x[i] - mean) / std::sqrt(variance + 1e-5) * (0.5 + c) + (0.5 + c);
      ASSERT_NEAR(y[i], want, 1e-4);
    });
    EXPECT_NEAR(layer.runningMean()[c], 0.1 * mean, 1e-6);
    EXPECT_NEAR(layer.runningVariance()[c],
                0.9 + 0.1 * variance * samples / double(samples - 1), 1e-5);
  }
}

/// The last batch of an epoch may hold one image, and a layer one pixel.
TEST(BatchNorm, OneSampleLeavesTheRunningVariance) {
  LayerBench bench;
  BatchNorm layer("bn", 2, false);
  layer.forEachParameter([](Parameter &p) {
    for (int64_t c = 0; c < p.size(); ++c)
      p.values()[c] = 0.5f + float(c);
  });
  RunContext context = bench.context();
  layer.forward(context, randomTensor({kImages, 2, 3, 3, kLanes}, 1));
  float mean = layer.runningMean()[1], variance = layer.runningVariance()[1];
  Tensor one = randomTensor({1, 2, 1, 1, kLanes}, 2);
  std::vector<float> x = plain(one);
  // Nothing is left of what is its own mean.
  std::vector<float> y = plain(layer.forward(context, one));
  EXPECT_NEAR(y[0], 0.5, 1e-3);
  EXPECT_NEAR(y[1], 1.5, 1e-3);
  EXPECT_FLOAT_EQ(layer.runningMean()[1], 0.9f * mean + 0.1f * x[1]);
  EXPECT_EQ(layer.runningVariance()[1], variance);
  // And nothing that the input does changes it.
  GradientPool::Lease lease =
      layer.backward(context, bench.lend(randomTensor(one.shape(), 3)));
  for (float gradient : plain(*lease))
    EXPECT_NEAR(gradient, 0, 1e-3);
}

/// One image of several pixels is a batch like any other.
TEST(BatchNorm, OneImageHasTheVarianceOfItsPixels) {
  LayerBench bench;
  BatchNorm layer("bn", 1, false);
  Tensor image({1, 1, 1, 2, kLanes});
  const float pixels[] = {3, 7};
  toBlocked(pixels, image);
  RunContext context = bench.context();
  std::vector<float> y = plain(layer.forward(context, image));
  EXPECT_NEAR(y[0], -1, 1e-5);
  EXPECT_NEAR(y[1], 1, 1e-5);
  // Unbiased, two pixels vary by 8 about their mean of 5.
  EXPECT_NEAR(layer.runningVariance()[0], 0.9 + 0.1 * 8, 1e-6);
}

TEST(BatchNorm, EvaluatesWithRunningStatistics) {
  LayerBench bench;
  BatchNorm layer("bn", 2, true);
  Tensor input = randomTensor({kImages, 2, 3, 3, kLanes}, 1);
  RunContext training = bench.context(), evaluation = bench.context(false);
  layer.forward(training, input);
  float mean = layer.runningMean()[1], variance = layer.runningVariance()[1];
  Tensor other = randomTensor({kImages, 2, 3, 3, kLanes}, 2);
  std::vector<float> y = plain(layer.forward(evaluation, other));
  std::vector<float> x = plain(other);
  EXPECT_EQ(layer.runningMean()[1], mean);
  for (int64_t i = 9; i < 18; ++i)
    EXPECT_NEAR(y[i], std::max(0.0, (x[i] - mean) / std::sqrt(variance + 1e-5)),
                1e-5);
}

TEST(BatchNorm, GradientMatchesDifferences) {
  BatchNorm layer("bn", 3, false);
  LayerBench bench;
  DifferenceCheck check(layer, bench);
  Tensor input = randomTensor({kImages, 3, 4, 5, kLanes}, 1);
  check.run(input);
}

TEST(Relu, GradientMatchesDifferences) {
  Relu layer("relu");
  LayerBench bench;
  DifferenceCheck check(layer, bench);
  Tensor input = spreadTensor({kImages, 2, 3, 5, kLanes});
  check.run(input);
}

TEST(MaxPool, GradientMatchesDifferences) {
  for (operators::PoolWindow window :
       {operators::PoolWindow{2, 1}, {2, 2}, {3, 2, 1}}) {
    MaxPool layer("pool", window);
    LayerBench bench;
    DifferenceCheck check(layer, bench);
    Tensor input = spreadTensor({kImages, 2, 5, 4, kLanes});
    check.run(input);
  }
}

TEST(AveragePool, GradientMatchesDifferences) {
  AveragePool layer("pool", 2);
  LayerBench bench;
  DifferenceCheck check(layer, bench);
  Tensor input = randomTensor({kImages, 2, 4, 6, kLanes}, 1);
  check.run(input);
}

std::vector<std::unique_ptr<Layer>> pathOf(std::unique_ptr<Layer> first,
                                           std::unique_ptr<Layer> second) {
  std::vector<std::unique_ptr<Layer>> path;
  path.push_back(std::move(first));
  if (second)
    path.push_back(std::move(second));
  return path;
}

TEST(ResidualBlock, GradientMatchesDifferences) {
  for (bool identity : {true, false}) {
    SCOPED_TRACE(identity);
    LayerBench bench;
    auto conv = std::make_unique<SparseLayer>(
        "a", Geometry::conv2d(2, 2, {3, 3}, {3, 3}, {1, 1}, {1, 1}),
        Structure::dense(),
        SparseLayer::Options{false, false, false,
                             Initialisation::UniformFanIn});
    conv->weight().activate({});
    conv->initialise(3, 0);
    SparseLayer &weights = *conv;
    ResidualBlock layer(
        "block",
        pathOf(std::move(conv), std::make_unique<BatchNorm>("b", 2, true)),
        identity ? std::vector<std::unique_ptr<Layer>>()
                 : pathOf(std::make_unique<BatchNorm>("c", 2, false), nullptr));
    weights.repack(bench.provider, bench.workspace);
    uint32_t which = 40;
    // Apart from the kink of the ReLU: everything far above or below zero.
    layer.forEachParameter([&](Parameter &p) {
      if (p.name() == "a.weight")
        return;
      std::vector<float> draws = randomFloats(p.size(), which++);
      bool isScale = p.name().find("gamma") != std::string::npos;
      for (int64_t c = 0; c < p.size(); ++c)
        p.values()[c] = isScale ? 0.2f + 0.05f * draws[c] : (c ? 2.0f : -2.0f);
    });
    DifferenceCheck check(layer, bench);
    Tensor input = randomTensor({kImages, 2, 3, 3, kLanes}, 1);
    for (int64_t i = 0; i < input.shape().floats(); ++i)
      input.data()[i] *= 0.2f;
    check.run(input);
  }
}

TEST(ResidualBlock, WantsABatchNormThatAdds) {
  EXPECT_THROW(ResidualBlock("block",
                             pathOf(std::make_unique<BatchNorm>("a", 2, true),
                                    std::make_unique<Relu>("b")),
                             {}),
               UserError);
  EXPECT_THROW(ResidualBlock("block",
                             pathOf(std::make_unique<BatchNorm>("a", 2, true),
                                    std::make_unique<BatchNorm>("b", 2, false)),
                             {}),
               UserError);
}

} // namespace
