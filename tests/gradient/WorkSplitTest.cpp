//===- WorkSplitTest.cpp - The same bits however work is cut --------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include <gtest/gtest.h>

#include "Cases.h"
#include "KernelRun.h"

#include <cstring>

namespace lacuna::testing {

namespace {

bool sameBits(const std::vector<float> &a, const std::vector<float> &b) {
  return a.size() == b.size() &&
         std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

Geometry layer() {
  return Geometry::conv2d(40, 24, {9, 10}, {3, 3}, {2, 2}, {1, 1});
}

class WorkSplitTest : public ::testing::TestWithParam<NamedStructure> {
protected:
  /// Calls check(kernel, problem, whole) for each operation.
  template <typename Check> void forEachOperation(Check check) {
    LayerProblem problem({layer(), GetParam().structure, 83, 0.3, 31});
    for (Operation operation : kAllOperations) {
      std::shared_ptr<const Kernel> kernel = jitFor().get({operation,
                                                           problem.geometry,
                                                           problem.structure,
                                                           {},
                                                           Level::Specialised});
      ASSERT_GT(workItems(*kernel, problem), 2) << kernel->name;
      check(*kernel, problem, runKernel(*kernel, problem));
    }
  }
};

TEST_P(WorkSplitTest, OneItemAtATimeGivesTheBitsOfTheWhole) {
  forEachOperation([](const Kernel &kernel, const LayerProblem &problem,
                      const std::vector<float> &whole) {
    std::vector<WorkRange> backwards;
    for (int64_t item = workItems(kernel, problem); item-- > 0;)
      backwards.push_back({item, item + 1});
    EXPECT_TRUE(sameBits(runKernel(kernel, problem, {backwards}), whole))
        << kernel.name;
  });
}

TEST_P(WorkSplitTest, EmptyRangesDoNothing) {
  forEachOperation([](const Kernel &kernel, const LayerProblem &problem,
                      const std::vector<float> &whole) {
    int64_t items = workItems(kernel, problem);
    std::vector<WorkRange> ranges{
        {0, 0}, {0, 1}, {1, 1}, {1, items}, {items, items}};
    EXPECT_TRUE(sameBits(runKernel(kernel, problem, {ranges}), whole))
        << kernel.name;
  });
}

TEST_P(WorkSplitTest, AnyNumberOfThreadsGivesTheBitsOfOne) {
  forEachOperation([](const Kernel &kernel, const LayerProblem &problem,
                      const std::vector<float> &whole) {
    int64_t items = workItems(kernel, problem);
    for (int64_t threads : {2, 3, 5}) {
      std::vector<std::vector<WorkRange>> work;
      for (int64_t t = 0; t < threads; ++t)
        work.push_back({{items * t / threads, items * (t + 1) / threads}});
      EXPECT_TRUE(sameBits(runKernel(kernel, problem, work), whole))
          << kernel.name << " on " << threads << " threads";
    }
  });
}

/// A run must not depend on what an earlier one left behind.
TEST_P(WorkSplitTest, RunningTwiceGivesTheSameBits) {
  forEachOperation([](const Kernel &kernel, const LayerProblem &problem,
                      const std::vector<float> &whole) {
    int64_t items = workItems(kernel, problem);
    EXPECT_TRUE(
        sameBits(runKernel(kernel, problem, {{{0, items}, {0, items}}}), whole))
        << kernel.name;
  });
}

INSTANTIATE_TEST_SUITE_P(All, WorkSplitTest,
                         ::testing::ValuesIn(structuresFor(layer())),
                         nameOf<NamedStructure>);

} // namespace
} // namespace lacuna::testing
