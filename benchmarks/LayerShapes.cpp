//===- LayerShapes.cpp - Convolutions of known networks -------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KernelBenchmark.h"

#include "lacuna/Runtime/Models.h"
#include "lacuna/Runtime/SparseLayer.h"
#include "lacuna/Support/Error.h"

#include <algorithm>
#include <sstream>

namespace lacuna::benchmarks {

namespace {

LayerShape named(const Geometry &geometry) {
  std::ostringstream name;
  name << geometry.inChannels << "->" << geometry.outChannels << " k"
       << geometry.kernel.height << " s" << geometry.stride.height << " @"
       << geometry.input.height;
  if (geometry.padding.height != geometry.kernel.height / 2)
    name << " p" << geometry.padding.height;
  return {name.str(), geometry};
}

} // namespace

LayerShape layerShape(const std::string &flag, const std::string &text) {
  std::istringstream spelling(text);
  int64_t numbers[5];
  char comma = 0;
  for (int i = 0; i < 5; ++i)
    if ((i > 0 && (!(spelling >> comma) || comma != ',')) ||
        !(spelling >> numbers[i]))
      throw UserError(flag + ": '" + text +
                      "' is not C,O,H,K,S (channels in, out, plane, kernel, "
                      "stride)");
  if (!spelling.eof() && spelling.peek() != std::char_traits<char>::eof())
    throw UserError(flag + ": '" + text + "' goes on after the fifth number");
  auto [in, out, plane, kernel, stride] = numbers;
  Geometry geometry =
      Geometry::conv2d(in, out, {plane, plane}, {kernel, kernel},
                       {stride, stride}, {kernel / 2, kernel / 2});
  geometry.verify();
  return named(geometry);
}

std::vector<LayerShape> layerShapes(const std::string &flag,
                                    const std::string &text) {
  std::vector<std::string> models = modelNames();
  if (std::find(models.begin(), models.end(), text) == models.end()) {
    if (text.find(',') == std::string::npos)
      throw UserError(flag + ": '" + text +
                      "' is neither a model nor C,O,H,K,S (channels in, out, "
                      "plane, kernel, stride)");
    return {layerShape(flag, text)};
  }
  ModelInput input = usualInput(text);
  Network network =
      makeModel(text, input.shape, input.classes, Scheme::Unstructured);
  std::vector<LayerShape> shapes;
  for (const SparseLayer *layer : network.weightLayers()) {
    LayerShape shape = named(layer->weight().geometry());
    bool known =
        std::any_of(shapes.begin(), shapes.end(), [&](const LayerShape &other) {
          return other.geometry == shape.geometry;
        });
    bool readsImages = layer == network.weightLayers().front();
    if (shape.geometry.kind == LayerKind::Conv2d && !readsImages && !known)
      shapes.push_back(std::move(shape));
  }
  if (shapes.empty())
    throw UserError(flag + ": " + text +
                    " has no convolution after its first layer");
  return shapes;
}

} // namespace lacuna::benchmarks
