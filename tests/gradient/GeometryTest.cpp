//===- GeometryTest.cpp - Kernels, strides, paddings, planes, batches -----===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every geometry runs with some of the schemes; from one geometry to the next
// the choice moves on, so that all pairs of features meet.
//
//===----------------------------------------------------------------------===//

#include <gtest/gtest.h>

#include "Cases.h"
#include "KernelRun.h"

#include <cmath>

namespace lacuna::testing {

namespace {

class GeometryTest : public ::testing::TestWithParam<NamedGeometry> {};

std::vector<NamedStructure> someStructures(const NamedGeometry &shape) {
  std::vector<NamedStructure> all = structuresFor(shape.geometry);
  size_t turn = 0;
  for (char letter : shape.name)
    turn = turn * 31 + static_cast<unsigned char>(letter);
  // Neighbours in the list are alike, so take some that lie apart.
  return {all[turn % all.size()], all[(turn + all.size() / 3) % all.size()],
          all[(turn + 2 * all.size() / 3) % all.size()]};
}

TEST_P(GeometryTest, MatchesPlainLoops) {
  for (const NamedStructure &entry : someStructures(GetParam())) {
    SCOPED_TRACE(entry.name);
    expectTruth(jitFor(),
                LayerProblem({GetParam().geometry, entry.structure,
                              GetParam().images, 0.3, 21}),
                Level::Specialised);
  }
}

TEST_P(GeometryTest, StreamAndSpecialisedCodeAgree) {
  const NamedStructure entry = someStructures(GetParam()).front();
  LayerProblem problem(
      {GetParam().geometry, entry.structure, GetParam().images, 0.3, 22});
  for (Operation operation : kAllOperations) {
    auto result = [&](Level level) {
      std::shared_ptr<const Kernel> kernel = jitFor().get(
          {operation, problem.geometry, problem.structure, {}, level});
      EXPECT_EQ(kernel->layout.schedule.level, level) << kernel->name;
      return runKernel(*kernel, problem);
    };
    std::vector<float> specialised = result(Level::Specialised);
    std::vector<double> expected(specialised.begin(), specialised.end());
    EXPECT_LT(relativeError(result(Level::Stream), expected), kTolerance)
        << entry.name << " " << operationName(operation);
  }
}

INSTANTIATE_TEST_SUITE_P(All, GeometryTest, ::testing::ValuesIn(geometries()),
                         nameOf<NamedGeometry>);

} // namespace
} // namespace lacuna::testing
