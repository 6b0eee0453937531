//===- OperatorTest.h - What the tests of operators share -------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_TESTS_UNIT_OPERATORS_OPERATORTEST_H
#define LACUNA_TESTS_UNIT_OPERATORS_OPERATORTEST_H

#include "lacuna/Runtime/Operators.h"
#include "lacuna/Runtime/Random.h"
#include "lacuna/Support/Error.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

namespace lacuna::test {

using Floats = std::vector<float>;

/// The widths that this build and machine can run.
inline std::vector<int64_t> supportedLanes() {
  std::vector<int64_t> supported;
  for (int64_t lanes : {4, 8, 16})
    if (operators::lanesSupported(lanes))
      supported.push_back(lanes);
  return supported;
}

/// Shapes with whole and partial last blocks, odd extents, one pixel, more
/// channels than are reduced at a time.
inline std::vector<TensorShape> shapes(int64_t lanes) {
  return {{1, 1, 1, 1, lanes},   {16, 4, 8, 8, lanes}, {17, 3, 7, 5, lanes},
          {33, 21, 1, 1, lanes}, {7, 18, 3, 9, lanes}, {40, 2, 6, 4, lanes}};
}

inline int64_t plainSize(const TensorShape &shape) {
  return shape.images * shape.channels * shape.height * shape.width;
}

/// Normal numbers, [images][channels][height][width].
inline Floats randomFloats(int64_t size, uint32_t stream) {
  RandomStream random(1, RandomPurpose::Test, stream);
  Floats values(static_cast<size_t>(size));
  for (float &value : values)
    value = random.normal();
  return values;
}

/// What padding images hold: visible in any sum that it reaches.
constexpr float kGarbage = 1e30f;

inline Tensor blocked(const TensorShape &shape, const Floats &plain,
                      float padding = kGarbage) {
  Tensor tensor(shape);
  toBlocked(plain.data(), tensor);
  if (int64_t filled = shape.images % shape.lanes)
    for (int64_t i = shape.floats() - shape.block(); i < shape.floats(); ++i)
      if (i % shape.lanes >= filled)
        tensor.data()[i] = padding;
  return tensor;
}

inline Floats plainOf(const Tensor &tensor) {
  Floats plain(static_cast<size_t>(plainSize(tensor.shape())));
  fromBlocked(tensor, plain.data());
  return plain;
}

/// What padding images hold, in order.
inline Floats paddingOf(const Tensor &tensor) {
  const TensorShape &shape = tensor.shape();
  Floats padding;
  if (int64_t filled = shape.images % shape.lanes)
    for (int64_t i = shape.floats() - shape.block(); i < shape.floats(); ++i)
      if (i % shape.lanes >= filled)
        padding.push_back(tensor.data()[i]);
  return padding;
}

inline bool sameBits(const Floats &a, const Floats &b) {
  return a.size() == b.size() &&
         std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

/// Runs `compute(pool)` with 1, 2 and 3 threads, expects the same bits each
/// time, and returns them.
template <typename Compute> Floats onAnyThreads(const Compute &compute) {
  ThreadPool one(1);
  Floats first = compute(one);
  for (int threads : {2, 3}) {
    ThreadPool pool(threads);
    EXPECT_TRUE(sameBits(compute(pool), first))
        << threads << " threads give other bits than one";
  }
  return first;
}

inline void expectNear(const Floats &actual, const std::vector<double> &wanted,
                       double tolerance) {
  ASSERT_EQ(actual.size(), wanted.size());
  for (size_t i = 0; i < actual.size(); ++i)
    ASSERT_NEAR(actual[i], wanted[i],
                tolerance * std::max(1.0, std::abs(wanted[i])))
        << "element " << i;
}

} // namespace lacuna::test

#endif // LACUNA_TESTS_UNIT_OPERATORS_OPERATORTEST_H
