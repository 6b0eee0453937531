//===- InitialMask.cpp - Units by their weights ---------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Runtime/InitialMask.h"

#include "Candidates.h"

#include "lacuna/Support/Error.h"

#include <algorithm>
#include <functional>

namespace lacuna {

namespace {

/// Visits the weights of a layer by position, ascending.
using Weights =
    std::function<void(const std::function<void(int64_t, float)> &visit)>;

/// Units whose weights lie in `rows` consecutive rows of the matrix view, and
/// in `width` consecutive columns.
ActiveSet largestRectangles(const SparseParameter &parameter,
                            const Weights &weights, int64_t count, int64_t rows,
                            int64_t width) {
  int64_t columns = parameter.geometry().columns();
  int64_t perRow = columns / width;
  std::vector<double> squares(perRow, 0);
  BestOf best(count);
  weights([&](int64_t position, float weight) {
    int64_t row = position / columns, column = position % columns;
    squares[column / width] += double(weight) * weight;
    if (row % rows != rows - 1 || column != columns - 1)
      return;
    best.offer(static_cast<uint32_t>(row / rows * perRow), squares.data(),
               perRow);
    std::fill(squares.begin(), squares.end(), 0.0);
  });
  return {best.take(), {}};
}

ActiveSet largestKernels(const SparseParameter &parameter,
                         const Weights &weights, int64_t count) {
  int64_t columns = parameter.geometry().columns();
  int64_t kernelsOfFilter = parameter.geometry().inChannels;
  std::vector<float> filter(static_cast<size_t>(columns));
  KernelScores kernels(parameter);
  weights([&](int64_t position, float weight) {
    int64_t row = position / columns, column = position % columns;
    filter[size_t(column)] = weight;
    if (column == columns - 1)
      kernels.setBest(row * kernelsOfFilter, kernelsOfFilter, filter.data());
  });
  return kernels.largest(count);
}

/// The unit that a weight belongs to.
int64_t unitOf(const SparseParameter &parameter, int64_t position) {
  const Geometry &geometry = parameter.geometry();
  const Structure &structure = parameter.structure();
  int64_t columns = geometry.columns();
  int64_t row = position / columns;
  switch (structure.scheme) {
  case Scheme::Dense:
    return 0;
  case Scheme::Unstructured:
    return position;
  case Scheme::Block:
    return row / structure.blockRows * columns + position % columns;
  case Scheme::Channel:
    return row;
  case Scheme::Pattern:
    return position / geometry.taps();
  }
  throw InternalError("unknown scheme");
}

ActiveSet largest(const SparseParameter &parameter, const Weights &weights,
                  int64_t count) {
  const Structure &structure = parameter.structure();
  switch (structure.scheme) {
  case Scheme::Dense:
    return {};
  case Scheme::Unstructured:
  case Scheme::Block:
    return largestRectangles(parameter, weights, count, structure.blockRows, 1);
  case Scheme::Channel:
    return largestRectangles(parameter, weights, count, 1,
                             parameter.geometry().columns());
  case Scheme::Pattern:
    return largestKernels(parameter, weights, count);
  }
  throw InternalError("unknown scheme");
}

} // namespace

InitialMask parseInitialMask(const std::string &name) {
  if (name == "random")
    return InitialMask::Random;
  if (name == "magnitude")
    return InitialMask::Magnitude;
  throw UserError("initial-mask: '" + name +
                  "' is unknown, use one of random, magnitude");
}

ActiveSet largestDraws(const SparseParameter &parameter,
                       const WeightDraws &draws, int64_t count) {
  return largest(
      parameter, [&](const auto &visit) { draws.forEach(visit); }, count);
}

ActiveSet largestWeights(const SparseParameter &parameter,
                         const std::vector<float> &weights, int64_t count) {
  return largest(
      parameter,
      [&](const auto &visit) {
        for (size_t i = 0; i < weights.size(); ++i)
          visit(int64_t(i), weights[i]);
      },
      count);
}

ActiveSet nonzeroUnits(const SparseParameter &parameter,
                       const std::vector<float> &weights) {
  const Structure &structure = parameter.structure();
  if (structure.scheme == Scheme::Dense)
    return {};
  std::vector<bool> holds(static_cast<size_t>(parameter.units()));
  for (size_t i = 0; i < weights.size(); ++i)
    if (weights[i] != 0)
      holds[size_t(unitOf(parameter, int64_t(i)))] = true;
  ActiveSet active;
  for (size_t unit = 0; unit < holds.size(); ++unit)
    if (holds[unit])
      active.units.push_back(static_cast<uint32_t>(unit));
  if (structure.scheme == Scheme::Pattern) {
    KernelScores kernels(parameter);
    kernels.setBest(0, parameter.units(), weights.data());
    for (uint32_t kernel : active.units)
      active.patternIds.push_back(kernels.patternIds[kernel]);
  }
  return active;
}

} // namespace lacuna
