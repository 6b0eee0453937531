//===- LayerShapes.cpp - Convolutions of known networks -------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KernelBenchmark.h"

#include "lacuna/Support/Error.h"

#include <sstream>

namespace lacuna::benchmarks {

namespace {

LayerShape shape(int64_t in, int64_t out, int64_t plane, int64_t kernel,
                 int64_t stride) {
  Geometry geometry =
      Geometry::conv2d(in, out, {plane, plane}, {kernel, kernel},
                       {stride, stride}, {kernel / 2, kernel / 2});
  geometry.verify();
  std::ostringstream name;
  name << in << "->" << out << " k" << kernel << " s" << stride << " @"
       << plane;
  return {name.str(), geometry};
}

std::vector<LayerShape> resnet32() {
  return {shape(32, 32, 32, 3, 1),  shape(32, 64, 32, 3, 2),
          shape(64, 64, 16, 3, 1),  shape(64, 128, 16, 3, 2),
          shape(128, 128, 8, 3, 1), shape(32, 64, 32, 1, 2),
          shape(64, 128, 16, 1, 2)};
}

std::vector<LayerShape> vgg19() {
  return {shape(64, 64, 32, 3, 1),   shape(64, 128, 16, 3, 1),
          shape(128, 128, 16, 3, 1), shape(128, 256, 8, 3, 1),
          shape(256, 256, 8, 3, 1),  shape(256, 512, 4, 3, 1),
          shape(512, 512, 4, 3, 1),  shape(512, 512, 2, 3, 1)};
}

std::vector<LayerShape> resnet50() {
  return {shape(64, 64, 56, 1, 1),    shape(64, 64, 56, 3, 1),
          shape(64, 256, 56, 1, 1),   shape(128, 128, 56, 3, 2),
          shape(128, 128, 28, 3, 1),  shape(128, 512, 28, 1, 1),
          shape(256, 256, 28, 3, 2),  shape(256, 256, 14, 3, 1),
          shape(256, 1024, 14, 1, 1), shape(512, 512, 14, 3, 2),
          shape(512, 512, 7, 3, 1),   shape(512, 2048, 7, 1, 1)};
}

} // namespace

std::vector<LayerShape> layerShapes(const std::string &specification) {
  if (specification == "resnet-32")
    return resnet32();
  if (specification == "vgg-19")
    return vgg19();
  if (specification == "resnet-50")
    return resnet50();
  std::istringstream in(specification);
  int64_t numbers[5];
  char comma = 0;
  for (int i = 0; i < 5; ++i)
    if ((i > 0 && (!(in >> comma) || comma != ',')) || !(in >> numbers[i]))
      throw UserError("--layers: '" + specification +
                      "' is neither resnet-32, vgg-19, resnet-50 nor "
                      "C,O,H,K,S (channels in, out, plane, kernel, stride)");
  if (!in.eof() && in.peek() != std::char_traits<char>::eof())
    throw UserError("--layers: '" + specification +
                    "' goes on after the fifth number");
  return {shape(numbers[0], numbers[1], numbers[2], numbers[3], numbers[4])};
}

} // namespace lacuna::benchmarks
