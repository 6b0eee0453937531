//===- InitialMask.cpp - The largest draws of an initialisation -----------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Runtime/InitialMask.h"

#include "Candidates.h"

#include "lacuna/Support/Error.h"

#include <algorithm>

namespace lacuna {

namespace {

/// Units whose weights lie in `rows` consecutive rows of the matrix view, and
/// in `width` consecutive columns.
ActiveSet largestRectangles(const SparseParameter &parameter,
                            const WeightDraws &draws, int64_t count,
                            int64_t rows, int64_t width) {
  int64_t columns = parameter.geometry().columns();
  int64_t perRow = columns / width;
  std::vector<double> squares(perRow, 0);
  BestOf best(count);
  draws.forEach([&](int64_t position, float draw) {
    int64_t row = position / columns, column = position % columns;
    squares[column / width] += double(draw) * draw;
    if (row % rows != rows - 1 || column != columns - 1)
      return;
    best.offer(static_cast<uint32_t>(row / rows * perRow), squares.data(),
               perRow);
    std::fill(squares.begin(), squares.end(), 0.0);
  });
  return {best.take(), {}};
}

ActiveSet largestKernels(const SparseParameter &parameter,
                         const WeightDraws &draws, int64_t count) {
  int64_t columns = parameter.geometry().columns();
  int64_t kernelsOfFilter = parameter.geometry().inChannels;
  std::vector<float> filter(static_cast<size_t>(columns));
  KernelScores kernels(parameter);
  draws.forEach([&](int64_t position, float draw) {
    int64_t row = position / columns, column = position % columns;
    filter[size_t(column)] = draw;
    if (column == columns - 1)
      kernels.setBest(row * kernelsOfFilter, kernelsOfFilter, filter.data());
  });
  return kernels.largest(count);
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
  const Structure &structure = parameter.structure();
  switch (structure.scheme) {
  case Scheme::Dense:
    return {};
  case Scheme::Unstructured:
  case Scheme::Block:
    return largestRectangles(parameter, draws, count, structure.blockRows, 1);
  case Scheme::Channel:
    return largestRectangles(parameter, draws, count, 1,
                             parameter.geometry().columns());
  case Scheme::Pattern:
    return largestKernels(parameter, draws, count);
  }
  throw InternalError("unknown scheme");
}

} // namespace lacuna
