//===- ElementwiseTest.cpp - ReLU, sums, optimiser, lanes -----------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "OperatorTest.h"

#include <limits>
#include <string>

using namespace lacuna;
using namespace lacuna::test;

namespace {

TEST(Operators, HostLanesAreSupported) {
  EXPECT_TRUE(operators::lanesSupported(operators::hostLanes()));
  EXPECT_EQ(supportedLanes().back(), operators::hostLanes());
}

TEST(Operators, OtherLanesAreRefused) {
  ThreadPool pool(1);
  EXPECT_FALSE(operators::lanesSupported(5));
  Tensor input(TensorShape{3, 1, 1, 1, 5}), output;
  try {
    operators::relu(pool, input, output);
    FAIL() << "5 lanes were accepted";
  } catch (const EnvironmentError &error) {
    EXPECT_NE(std::string(error.what()).find("5 lanes"), std::string::npos);
  }
}

TEST(Relu, ClipsAndMasks) {
  for (int64_t lanes : supportedLanes())
    for (const TensorShape &shape : shapes(lanes)) {
      Floats values = randomFloats(plainSize(shape), 1);
      Floats slopes = randomFloats(plainSize(shape), 2);
      Floats clipped = values, masked = slopes;
      for (size_t i = 0; i < values.size(); ++i)
        if (values[i] <= 0)
          clipped[i] = masked[i] = 0;

      EXPECT_TRUE(sameBits(onAnyThreads([&](ThreadPool &pool) {
                             Tensor output;
                             operators::relu(pool, blocked(shape, values),
                                             output);
                             return plainOf(output);
                           }),
                           clipped));
      EXPECT_TRUE(sameBits(onAnyThreads([&](ThreadPool &pool) {
                             Tensor gradient = blocked(shape, slopes);
                             operators::reluBackward(
                                 pool, blocked(shape, clipped), gradient);
                             return plainOf(gradient);
                           }),
                           masked));
    }
}

TEST(Relu, WorksInPlaceAndLetsNanThrough) {
  ThreadPool pool(2);
  for (int64_t lanes : supportedLanes()) {
    Floats values = {-1, 2, std::numeric_limits<float>::quiet_NaN(),
                     std::numeric_limits<float>::infinity()};
    Tensor tensor = blocked({4, 1, 1, 1, lanes}, values);
    operators::relu(pool, tensor, tensor);
    Floats result = plainOf(tensor);
    EXPECT_EQ(result[0], 0);
    EXPECT_EQ(result[1], 2);
    EXPECT_TRUE(std::isnan(result[2]));
    EXPECT_TRUE(std::isinf(result[3]));
  }
}

TEST(Accumulate, Adds) {
  for (int64_t lanes : supportedLanes())
    for (const TensorShape &shape : shapes(lanes)) {
      Floats a = randomFloats(plainSize(shape), 3);
      Floats b = randomFloats(plainSize(shape), 4);
      Floats sum = a;
      for (size_t i = 0; i < sum.size(); ++i)
        sum[i] += b[i];
      EXPECT_TRUE(sameBits(onAnyThreads([&](ThreadPool &pool) {
                             Tensor output = blocked(shape, a);
                             operators::accumulate(pool, blocked(shape, b),
                                                   output);
                             return plainOf(output);
                           }),
                           sum));
    }
}

TEST(Accumulate, RefusesOtherShapes) {
  ThreadPool pool(1);
  int64_t lanes = operators::hostLanes();
  Tensor a(TensorShape{3, 2, 1, 1, lanes}), b(TensorShape{3, 1, 2, 1, lanes});
  EXPECT_THROW(operators::accumulate(pool, a, b), InternalError);
  EXPECT_THROW(operators::reluBackward(pool, a, b), InternalError);
}

TEST(SgdUpdate, FollowsTheRule) {
  // One float before and after: neither may change, and vectors start
  // unaligned.
  for (size_t size : {0, 1, 7, 15, 16, 17, 31, 33, 1000}) {
    Floats values = randomFloats(static_cast<int64_t>(size) + 2, 5);
    Floats momentum = randomFloats(static_cast<int64_t>(size) + 2, 6);
    Floats gradient = randomFloats(static_cast<int64_t>(size) + 2, 7);
    Floats wantedValues = values, wantedMomentum = momentum;
    for (size_t i = 1; i <= size; ++i) {
      wantedMomentum[i] =
          0.9f * momentum[i] + (gradient[i] + 5e-4f * values[i]);
      wantedValues[i] = values[i] - 0.1f * wantedMomentum[i];
    }
    operators::sgdUpdate(values.data() + 1, momentum.data() + 1,
                         gradient.data() + 1, static_cast<int64_t>(size),
                         {0.1f, 0.9f, 5e-4f});
    EXPECT_TRUE(sameBits(values, wantedValues)) << size;
    EXPECT_TRUE(sameBits(momentum, wantedMomentum)) << size;
  }
}

} // namespace
