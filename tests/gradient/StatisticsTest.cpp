//===- StatisticsTest.cpp - How exact fused batch statistics are ----------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Variances come from sums of squares, which are large beside them where a
// channel's mean is. Lanes of a row of tiles are summed in single precision,
// everything else in double precision.
//
//===----------------------------------------------------------------------===//

#include "KernelRun.h"

#include "lacuna/Runtime/Layer.h"
#include "lacuna/Runtime/SparseLayer.h"
#include "lacuna/Runtime/Workspace.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace lacuna::testing {
namespace {

struct Moments {
  std::vector<double> mean, variance;
};

/// Of each channel, in double precision and two passes.
Moments exactMoments(const Tensor &tensor) {
  const TensorShape &shape = tensor.shape();
  std::vector<float> plain(
      size_t(shape.images * shape.channels * shape.height * shape.width));
  fromBlocked(tensor, plain.data());
  auto plane = size_t(shape.height * shape.width);
  auto channels = size_t(shape.channels);
  double count = double(plain.size() / channels);
  Moments moments{std::vector<double>(channels), std::vector<double>(channels)};
  for (size_t i = 0; i < plain.size(); ++i)
    moments.mean[i / plane % channels] += plain[i] / count;
  for (size_t i = 0; i < plain.size(); ++i) {
    size_t c = i / plane % channels;
    moments.variance[c] += std::pow(plain[i] - moments.mean[c], 2) / count;
  }
  return moments;
}

class StatisticsTest : public ::testing::TestWithParam<int64_t> {
protected:
  StatisticsTest()
      : layer("layer",
              Geometry::conv2d(8, 8, {GetParam(), GetParam()}, {3, 3}, {1, 1},
                               {1, 1}),
              Structure::dense(), {/*bias=*/true}),
        input({131, 8, GetParam(), GetParam(), jitFor().lanes()}) {
    layer.fuseStatistics();
    layer.weight().activate({});
    layer.initialise(1, 0);
    std::mt19937 engine(5);
    std::normal_distribution<float> draw;
    for (int64_t i = 0; i < input.shape().floats(); ++i)
      input.data()[i] = draw(engine);
  }

  /// Moments of the output, which the biases move.
  Moments exact(ThreadPool &pool) {
    Workspace workspace(pool.threads());
    GradientPool gradients;
    layer.repack(jitFor(), workspace);
    RunContext context{pool, workspace, gradients, /*training=*/true};
    return exactMoments(layer.forward(context, input));
  }

  SparseLayer layer;
  Tensor input;
};

/// For means of `ratio` standard deviations, variances are right to a few units
/// in the last place of the mean of squares: ratio * ratio + 1 times as large.
TEST_P(StatisticsTest, AgreeWithDoublePrecision) {
  ThreadPool pool(1);
  std::fill_n(layer.bias()->values(), 8, 0.0f);
  Moments centred = exact(pool);
  for (double ratio : {0.0, 1.0, 10.0, 100.0, 1000.0}) {
    for (size_t c = 0; c < 8; ++c)
      layer.bias()->values()[c] =
          float(ratio * std::sqrt(centred.variance[c]) - centred.mean[c]);
    Moments wanted = exact(pool);
    std::vector<float> mean(8), variance(8);
    layer.moments(mean.data(), variance.data());
    double meanError = 0, varianceError = 0;
    for (size_t c = 0; c < 8; ++c) {
      double deviation = std::sqrt(wanted.variance[c]);
      meanError =
          std::max(meanError, std::abs(mean[c] - wanted.mean[c]) / deviation);
      varianceError = std::max(varianceError,
                               std::abs(variance[c] / wanted.variance[c] - 1));
    }
    EXPECT_LT(meanError, 2e-7 * (ratio + 1)) << ratio;
    EXPECT_LT(varianceError, 1e-7 * (ratio * ratio + 1)) << ratio;
  }
}

INSTANTIATE_TEST_SUITE_P(Planes, StatisticsTest, ::testing::Values(8, 32, 56));

} // namespace
} // namespace lacuna::testing
