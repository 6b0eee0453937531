//===- LayerProblem.h - A layer, data and its true results ------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_TESTS_GRADIENT_LAYERPROBLEM_H
#define LACUNA_TESTS_GRADIENT_LAYERPROBLEM_H

#include "lacuna/Kernel/StreamLayout.h"

#include <cstdint>
#include <vector>

namespace lacuna::testing {

/// What a problem is made from. `density` is the share of active units.
struct ProblemShape {
  Geometry geometry;
  Structure structure;
  int64_t images = 1;
  double density = 0.3;
  uint32_t seed = 1;
};

/// A layer, an active set drawn at random, and data in [-1, 1]. Tensors are
/// logical: [image][channel][row][column]; weights are in canonical order.
class LayerProblem {
public:
  explicit LayerProblem(const ProblemShape &shape);

  Geometry geometry;
  Structure structure;
  ActiveSet active;
  int64_t images;
  std::vector<float> input, gradient, weights, bias;

  int64_t inputPlane() const {
    return geometry.input.height * geometry.input.width;
  }
  int64_t outputPlane() const {
    return geometry.output().height * geometry.output().width;
  }

  /// The three results in double precision by the definition of the layer.
  std::vector<double> output(bool withBias) const;
  std::vector<double> inputGradient() const;
  std::vector<double> weightGradient() const;
  std::vector<double> truth(Operation operation, bool withBias) const;

private:
  /// Calls visit(weight, input element, output element) for every product.
  template <typename Visit> void forEachProduct(Visit visit) const;
};

/// The L2 norm of the difference, relative to that of the truth; infinite when
/// a value is not finite or the sizes differ.
double relativeError(const std::vector<float> &result,
                     const std::vector<double> &truth);

} // namespace lacuna::testing

#endif // LACUNA_TESTS_GRADIENT_LAYERPROBLEM_H
