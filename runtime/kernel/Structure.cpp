//===- Structure.cpp - Geometry, sparsity scheme, active set --------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Kernel/Structure.h"

#include "lacuna/Support/Divisors.h"
#include "lacuna/Support/Error.h"

#include <limits>

namespace lacuna {

namespace {

constexpr int64_t kMaxChannels = 1 << 20;
constexpr int64_t kMaxPlaneExtent = 1 << 14;
constexpr int64_t kMaxKernelExtent = 7;
constexpr int64_t kMaxStride = 2;
constexpr size_t kMaxPatterns = 64;
/// Unit and value indices are 32-bit.
constexpr int64_t kMaxWeights = std::numeric_limits<int32_t>::max();
/// Elements of one image's activation plane set.
constexpr int64_t kMaxActivations = std::numeric_limits<int32_t>::max();

void verifyRange(const char *field, int64_t value, int64_t low, int64_t high) {
  if (value < low || value > high)
    throw UserError(std::string(field) + ": is " + std::to_string(value) +
                    ", must be between " + std::to_string(low) + " and " +
                    std::to_string(high));
}

void verifyPair(const char *field, const Extent2d &pair, int64_t low,
                int64_t high) {
  verifyRange((std::string(field) + "[0]").c_str(), pair.height, low, high);
  verifyRange((std::string(field) + "[1]").c_str(), pair.width, low, high);
}

/// Without a branch for each: mutations ask this of millions of units.
bool isAscending(const std::vector<uint32_t> &units) {
  unsigned ascending = 1;
  for (size_t i = 1; i < units.size(); ++i)
    ascending &= units[i - 1] < units[i] ? 1 : 0;
  return ascending != 0;
}

} // namespace

Geometry Geometry::conv2d(int64_t inChannels, int64_t outChannels,
                          Extent2d input, Extent2d kernel, Extent2d stride,
                          Extent2d padding) {
  Geometry geometry;
  geometry.kind = LayerKind::Conv2d;
  geometry.inChannels = inChannels;
  geometry.outChannels = outChannels;
  geometry.input = input;
  geometry.kernel = kernel;
  geometry.stride = stride;
  geometry.padding = padding;
  return geometry;
}

Geometry Geometry::linear(int64_t inFeatures, int64_t outFeatures) {
  Geometry geometry;
  geometry.kind = LayerKind::Linear;
  geometry.inChannels = inFeatures;
  geometry.outChannels = outFeatures;
  return geometry;
}

Extent2d Geometry::output() const {
  return {(input.height + 2 * padding.height - kernel.height) / stride.height +
              1,
          (input.width + 2 * padding.width - kernel.width) / stride.width + 1};
}

Extent2d Geometry::phasePlane(Operation operation, Extent2d residue) const {
  if (operation != Operation::GradInput)
    return output();
  auto pixels = [](int64_t extent, int64_t first, int64_t step) {
    return first < extent ? ceilDiv(extent - first, step) : 0;
  };
  return {pixels(input.height, residue.height, stride.height),
          pixels(input.width, residue.width, stride.width)};
}

std::vector<int64_t> Geometry::weightShape() const {
  if (kind == LayerKind::Linear)
    return {outChannels, inChannels};
  return {outChannels, inChannels, kernel.height, kernel.width};
}

bool Geometry::operator==(const Geometry &o) const {
  return kind == o.kind && inChannels == o.inChannels &&
         outChannels == o.outChannels && input == o.input &&
         kernel == o.kernel && stride == o.stride && padding == o.padding;
}

void Geometry::verify() const {
  bool isLinear = kind == LayerKind::Linear;
  verifyRange(isLinear ? "in_features" : "in_channels", inChannels, 1,
              kMaxChannels);
  verifyRange(isLinear ? "out_features" : "out_channels", outChannels, 1,
              kMaxChannels);
  verifyRange("height", input.height, 1, kMaxPlaneExtent);
  verifyRange("width", input.width, 1, kMaxPlaneExtent);
  verifyPair("kernel", kernel, 1, kMaxKernelExtent);
  verifyPair("stride", stride, 1, kMaxStride);
  verifyRange("padding[0]", padding.height, 0, kernel.height - 1);
  verifyRange("padding[1]", padding.width, 0, kernel.width - 1);
  if (input.height + 2 * padding.height < kernel.height ||
      input.width + 2 * padding.width < kernel.width)
    throw UserError("kernel: is larger than the padded input");
  if (weights() > kMaxWeights)
    throw UserError("kernel: out_channels * in_channels * kernel is " +
                    std::to_string(weights()) + " weights, at most " +
                    std::to_string(kMaxWeights) + " are supported");
  Extent2d out = output();
  if (inChannels * input.height * input.width > kMaxActivations ||
      outChannels * out.height * out.width > kMaxActivations)
    throw UserError("height: channels * height * width exceeds " +
                    std::to_string(kMaxActivations));
}

std::string_view schemeName(Scheme scheme) {
  switch (scheme) {
  case Scheme::Dense:
    return "dense";
  case Scheme::Unstructured:
    return "unstructured";
  case Scheme::Block:
    return "block";
  case Scheme::Pattern:
    return "pattern";
  case Scheme::Channel:
    return "channel";
  }
  throw InternalError("unknown scheme");
}

std::string_view operationName(Operation operation) {
  switch (operation) {
  case Operation::Forward:
    return "forward";
  case Operation::GradInput:
    return "grad-input";
  case Operation::GradWeight:
    return "grad-weight";
  }
  throw InternalError("unknown operation");
}

int64_t Structure::units(const Geometry &geometry) const {
  switch (scheme) {
  case Scheme::Dense:
    return 1;
  case Scheme::Unstructured:
    return geometry.weights();
  case Scheme::Block:
    return geometry.outChannels / blockRows * geometry.columns();
  case Scheme::Pattern:
    return geometry.outChannels * geometry.inChannels;
  case Scheme::Channel:
    return geometry.outChannels;
  }
  throw InternalError("unknown scheme");
}

int64_t Structure::unitSize(const Geometry &geometry, uint8_t pattern) const {
  switch (scheme) {
  case Scheme::Dense:
    return geometry.weights();
  case Scheme::Unstructured:
    return 1;
  case Scheme::Block:
    return blockRows;
  case Scheme::Pattern:
    return static_cast<int64_t>(patterns[pattern].size());
  case Scheme::Channel:
    return geometry.columns();
  }
  throw InternalError("unknown scheme");
}

void Structure::verify(const Geometry &geometry) const {
  if (scheme == Scheme::Block) {
    verifyRange("block_rows", blockRows, 1, geometry.outChannels);
    if (geometry.outChannels % blockRows != 0)
      throw UserError(
          "block_rows: " + std::to_string(blockRows) + " does not divide the " +
          std::to_string(geometry.outChannels) + " output channels");
  }
  if (scheme != Scheme::Pattern)
    return;
  if (patterns.empty() || patterns.size() > kMaxPatterns)
    throw UserError(
        "patterns: the library has " + std::to_string(patterns.size()) +
        " patterns, must have between 1 and " + std::to_string(kMaxPatterns));
  for (size_t p = 0; p < patterns.size(); ++p) {
    const KernelPattern &pattern = patterns[p];
    std::string field = "patterns[" + std::to_string(p) + "]";
    if (pattern.empty())
      throw UserError(field + ": keeps no tap");
    for (size_t t = 0; t < pattern.size(); ++t) {
      if (pattern[t] >= geometry.taps())
        throw UserError(field + "[" + std::to_string(t) + "]: tap " +
                        std::to_string(pattern[t]) + " lies outside the " +
                        std::to_string(geometry.kernel.height) + "x" +
                        std::to_string(geometry.kernel.width) + " kernel");
      if (t > 0 && pattern[t] <= pattern[t - 1])
        throw UserError(field + "[" + std::to_string(t) +
                        "]: taps must be strictly ascending");
    }
  }
}

std::vector<KernelPattern> mestPatterns() {
  return {{4, 5, 7, 8}, {3, 4, 6, 7}, {1, 2, 4, 5}, {0, 1, 3, 4},
          {5, 6, 7, 8}, {3, 4, 5, 7}, {1, 4, 5, 7}, {1, 3, 4, 7}};
}

std::vector<KernelPattern> connectivityPattern(const Geometry &geometry) {
  KernelPattern all;
  for (int64_t tap = 0; tap < geometry.taps(); ++tap)
    all.push_back(static_cast<uint8_t>(tap));
  return {all};
}

int64_t ActiveSet::values(const Geometry &geometry,
                          const Structure &structure) const {
  if (structure.scheme == Scheme::Dense)
    return geometry.weights();
  if (structure.scheme != Scheme::Pattern)
    return static_cast<int64_t>(units.size()) * structure.unitSize(geometry);
  std::vector<int64_t> users(size_t(1) << 8, 0);
  for (uint8_t pattern : patternIds)
    ++users[pattern];
  int64_t total = 0;
  for (size_t pattern = 0; pattern < structure.patterns.size(); ++pattern)
    total += users[pattern] *
             structure.unitSize(geometry, static_cast<uint8_t>(pattern));
  return total;
}

std::vector<uint32_t> ActiveSet::positions(const Geometry &geometry,
                                           const Structure &structure) const {
  std::vector<uint32_t> result;
  result.reserve(static_cast<size_t>(values(geometry, structure)));
  auto append = [&](int64_t position) {
    result.push_back(static_cast<uint32_t>(position));
  };
  int64_t taps = geometry.taps(), columns = geometry.columns();
  switch (structure.scheme) {
  case Scheme::Dense:
    for (int64_t i = 0; i < geometry.weights(); ++i)
      append(i);
    break;
  case Scheme::Unstructured:
    result = units;
    break;
  case Scheme::Block:
    for (int64_t unit : units)
      for (int64_t row = 0; row < structure.blockRows; ++row)
        append((unit / columns * structure.blockRows + row) * columns +
               unit % columns);
    break;
  case Scheme::Pattern:
    for (size_t i = 0; i < units.size(); ++i)
      for (uint8_t tap : structure.patterns[patternIds[i]])
        append(int64_t(units[i]) * taps + tap);
    break;
  case Scheme::Channel:
    for (int64_t filter : units)
      for (int64_t column = 0; column < columns; ++column)
        append(filter * columns + column);
    break;
  }
  return result;
}

void ActiveSet::verify(const Geometry &geometry,
                       const Structure &structure) const {
  if (structure.scheme == Scheme::Dense && !units.empty())
    throw UserError("active: must be absent for the dense scheme");
  int64_t count = structure.units(geometry);
  auto refuse = [&](size_t i, const std::string &rule) {
    throw UserError("active[" + std::to_string(i) + "]: unit " +
                    std::to_string(units[i]) + " " + rule);
  };
  bool isValid =
      units.empty() || (isAscending(units) && int64_t(units.back()) < count);
  for (size_t i = 0; !isValid && i < units.size(); ++i) {
    if (units[i] >= count)
      refuse(i, "is out of range, the layer has " + std::to_string(count) +
                    " units");
    if (i > 0 && units[i] == units[i - 1])
      refuse(i, "is a duplicate");
    if (i > 0 && units[i] < units[i - 1])
      refuse(i, "is below the one before it, units must be ascending");
  }
  size_t expectedIds =
      structure.scheme == Scheme::Pattern ? units.size() : size_t(0);
  if (patternIds.size() != expectedIds)
    throw UserError("pattern_ids: has " + std::to_string(patternIds.size()) +
                    " entries, must have " + std::to_string(expectedIds));
  for (size_t i = 0; i < patternIds.size(); ++i)
    if (patternIds[i] >= structure.patterns.size())
      throw UserError("pattern_ids[" + std::to_string(i) + "]: pattern " +
                      std::to_string(patternIds[i]) +
                      " is not in the library of " +
                      std::to_string(structure.patterns.size()));
}

} // namespace lacuna
