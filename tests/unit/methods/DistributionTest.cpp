//===- DistributionTest.cpp - How sparse each layer is --------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "MethodTestSupport.h"

#include "lacuna/Support/Files.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>

using namespace lacuna;
using namespace lacuna::testing;

namespace {

using Kind = SparsityDistribution::Kind;

SparsityDistribution of(Kind kind) {
  SparsityDistribution distribution;
  distribution.kind = kind;
  return distribution;
}

std::vector<DistributedLayer> leNet300() {
  return {{"fc1", Geometry::linear(784, 300)},
          {"fc2", Geometry::linear(300, 100)},
          {"classifier", Geometry::linear(100, 10)}};
}

Geometry conv(int64_t in, int64_t out, int64_t kernel) {
  return Geometry::conv2d(in, out, {8, 8}, {kernel, kernel}, {1, 1},
                          {kernel / 2, kernel / 2});
}

/// Every convolution and the classifier of the width-32 ResNet-32.
std::vector<DistributedLayer> resNet32() {
  std::vector<DistributedLayer> layers{{"conv1", conv(3, 32, 3)}};
  int64_t in = 32;
  for (int64_t width : {32, 64, 128}) {
    for (int block = 0; block < 5; ++block) {
      layers.push_back({"first", conv(in, width, 3)});
      layers.push_back({"second", conv(width, width, 3)});
      if (in != width)
        layers.push_back({"shortcut", conv(in, width, 1)});
      in = width;
    }
  }
  layers.push_back({"classifier", Geometry::linear(128, 10)});
  return layers;
}

double overall(const std::vector<DistributedLayer> &layers,
               const std::vector<double> &sparsities) {
  double kept = 0, all = 0;
  for (size_t i = 0; i < layers.size(); ++i) {
    double weights = double(layers[i].geometry.weights());
    kept += (1 - sparsities[i]) * weights;
    all += weights;
  }
  return 1 - kept / all;
}

TEST(Distribution, UniformIsUniform) {
  EXPECT_EQ(distributeSparsity({}, leNet300(), 0.9),
            (std::vector<double>{0.9, 0.9, 0.9}));
}

TEST(Distribution, ErdosRenyiKernelOfLeNet300) {
  std::vector<double> got =
      distributeSparsity(of(Kind::ErdosRenyiKernel), leNet300(), 0.98);
  EXPECT_NEAR(got[0], 0.9846, 1e-4);
  EXPECT_NEAR(got[1], 0.9555, 1e-4);
  EXPECT_NEAR(got[2], 0.6326, 1e-4);
  EXPECT_NEAR(overall(leNet300(), got), 0.98, 1e-12);
}

TEST(Distribution, ErdosRenyiKernelOfResNet32) {
  std::vector<DistributedLayer> layers = resNet32();
  std::vector<double> got =
      distributeSparsity(of(Kind::ErdosRenyiKernel), layers, 0.9);
  EXPECT_NEAR(overall(layers, got), 0.9, 1e-12);
  int shortcuts = 0;
  for (size_t i = 0; i < layers.size(); ++i) {
    const Geometry &g = layers[i].geometry;
    auto is = [&](int64_t in, int64_t out) {
      return g.kernel.height == 3 && g.inChannels == in && g.outChannels == out;
    };
    double want = is(32, 32)     ? 0.7104
                  : is(32, 64)   ? 0.789
                  : is(64, 64)   ? 0.8614
                  : is(64, 128)  ? 0.8976
                  : is(128, 128) ? 0.9323
                                 : 0;
    if (layers[i].name == "shortcut" && ++shortcuts == 2)
      want = 0.097;
    EXPECT_NEAR(got[i], want, 5e-4) << layers[i].name << " " << i;
  }
}

TEST(Distribution, ErdosRenyiLeavesKernelsOut) {
  std::vector<DistributedLayer> layers{{"a", conv(64, 64, 3)},
                                       {"b", conv(128, 128, 1)}};
  std::vector<double> er =
      distributeSparsity(of(Kind::ErdosRenyi), layers, 0.9);
  EXPECT_NEAR((1 - er[0]) / (1 - er[1]), (128.0 / 4096) / (256.0 / 16384),
              1e-9);
  EXPECT_NEAR(overall(layers, er), 0.9, 1e-12);
}

class DistributionFile : public ::testing::Test {
protected:
  SparsityDistribution parse(const std::string &name, const std::string &text) {
    path = ::testing::TempDir() + "lacuna-" + name;
    std::ofstream(path) << text;
    return parseDistribution(path);
  }
  std::string refused(const std::string &name, const std::string &text) {
    return refusal([&] { parse(name, text); });
  }
  void TearDown() override { std::remove(path.c_str()); }

