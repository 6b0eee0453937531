//===- Cases.h - Structures and geometries under test -----------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_TESTS_GRADIENT_CASES_H
#define LACUNA_TESTS_GRADIENT_CASES_H

#include "LayerProblem.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace lacuna::testing {

struct NamedStructure {
  std::string name;
  Structure structure;
};

/// Patterns of unlike sizes, the empty corner and the full kernel among them.
std::vector<KernelPattern> unevenPatterns(int64_t taps);

/// Every scheme with all its shapes that suit the geometry.
std::vector<NamedStructure> structuresFor(const Geometry &geometry);

struct NamedGeometry {
  std::string name;
  Geometry geometry;
  int64_t images;
};

/// Kernels of 1 to 7, oblong ones, strides, paddings, planes with and without
/// useful divisors, batches that end inside a block.
std::vector<NamedGeometry> geometries();

/// A name that GoogleTest accepts.
template <typename Case>
std::string nameOf(const ::testing::TestParamInfo<Case> &info) {
  return info.param.name;
}

} // namespace lacuna::testing

#endif // LACUNA_TESTS_GRADIENT_CASES_H
