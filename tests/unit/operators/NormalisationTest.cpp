//===- NormalisationTest.cpp - Batch norm: sums and affine maps -----------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "OperatorTest.h"

using namespace lacuna;
using namespace lacuna::test;

namespace {

/// Calls visit(channel, element) for all elements of a plain tensor.
template <typename Visit>
void forEachElement(const TensorShape &shape, const Visit &visit) {
  int64_t pixels = shape.height * shape.width;
  for (int64_t i = 0; i < plainSize(shape); ++i)
    visit(static_cast<size_t>(i / pixels % shape.channels),
          static_cast<size_t>(i));
}

/// The first `channels` and the second `channels` results, end to end.
template <typename Reduce>
Floats twoPerChannel(int64_t channels, const Reduce &reduce) {
  Floats results(static_cast<size_t>(2 * channels));
  reduce(results.data(), results.data() + channels);
  return results;
}

Floats statisticsOf(const TensorShape &shape, const Floats &plain) {
  return onAnyThreads([&](ThreadPool &pool) {
    Tensor input = blocked(shape, plain);
    return twoPerChannel(shape.channels, [&](float *mean, float *variance) {
      operators::batchStatistics(pool, input, mean, variance);
    });
  });
}

std::vector<double> wantedStatistics(const TensorShape &shape,
                                     const Floats &plain) {
  size_t channels = static_cast<size_t>(shape.channels);
  double count = double(shape.images * shape.height * shape.width);
  std::vector<double> wanted(2 * channels);
  forEachElement(shape, [&](size_t c, size_t i) {
    wanted[c] += double(plain[i]) / count;
  });
  forEachElement(shape, [&](size_t c, size_t i) {
    double centred = plain[i] - wanted[c];
    wanted[channels + c] += centred * centred / count;
  });
  return wanted;
}

TEST(BatchStatistics, AgreeWithTwoPasses) {
  for (int64_t lanes : supportedLanes())
    for (const TensorShape &shape : shapes(lanes)) {
      Floats plain = randomFloats(plainSize(shape), 1);
      expectNear(statisticsOf(shape, plain), wantedStatistics(shape, plain),
                 1e-6);
    }
}

// One pass over squares must not lose the variance to a large mean.
TEST(BatchStatistics, SurviveALargeMean) {
  for (int64_t lanes : supportedLanes()) {
    TensorShape shape{37, 3, 9, 9, lanes};
    Floats plain = randomFloats(plainSize(shape), 2);
    for (float &value : plain)
      value = 1000.0f + 0.01f * value;
    Floats actual = statisticsOf(shape, plain);
    std::vector<double> wanted = wantedStatistics(shape, plain);
    for (size_t c = 3; c < 6; ++c)
      EXPECT_NEAR(actual[c] / wanted[c], 1, 1e-4);
  }
}

TEST(BatchStatistics, ConstantChannelHasNoVariance) {
  for (int64_t lanes : supportedLanes()) {
    TensorShape shape{19, 2, 3, 3, lanes};
    Floats actual = statisticsOf(
        shape, Floats(static_cast<size_t>(plainSize(shape)), 0.1f));
    for (size_t c = 0; c < 2; ++c) {
      EXPECT_FLOAT_EQ(actual[c], 0.1f);
      EXPECT_GE(actual[2 + c], 0.0f);
      EXPECT_LT(actual[2 + c], 1e-12f);
    }
  }
}

TEST(BatchStatistics, NanShows) {
  ThreadPool pool(1);
  TensorShape shape{3, 2, 1, 1, operators::hostLanes()};
  Tensor input = blocked(shape, {1, 2, NAN, 4, 5, 6});
  float mean[2], variance[2];
  operators::batchStatistics(pool, input, mean, variance);
  EXPECT_TRUE(std::isnan(mean[0]) && std::isnan(variance[0]));
  EXPECT_EQ(mean[1], 4.0f);
}

TEST(BatchNormReduce, AgreesWithPlainSums) {
  for (int64_t lanes : supportedLanes())
    for (const TensorShape &shape : shapes(lanes)) {
      size_t channels = static_cast<size_t>(shape.channels);
      Floats values = randomFloats(plainSize(shape), 3);
      Floats slopes = randomFloats(plainSize(shape), 4);
      Floats mean = randomFloats(shape.channels, 5);
      std::vector<double> wanted(2 * channels);
      forEachElement(shape, [&](size_t c, size_t i) {
        wanted[c] += slopes[i];
        wanted[channels + c] +=
            double(slopes[i]) * (double(values[i]) - double(mean[c]));
      });
      expectNear(onAnyThreads([&](ThreadPool &pool) {
                   Tensor input = blocked(shape, values);
                   Tensor gradient = blocked(shape, slopes);
                   return twoPerChannel(
                       shape.channels, [&](float *sum, float *dot) {
                         operators::batchNormReduce(pool, input, gradient,
                                                    mean.data(), sum, dot);
                       });
                 }),
                 wanted, 1e-6);
    }
}

TEST(ChannelSum, AgreesWithPlainSums) {
  for (int64_t lanes : supportedLanes())
    for (const TensorShape &shape : shapes(lanes)) {
      Floats slopes = randomFloats(plainSize(shape), 6);
      std::vector<double> wanted(static_cast<size_t>(shape.channels));
      forEachElement(shape,
                     [&](size_t c, size_t i) { wanted[c] += slopes[i]; });
      expectNear(onAnyThreads([&](ThreadPool &pool) {
                   Floats sum(wanted.size());
                   operators::channelSum(pool, blocked(shape, slopes),
                                         sum.data());
                   return sum;
                 }),
                 wanted, 1e-6);
    }
}

TEST(ScaleShift, AllFourForms) {
  for (int64_t lanes : supportedLanes())
    for (const TensorShape &shape : shapes(lanes))
      for (bool add : {false, true})
        for (bool relu : {false, true}) {
          Floats values = randomFloats(plainSize(shape), 7);
          Floats addend = randomFloats(plainSize(shape), 8);
          Floats scale = randomFloats(shape.channels, 9);
          Floats shift = randomFloats(shape.channels, 10);
          Floats wanted(values.size());
          forEachElement(shape, [&](size_t c, size_t i) {
            float value = values[i] * scale[c] + shift[c];
            if (add)
              value += addend[i];
            wanted[i] = relu && value < 0 ? 0 : value;
          });
          EXPECT_TRUE(sameBits(
              onAnyThreads([&](ThreadPool &pool) {
                Tensor residual = blocked(shape, addend), output;
                operators::scaleShift(pool, blocked(shape, values),
                                      scale.data(), shift.data(),
                                      add ? &residual : nullptr, relu, output);
                return plainOf(output);
              }),
              wanted))
              << "add " << add << ", relu " << relu;
        }
}

TEST(AffineCombine, CombinesAndClearsPadding) {
  for (int64_t lanes : supportedLanes())
    for (const TensorShape &shape : shapes(lanes)) {
      Floats values = randomFloats(plainSize(shape), 11);
      Floats slopes = randomFloats(plainSize(shape), 12);
      Floats a = randomFloats(shape.channels, 13);
      Floats b = randomFloats(shape.channels, 14);
      Floats c = randomFloats(shape.channels, 15);
      Floats wanted(values.size());
      forEachElement(shape, [&](size_t channel, size_t i) {
        wanted[i] =
            slopes[i] * a[channel] + values[i] * b[channel] + c[channel];
      });
      EXPECT_TRUE(sameBits(onAnyThreads([&](ThreadPool &pool) {
                             Tensor output;
                             operators::affineCombine(
                                 pool, blocked(shape, slopes),
                                 blocked(shape, values), a.data(), b.data(),
                                 c.data(), output);
                             for (float padding : paddingOf(output))
                               EXPECT_EQ(padding, 0.0f);
                             return plainOf(output);
                           }),
                           wanted));

      ThreadPool pool(2);
      Tensor inPlace = blocked(shape, slopes);
      operators::affineCombine(pool, inPlace, blocked(shape, values), a.data(),
                               b.data(), c.data(), inPlace);
      EXPECT_TRUE(sameBits(plainOf(inPlace), wanted));
      Tensor overInput = blocked(shape, values);
      operators::affineCombine(pool, blocked(shape, slopes), overInput,
                               a.data(), b.data(), c.data(), overInput);
      EXPECT_TRUE(sameBits(plainOf(overInput), wanted));
    }
}

} // namespace
