//===- Structure.h - Geometry, sparsity scheme, active set ------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A sparse layer is described by three things: its geometry and its structure,
// on which emitted code depends, and its active set, which is data.
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_KERNEL_STRUCTURE_H
#define LACUNA_KERNEL_STRUCTURE_H

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lacuna {

/// What a kernel computes.
enum class Operation { Forward, GradInput, GradWeight };
inline constexpr Operation kAllOperations[] = {
    Operation::Forward, Operation::GradInput, Operation::GradWeight};

enum class LayerKind { Conv2d, Linear };

/// A pair of extents along height and width.
struct Extent2d {
  int64_t height = 1;
  int64_t width = 1;
  bool operator==(const Extent2d &o) const {
    return height == o.height && width == o.width;
  }
};

/// The shape of a layer, batch excluded. A linear layer is a 1x1 convolution on
/// a plane of one pixel.
struct Geometry {
  LayerKind kind = LayerKind::Conv2d;
  int64_t inChannels = 0;
  int64_t outChannels = 0;
  Extent2d input;
  Extent2d kernel;
  Extent2d stride;
  Extent2d padding{0, 0};

  static Geometry conv2d(int64_t inChannels, int64_t outChannels,
                         Extent2d input, Extent2d kernel, Extent2d stride,
                         Extent2d padding);
  static Geometry linear(int64_t inFeatures, int64_t outFeatures);

  /// (input + 2 * padding - kernel) / stride + 1 along each axis.
  Extent2d output() const;
  /// Target pixels of a phase: all of the output or, for grad-input, those of
  /// the input whose position modulo the stride is `residue`. No other phase
  /// has more than the first; a plane narrower than the stride leaves some
  /// without any.
  Extent2d phasePlane(Operation operation, Extent2d residue = {0, 0}) const;
  int64_t taps() const { return kernel.height * kernel.width; }
  /// All weights, active or not.
  int64_t weights() const { return outChannels * inChannels * taps(); }
  /// Columns of the matrix view [outChannels][inChannels * taps].
  int64_t columns() const { return inChannels * taps(); }
  /// [outChannels][inChannels][kernel height][kernel width] in files, without
  /// the last two for a linear layer.
  std::vector<int64_t> weightShape() const;

  /// Throws UserError naming the field when an extent is outside the supported
  /// range or a product overflows.
  void verify() const;
  bool operator==(const Geometry &o) const;
};

/// Sparsity schemes (docs/descriptor.md).
///  - Dense: every weight is active.
///  - Unstructured: the unit is one weight.
///  - Block: the unit is `blockRows` x 1, the piece of one column that lies in
///    one group of consecutive output channels (MEST uses 4 x 1).
///  - Pattern: the unit is a kernel (o, c) that carries one of a library of
///    patterns of taps.
///  - Channel: the unit is a whole filter.
enum class Scheme { Dense, Unstructured, Block, Pattern, Channel };
inline constexpr Scheme kAllSchemes[] = {Scheme::Dense, Scheme::Unstructured,
                                         Scheme::Block, Scheme::Pattern,
                                         Scheme::Channel};

std::string_view schemeName(Scheme scheme);
std::string_view operationName(Operation operation);

/// One pattern: the kept taps of a kernel as kh * KW + kw, ascending.
using KernelPattern = std::vector<uint8_t>;

/// Everything about sparsity on which emitted code depends. Two layers with
/// equal geometry and structure share their kernels whatever is active.
struct Structure {
  Scheme scheme = Scheme::Dense;
  int64_t blockRows = 1;               ///< Block only.
  std::vector<KernelPattern> patterns; ///< Pattern only.

  static Structure dense() { return {}; }
  static Structure unstructured() { return {Scheme::Unstructured, 1, {}}; }
  static Structure block(int64_t rows) { return {Scheme::Block, rows, {}}; }
  static Structure pattern(std::vector<KernelPattern> library) {
    return {Scheme::Pattern, 1, std::move(library)};
  }
  static Structure channel() { return {Scheme::Channel, 1, {}}; }

  /// Units a layer of this geometry has, active or not (1 for dense).
  int64_t units(const Geometry &geometry) const;
  /// Weights in a unit; for patterns, of the given pattern.
  int64_t unitSize(const Geometry &geometry, uint8_t pattern = 0) const;

  /// Throws UserError naming the field: block rows must divide the output
  /// channels, patterns must be non-empty, sorted and inside the kernel.
  void verify(const Geometry &geometry) const;
  bool operator==(const Structure &o) const {
    return scheme == o.scheme && blockRows == o.blockRows &&
           patterns == o.patterns;
  }
};

/// The eight patterns of four taps that MEST's released code uses for 3x3
/// kernels (docs/methods.md lists them).
std::vector<KernelPattern> mestPatterns();
/// The library of one pattern that keeps every tap: connectivity alone.
std::vector<KernelPattern> connectivityPattern(const Geometry &geometry);

/// Which units are active: data, not structure. Values of a layer are kept in
/// the canonical order: units ascending, and within a unit
///  - Block: by row, - Pattern: by tap, - Channel: [in][kh][kw],
///  - Dense (one unit, `units` stays empty): [out][in][kh][kw].
struct ActiveSet {
  /// Ascending unit indices: Unstructured ((o * I) + c) * taps + tap;
  /// Block (o / rows) * (I * taps) + column; Pattern o * I + c; Channel o.
  std::vector<uint32_t> units;
  /// Pattern only: the pattern of each active unit.
  std::vector<uint8_t> patternIds;

  /// Number of active weights.
  int64_t values(const Geometry &geometry, const Structure &structure) const;
  /// Flat OIHW position of each canonical value.
  std::vector<uint32_t> positions(const Geometry &geometry,
                                  const Structure &structure) const;
  /// Throws UserError unless units are in range, strictly ascending, and carry
  /// one valid pattern each where the scheme asks for it.
  void verify(const Geometry &geometry, const Structure &structure) const;
  bool operator==(const ActiveSet &o) const {
    return units == o.units && patternIds == o.patternIds;
  }
};

} // namespace lacuna

#endif // LACUNA_KERNEL_STRUCTURE_H