  std::string path;
};

TEST_F(DistributionFile, JsonNamesLayers) {
  SparsityDistribution got = parse("d.json", R"({"fc1": 0.95, "fc2": 0})");
  EXPECT_EQ(got.kind, Kind::Explicit);
  EXPECT_EQ(got.sparsities.at("fc1"), 0.95);
  std::vector<DistributedLayer> layers = leNet300();
  EXPECT_NE(refusal([&] {
              distributeSparsity(got, layers, 0.9);
            }).find("d.json: names no sparsity for layer classifier"),
            std::string::npos);
  layers.pop_back();
  EXPECT_EQ(distributeSparsity(got, layers, 0.9),
            (std::vector<double>{0.95, 0}));
  // A name of no layer is told first: it may be meant for the one left out.
  EXPECT_NE(refusal([&] {
              distributeSparsity(parse("d.json", R"({"fc1.weight": 0.5})"),
                                 layers, 0.9);
            })
                .find("fc1.weight is no sparse layer of this model; those are "
                      "fc1, fc2"),
            std::string::npos);
  layers.pop_back();
  EXPECT_NE(refusal([&] {
              distributeSparsity(got, layers, 0.9);
            }).find("fc2 is no sparse layer of this model; those are fc1"),
            std::string::npos);
}

TEST_F(DistributionFile, ProfilesNameWeightsAsTheirAuthorsDo) {
  // Matched by std::regex, it would take all of the stack.
  std::string tooLong = "layer" + std::string(500000, '1') + ".0.conv1";
  SparsityDistribution got =
      parse("p.yaml", "prune_ratios:\n"
                      "  layer1.0.conv1.weight:\n"
                      "    0.6\n"
                      "  module.layer3.4.conv2.weight: .9\n"
                      "  fc1.weight: 0.5\n"
                      "  fc2: 0.25\n"
                      "  ? " +
                          tooLong +
                          "\n  : 0.125\n"
                          "lower_bound: 3\n"
                          "rho:\n  0.001\n");
  EXPECT_EQ(got.sparsities,
            (std::map<std::string, double>{{"stage1.block1.conv1", 0.6},
                                           {"stage3.block5.conv2", 0.9},
                                           {"fc1", 0.5},
                                           {"fc2", 0.25},
                                           {tooLong, 0.125}}));
}

TEST_F(DistributionFile, RefusesWhatIsNone) {
  for (auto [name, text, part] :
       {std::tuple{"d.json", "[0.9]", "must be a JSON object"},
        {"d.json",
         "{\"a\": ", "d.json: offset 7: is not valid JSON: parse error"},
        {"d.json", R"({"a": "b"})", "a: must be a number"},
        {"d.json", R"({"a": 1})", "a: is 1, must be at least 0 and below 1"},
        {"d.json", R"({"a": 0.5, "a": 0.6})", "a: is a duplicate key"},
        {"p.yaml", "a: 0.5", "has no map prune_ratios"},
        {"p.yaml", "prune_ratios: [1, 2]", "has no map prune_ratios"},
        {"p.yml", "prune_ratios:\n  a: b\n", "is not a valid profile"},
        {"p.yml", "prune_ratios: {a: 0.5, a.weight: 0.5}", "a is named twice"},
        {"p.yml", "{", "is not a valid profile"},
        {"p.yml", "prune_ratios:\n  a: -0.5\n", "must be at least 0"}})
    EXPECT_NE(refused(name, text).find(part), std::string::npos)
        << text << ": " << refused(name, text);
  EXPECT_NE(refusal([] { parseDistribution("erg"); }).find("uniform, er, erk"),
            std::string::npos);
  EXPECT_NE(refusal([] {
              parseDistribution("/nowhere/d.json");
            }).find("/nowhere/d.json"),
            std::string::npos);
}

} // namespace
