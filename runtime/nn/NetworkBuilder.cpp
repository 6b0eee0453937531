//===- NetworkBuilder.cpp - Building a network layer by layer -------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Runtime/Layers.h"
#include "lacuna/Runtime/Lstm.h"
#include "lacuna/Runtime/Network.h"
#include "lacuna/Support/Divisors.h"
#include "lacuna/Support/Error.h"

#include <algorithm>

namespace lacuna {

namespace {

constexpr int64_t kBlockRows = 4;
/// Products of three stay far below 2^63.
constexpr int64_t kMaxExtent = 1 << 20;

std::string describe(const ImageShape &shape) {
  return std::to_string(shape.channels) + "x" + std::to_string(shape.height) +
         "x" + std::to_string(shape.width);
}

} // namespace

Structure structureFor(Scheme scheme, const Geometry &geometry) {
  bool isConv = geometry.kind == LayerKind::Conv2d;
  switch (scheme) {
  case Scheme::Dense:
    return Structure::dense();
  case Scheme::Unstructured:
    return Structure::unstructured();
  case Scheme::Channel:
    return Structure::channel();
  case Scheme::Pattern:
    if (isConv)
      return Structure::pattern(geometry.kernel == Extent2d{3, 3}
                                    ? mestPatterns()
                                    : connectivityPattern(geometry));
    [[fallthrough]];
  case Scheme::Block:
    return Structure::block(largestDivisor(geometry.outChannels, kBlockRows));
  }
  throw InternalError("unknown scheme");
}

NetworkBuilder::NetworkBuilder(ImageShape input, Scheme scheme)
    : input(input), current(input), scheme(scheme) {
  for (int64_t extent : {input.channels, input.height, input.width})
    if (extent < 1 || extent > kMaxExtent)
      throw UserError("images of " + describe(input) +
                      ": every extent must be between 1 and " +
                      std::to_string(kMaxExtent));
}

NetworkBuilder &NetworkBuilder::initialisation(Initialisation newDraws) {
  draws = newDraws;
  return *this;
}

NetworkBuilder &NetworkBuilder::initialScale(float newScale) {
  scale = newScale;
  return *this;
}

NetworkBuilder &NetworkBuilder::convBias(bool newBias) {
  bias = newBias;
  return *this;
}

NetworkBuilder &NetworkBuilder::sparsifyAll(bool all) {
  sparsifiesAll = all;
  return *this;
}

NetworkBuilder &NetworkBuilder::fusion(bool fuse) {
  fuses = fuse;
  return *this;
}

void NetworkBuilder::verifyName(const std::string &name) {
  if (name.empty() ||
      std::find(names.begin(), names.end(), name) != names.end())
    throw UserError("layer name '" + name +
                    "': is empty or taken, give every layer its own name");
  names.push_back(name);
}

void NetworkBuilder::addWeights(const std::string &name,
                                const Geometry &geometry, Sparsity sparsity,
                                bool withBias) {
  verifyName(name);
  SparseLayer::Options options;
  options.bias = withBias;
  options.maskable = sparsifiesAll || sparsity == Sparsity::Maskable;
  options.initialisation = draws;
  try {
    geometry.verify();
    layers.push_back(std::make_unique<SparseLayer>(
        name, geometry,
        options.maskable ? structureFor(scheme, geometry) : Structure::dense(),
        options));
  } catch (const UserError &error) {
    throw UserError(name + " on images of " + describe(current) + ": " +
                    error.what());
  }
  Extent2d plane = geometry.output();
  current = {geometry.outChannels, plane.height, plane.width};
}

NetworkBuilder &NetworkBuilder::conv(const std::string &name,
                                     int64_t outChannels, Window window,
                                     Sparsity sparsity) {
  addWeights(name,
             Geometry::conv2d(
                 current.channels, outChannels, {current.height, current.width},
                 {window.kernel, window.kernel}, {window.stride, window.stride},
                 {window.padding, window.padding}),
             sparsity, bias);
  return *this;
}

NetworkBuilder &NetworkBuilder::linear(const std::string &name,
                                       int64_t outFeatures, Sparsity sparsity) {
  addWeights(name,
             Geometry::linear(current.channels * current.height * current.width,
                              outFeatures),
             sparsity, true);
  return *this;
}

NetworkBuilder &NetworkBuilder::batchNorm(const std::string &name, bool relu) {
  verifyName(name);
  layers.push_back(
      std::make_unique<BatchNorm>(name, current.channels, relu, scale));
  return *this;
}

NetworkBuilder &NetworkBuilder::relu(const std::string &name) {
  verifyName(name);
  layers.push_back(std::make_unique<Relu>(name));
  return *this;
}

NetworkBuilder &NetworkBuilder::maxPool(const std::string &name, int64_t window,
                                        int64_t stride, int64_t padding) {
  verifyName(name);
  // In this order, as sums with any other number may pass 64 bits.
  bool fits = window >= 1 && window <= kMaxExtent && stride >= 1 &&
              padding >= 0 && padding <= window / 2;
  int64_t height = current.height + (fits ? 2 * padding : 0);
  int64_t width = current.width + (fits ? 2 * padding : 0);
  if (!fits || std::max(window, stride) > std::min(height, width))
    throw UserError(name + ": a window of " + std::to_string(window) +
                    " with stride " + std::to_string(stride) + " and padding " +
                    std::to_string(padding) + " does not fit images of " +
                    describe(current));
  layers.push_back(std::make_unique<MaxPool>(
      name, operators::PoolWindow{window, stride, padding}));
  current.height = (height - window) / stride + 1;
  current.width = (width - window) / stride + 1;
  return *this;
}

NetworkBuilder &NetworkBuilder::averagePool(const std::string &name,
                                            int64_t window) {
  verifyName(name);
  if (window < 1 || current.height % window != 0 || current.width % window != 0)
    throw UserError(name + ": a window of " + std::to_string(window) +
                    " does not divide images of " + describe(current));
  layers.push_back(std::make_unique<AveragePool>(name, window));
  current.height /= window;
  current.width /= window;
  return *this;
}

template <typename Block>
void NetworkBuilder::addResidual(const std::string &name, const Path &main,
                                 const Path &shortcut) {
  verifyName(name);
  auto follow = [&](const Path &path, std::vector<std::unique_ptr<Layer>> &to) {
    NetworkBuilder builder(current, scheme);
    builder.draws = draws;
    builder.bias = bias;
    builder.scale = scale;
    builder.fuses = fuses;
    builder.sparsifiesAll = sparsifiesAll;
    builder.names = names;
    path(builder);
    names = std::move(builder.names);
    to = builder.takeLayers();
    return builder.current;
  };
  std::vector<std::unique_ptr<Layer>> mainLayers, shortcutLayers;
  ImageShape mainEnd = follow(main, mainLayers);
  ImageShape shortcutEnd =
      shortcut ? follow(shortcut, shortcutLayers) : current;
  if (describe(mainEnd) != describe(shortcutEnd))
    throw UserError(name + ": the main path ends in " + describe(mainEnd) +
                    ", the shortcut in " + describe(shortcutEnd) +
                    ", they must agree");
  layers.push_back(std::make_unique<Block>(name, std::move(mainLayers),
                                           std::move(shortcutLayers)));
  current = mainEnd;
}

NetworkBuilder &NetworkBuilder::residual(const std::string &name,
                                         const Path &main,
                                         const Path &shortcut) {
  addResidual<ResidualBlock>(name, main, shortcut);
  return *this;
}

NetworkBuilder &NetworkBuilder::residualSum(const std::string &name,
                                            const Path &main,
                                            const Path &shortcut) {
  addResidual<ResidualSum>(name, main, shortcut);
  return *this;
}

NetworkBuilder &NetworkBuilder::lstm(const std::string &name, int64_t hidden,
                                     int64_t cells, Sparsity sparsity) {
  verifyName(name);
  Lstm::Options options;
  options.input = current;
  options.hidden = hidden;
  options.cells = cells;
  options.maskable = sparsifiesAll || sparsity == Sparsity::Maskable;
  options.scheme = scheme;
  layers.push_back(std::make_unique<Lstm>(name, options));
  current = {hidden, 1, 1};
  return *this;
}

std::vector<std::unique_ptr<Layer>> NetworkBuilder::takeLayers() {
  return fuses ? fuseLayers(std::move(layers)) : std::move(layers);
}

Network NetworkBuilder::build(const std::string &name) {
  return Network(name, input, takeLayers());
}

} // namespace lacuna
