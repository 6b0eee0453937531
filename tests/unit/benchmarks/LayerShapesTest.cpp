//===- LayerShapesTest.cpp - What the benchmarks of kernels time ----------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KernelBenchmark.h"

#include "lacuna/Support/Error.h"

#include <gtest/gtest.h>

using namespace lacuna;
using namespace lacuna::benchmarks;

namespace {

std::vector<std::string> names(const std::string &layers) {
  std::vector<std::string> result;
  for (const LayerShape &shape : layerShapes("--layers", layers))
    result.push_back(shape.name);
  return result;
}

TEST(LayerShapes, AModelHasEachConvolutionAfterTheFirstLayerOnce) {
  EXPECT_EQ(names("resnet-32"),
            (std::vector<std::string>{"32->32 k3 s1 @32", "32->64 k1 s2 @32",
                                      "32->64 k3 s2 @32", "64->64 k3 s1 @16",
                                      "64->128 k1 s2 @16", "64->128 k3 s2 @16",
                                      "128->128 k3 s1 @8"}));
  EXPECT_EQ(names("lenet-5-caffe"),
            (std::vector<std::string>{"20->50 k5 s1 @12 p0"}));
  std::vector<std::string> resnet50 = names("resnet-50");
  EXPECT_EQ(resnet50.size(), 22u);
  EXPECT_EQ(resnet50.back(), "512->512 k3 s1 @7");
}

TEST(LayerShapes, FiveNumbersAreAConvolution) {
  Geometry geometry = layerShape("--layer", "3,8,14,5,2").geometry;
  EXPECT_EQ(geometry, Geometry::conv2d(3, 8, {14, 14}, {5, 5}, {2, 2}, {2, 2}));
  EXPECT_EQ(names("3,8,14,5,2"), std::vector<std::string>{"3->8 k5 s2 @14"});
}

TEST(LayerShapes, RefusesAnythingElse) {
  for (const char *layers :
       {"resnet-31", "3,8,14,5", "3,8,14,5,2,1", "3,8,14,5,2x", "a,b,c,d,e",
        "3,8,14,5,3", "lenet-300-100"})
    EXPECT_THROW(layerShapes("--layers", layers), UserError) << layers;
  EXPECT_THROW(layerShape("--layer", "resnet-32"), UserError);
}

} // namespace
