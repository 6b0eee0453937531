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
    for (int64_t i = 0; i < perRow; ++i)
      best.offer(
          {squares[i], static_cast<uint32_t>(row / rows * perRow + i), 0});
    std::fill(squares.begin(), squares.end(), 0.0);
  });
  return activeSetOf(std::move(best.candidates()), false);
}

ActiveSet largestKernels(const SparseParameter &parameter,
                         const WeightDraws &draws, int64_t count) {
  const Geometry &geometry = parameter.geometry();
  int64_t taps = geometry.taps(), filters = geometry.outChannels;
  int64_t share = count / filters, remainder = count % filters;
  std::vector<double> squares(taps);
  std::vector<Candidate> filter, chosen;
  BestOf extra(remainder);
  draws.forEach([&](int64_t position, float draw) {
    squares[position % taps] = double(draw) * draw;
    if (position % taps != taps - 1)
      return;
    filter.push_back(bestPattern(parameter.structure().patterns,
                                 static_cast<uint32_t>(position / taps),
                                 [&](uint8_t tap) { return squares[tap]; }));
    if (static_cast<int64_t>(filter.size()) < geometry.inChannels)
      return;
    std::sort(filter.begin(), filter.end(), isBetter);
    chosen.insert(chosen.end(), filter.begin(), filter.begin() + share);
    if (share < geometry.inChannels)
      extra.offer(filter[share]);
    filter.clear();
  });
  chosen.insert(chosen.end(), extra.candidates().begin(),
                extra.candidates().end());
  return activeSetOf(std::move(chosen), true);
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
