//===- KernelPlanTest.cpp - What a kernel key depends on ------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Compiler/KernelCompiler.h"
#include "lacuna/Support/Error.h"

#include <gtest/gtest.h>

#include <functional>
#include <set>

namespace lacuna {
namespace {

Target target() {
  Target result;
  result.triple = "x86_64-unknown-linux-gnu";
  result.cpu = "x86-64-v4";
  result.features = "+avx512f";
  result.description = {16, 32, 49152};
  return result;
}

KernelRequest request() {
  return {Operation::Forward,
          Geometry::conv2d(16, 32, {14, 12}, {3, 3}, {1, 1}, {1, 1}),
          Structure::pattern({{0, 1}, {3, 4}}),
          {},
          Level::Specialised};
}

TEST(KernelPlan, KeyIsAHashOfTheText) {
  KernelPlan plan = planKernel(request(), target());
  EXPECT_EQ(plan.key.size(), 64u);
  EXPECT_EQ(plan.key.find_first_not_of("0123456789abcdef"), std::string::npos);
  EXPECT_NE(plan.text.find("cpu x86-64-v4\n"), std::string::npos);
  EXPECT_NE(plan.text.find("compiler " + compilerBuildId()), std::string::npos);
  EXPECT_NE(plan.text.find("pattern 0 1\npattern 3 4\n"), std::string::npos);
}

/// A mutation changes what is active, which no request mentions.
TEST(KernelPlan, EqualStructuresShareAKey) {
  EXPECT_EQ(planKernel(request(), target()).key,
            planKernel(request(), target()).key);
}

TEST(KernelPlan, EverythingElseChangesTheKey) {
  std::vector<std::function<void(KernelRequest &, Target &)>> changes = {
      [](KernelRequest &, Target &) {},
      [](KernelRequest &r, Target &) { r.operation = Operation::GradInput; },
      [](KernelRequest &r, Target &) { r.operation = Operation::GradWeight; },
      [](KernelRequest &r, Target &) { r.fusion.bias = true; },
      [](KernelRequest &r, Target &) { r.level = Level::Stream; },
      [](KernelRequest &r, Target &) { r.structure.patterns[0] = {0, 2}; },
      [](KernelRequest &r, Target &) { r.structure.patterns.push_back({5}); },
      [](KernelRequest &r, Target &) { r.structure = Structure::dense(); },
      [](KernelRequest &r, Target &) { r.structure = Structure::channel(); },
      [](KernelRequest &r, Target &) { r.structure = Structure::block(2); },
      [](KernelRequest &r, Target &) { r.structure = Structure::block(4); },
      [](KernelRequest &r, Target &) { r.geometry.inChannels = 17; },
      [](KernelRequest &r, Target &) { r.geometry.outChannels = 64; },
      [](KernelRequest &r, Target &) { r.geometry.input = {12, 14}; },
      [](KernelRequest &r, Target &) { r.geometry.kernel = {3, 5}; },
      [](KernelRequest &r, Target &) { r.geometry.stride = {2, 1}; },
      [](KernelRequest &r, Target &) { r.geometry.padding = {0, 1}; },
      [](KernelRequest &, Target &t) { t.cpu = "znver5"; },
      [](KernelRequest &, Target &t) { t.features += ",+avx512bf16"; },
      [](KernelRequest &, Target &t) { t.triple = "x86_64-pc-linux-gnu"; },
      [](KernelRequest &, Target &t) { t.description.l1Bytes = 32768; },
      [](KernelRequest &, Target &t) { t.description = {8, 16, 49152}; },
  };
  std::set<std::string> keys, names;
  for (const auto &change : changes) {
    KernelRequest r = request();
    Target t = target();
    change(r, t);
    KernelPlan plan = planKernel(r, t);
    keys.insert(plan.key);
    names.insert(plan.name);
  }
  EXPECT_EQ(keys.size(), changes.size());
  // Names are symbols: they must be as distinct as keys.
  EXPECT_EQ(names.size(), changes.size());
}

/// The grammar that docs/kernels.md promises.
TEST(KernelPlan, NamesFollowTheGrammar) {
  auto nameWithoutKey = [](const KernelRequest &r) {
    KernelPlan plan = planKernel(r, target());
    EXPECT_EQ(plan.name.substr(plan.name.size() - 9),
              "_" + plan.key.substr(0, 8));
    return plan.name.substr(0, plan.name.size() - 9);
  };
  KernelRequest r = request();
  EXPECT_EQ(nameWithoutKey(r),
            "conv2d_forward_f32_pattern2_32x16x3x3_14x12_s1x1_p1x1_"
            "specialised");
  r.operation = Operation::GradInput;
  r.structure = Structure::block(4);
  r.geometry.stride = {2, 1};
  EXPECT_EQ(nameWithoutKey(r),
            "conv2d_grad_input_f32_block4x1_32x16x3x3_14x12_s2x1_p1x1_"
            "specialised");
  r = {Operation::Forward,
       Geometry::linear(10, 7),
       Structure::unstructured(),
       {},
       Level::Stream};
  r.fusion.bias = true;
  EXPECT_EQ(nameWithoutKey(r),
            "linear_forward_f32_unstructured_7x10_bias_stream");
}

TEST(KernelPlan, CodeThatWouldBeTooLongBecomesAStream) {
  KernelRequest r = request();
  r.geometry.kernel = {7, 7};
  std::vector<KernelPattern> library(64, connectivityPattern(r.geometry)[0]);
  r.structure = Structure::pattern(library);
  KernelPlan plan = planKernel(r, target());
  EXPECT_EQ(plan.schedule.level, Level::Stream);
  EXPECT_NE(plan.name.find("_stream_"), std::string::npos);
}

TEST(KernelPlan, RefusesWhatNoKernelCanServe) {
  KernelRequest r = request();
  r.geometry.stride = {3, 3};
  EXPECT_THROW(planKernel(r, target()), UserError);
  r = request();
  r.structure = Structure::block(5);
  EXPECT_THROW(planKernel(r, target()), UserError);
}

} // namespace
} // namespace lacuna
