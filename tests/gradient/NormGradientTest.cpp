//===- NormGradientTest.cpp - Batch norm's gradient in grad-input ---------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Cases.h"
#include "FusedProblem.h"
#include "KernelRun.h"

#include <gtest/gtest.h>

namespace lacuna::testing {
namespace {

class NormGradientTest : public ::testing::TestWithParam<NamedGeometry> {};

TEST_P(NormGradientTest, AgreesWithDoublePrecision) {
  const NamedGeometry &named = GetParam();
  ThreadPool pool(1);
  for (const Structure &structure :
       {Structure::unstructured(), Structure::dense()})
    for (bool residual : {false, true})
      for (bool accumulate : {false, true}) {
        Fusion fusion;
        fusion.accumulate = accumulate;
        fusion.normGradient = true;
        fusion.normResidual = residual;
        std::shared_ptr<const Kernel> kernel =
            jitFor().get({Operation::GradInput, named.geometry, structure,
                          fusion, Level::Stream});
        FusedProblem problem({named.geometry, structure, named.images},
                             Operation::GradInput, fusion);
        EXPECT_LT(problem.error(*kernel, pool), kTolerance) << kernel->name;
      }
}

std::vector<NamedGeometry> convolutions() {
  std::vector<NamedGeometry> result;
  for (NamedGeometry &named : geometries())
    if (named.geometry.kind == LayerKind::Conv2d)
      result.push_back(std::move(named));
  return result;
}

INSTANTIATE_TEST_SUITE_P(Geometries, NormGradientTest,
                         ::testing::ValuesIn(convolutions()),
                         nameOf<NamedGeometry>);

} // namespace
} // namespace lacuna::testing
