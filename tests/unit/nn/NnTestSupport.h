//===- NnTestSupport.h - Helpers of the layer tests ----------- -*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_TESTS_UNIT_NN_NNTESTSUPPORT_H
#define LACUNA_TESTS_UNIT_NN_NNTESTSUPPORT_H

#include "InterpreterProvider.h"

#include "lacuna/Runtime/Layer.h"
#include "lacuna/Runtime/Random.h"
#include "lacuna/Runtime/SparseLayer.h"

#include <cmath>
#include <vector>

namespace lacuna::testing {

constexpr int64_t kLanes = 8;

inline std::vector<float> randomFloats(int64_t count, uint32_t which) {
  RandomStream stream(11, RandomPurpose::Test, which);
  std::vector<float> values(count);
  for (float &value : values)
    value = stream.normal();
  return values;
}

inline Tensor randomTensor(const TensorShape &shape, uint32_t which) {
  Tensor tensor(shape);
  std::vector<float> values = randomFloats(
      shape.images * shape.channels * shape.height * shape.width, which);
  toBlocked(values.data(), tensor);
  return tensor;
}

inline std::vector<float> plain(const Tensor &tensor) {
  const TensorShape &shape = tensor.shape();
  std::vector<float> values(shape.images * shape.channels * shape.height *
                            shape.width);
  fromBlocked(tensor, values.data());
  return values;
}

template <typename A, typename B>
double relativeError(const A &got, const B &want, size_t count) {
  double error = 0, norm = 0;
  for (size_t i = 0; i < count; ++i) {
    error += std::pow(double(got[i]) - double(want[i]), 2);
    norm += std::pow(double(want[i]), 2);
  }
  return norm == 0 ? std::sqrt(error) : std::sqrt(error / norm);
}

/// Every `step`-th unit, with patterns in turn.
inline ActiveSet everyNthUnit(const SparseParameter &parameter, int64_t step) {
  ActiveSet active;
  const Structure &structure = parameter.structure();
  if (structure.scheme == Scheme::Dense)
    return active;
  for (int64_t unit = 0; unit < parameter.units(); unit += step) {
    active.units.push_back(static_cast<uint32_t>(unit));
    if (structure.scheme == Scheme::Pattern)
      active.patternIds.push_back(
          static_cast<uint8_t>(unit % structure.patterns.size()));
  }
  return active;
}

/// What a layer needs to run by itself.
struct LayerBench {
  explicit LayerBench(int threads = 2)
      : pool(threads), workspace(threads), provider(kLanes) {}

  RunContext context(bool training = true) {
    return {pool, workspace, gradients, training};
  }
  /// A lease that holds a copy of this tensor.
  GradientPool::Lease lend(const Tensor &tensor) {
    GradientPool::Lease lease = gradients.acquire(tensor.shape());
    std::copy(tensor.data(), tensor.data() + tensor.shape().floats(),
              lease->data());
    return lease;
  }

  ThreadPool pool;
  Workspace workspace;
  GradientPool gradients;
  InterpreterProvider provider;
};

} // namespace lacuna::testing

#endif // LACUNA_TESTS_UNIT_NN_NNTESTSUPPORT_H
