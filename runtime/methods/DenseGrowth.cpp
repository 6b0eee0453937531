//===- DenseGrowth.cpp - Growth where dense values are largest ------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DenseGrowth.h"

#include "Candidates.h"

#include "lacuna/Runtime/Method.h"
#include "lacuna/Support/Error.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace lacuna {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
/// Units that are scored at once: their scores stay in the L1.
constexpr int64_t kPart = 2048;

double square(float value) { return double(value) * double(value); }

/// Squared norms of the blocks [first, last) in a dense tensor.
void scoreBlocks(const Geometry &geometry, int64_t rows, const float *dense,
                 int64_t first, int64_t last, double *scores) {
  int64_t columns = geometry.columns();
  while (first < last) {
    int64_t group = first / columns, column = first % columns;
    int64_t stretch = std::min(last - first, columns - column);
    const float *values = dense + group * rows * columns + column;
    std::fill_n(scores, stretch, 0.0);
    for (int64_t row = 0; row < rows; ++row)
      for (int64_t i = 0; i < stretch; ++i)
        scores[i] += square(values[row * columns + i]);
    first += stretch;
    scores += stretch;
  }
}

/// Squared norms of the units [first, last) of any scheme whose units grow by
/// all of their norm.
void scoreUnits(const SparseParameter &parameter, const float *dense,
                int64_t first, int64_t last, double *scores) {
  const Geometry &geometry = parameter.geometry();
  const Structure &structure = parameter.structure();
  switch (structure.scheme) {
  case Scheme::Unstructured:
    for (int64_t unit = first; unit < last; ++unit)
      scores[unit - first] = square(dense[unit]);
    return;
  case Scheme::Block:
    return scoreBlocks(geometry, structure.blockRows, dense, first, last,
                       scores);
  case Scheme::Channel:
    for (int64_t unit = first; unit < last; ++unit) {
      const float *filter = dense + unit * geometry.columns();
      double sum = 0;
      for (int64_t column = 0; column < geometry.columns(); ++column)
        sum += square(filter[column]);
      scores[unit - first] = sum;
    }
    return;
  case Scheme::Dense:
  case Scheme::Pattern:
    throw InternalError("a scheme whose units do not grow by their norm");
  }
}

/// BestOf::kNever, which kept units have, passes.
void verifyDense(const SparseParameter &parameter, int64_t first,
                 const double *scores, int64_t count) {
  // As in verifyFinite.
  unsigned finite = 1;
  for (int64_t i = 0; i < count; ++i)
    finite &= scores[i] < kInfinity ? 1 : 0;
  for (int64_t i = 0; finite == 0 && i < count; ++i)
    if (!(scores[i] < kInfinity))
      throw UserError("training: the dense gradient of unit " +
                      std::to_string(first + i) + " of " + parameter.name() +
                      " is not finite; use a lower learning rate");
}

/// Two ascending lists in one. Which of them goes on is arithmetic: a branch
/// could not tell.
std::vector<uint32_t> merged(const std::vector<uint32_t> &a,
                             const std::vector<uint32_t> &b) {
  std::vector<uint32_t> result(a.size() + b.size());
  size_t i = 0, j = 0;
  while (i < a.size() && j < b.size()) {
    result[i + j] = std::min(a[i], b[j]);
    bool first = a[i] < b[j];
    i += first ? 1 : 0;
    j += first ? 0 : 1;
  }
  auto rest = std::copy(a.begin() + int64_t(i), a.end(),
                        result.begin() + int64_t(i + j));
  std::copy(b.begin() + int64_t(j), b.end(), rest);
  return result;
}

ActiveSet growUnits(const SparseParameter &parameter,
                    const std::vector<uint32_t> &kept, int64_t count,
                    const float *dense) {
  BestOf best(count - static_cast<int64_t>(kept.size()));
  std::vector<double> scores(kPart);
  auto nextKept = kept.begin();
  for (int64_t first = 0; first < parameter.units(); first += kPart) {
    int64_t last = std::min(parameter.units(), first + kPart);
    scoreUnits(parameter, dense, first, last, scores.data());
    for (; nextKept != kept.end() && *nextKept < last; ++nextKept)
      scores[*nextKept - first] = BestOf::kNever;
    verifyDense(parameter, first, scores.data(), last - first);
    best.offer(static_cast<uint32_t>(first), scores.data(), last - first);
  }
  return {merged(kept, best.take()), {}};
}

ActiveSet growKernels(const SparseParameter &parameter,
                      const std::vector<uint32_t> &kept, int64_t count,
                      const float *dense) {
  const ActiveSet &active = parameter.active();
  KernelScores kernels(parameter);
  kernels.setBest(0, parameter.units(), dense);
  if (parameter.structure().patterns.size() > 1)
    for (size_t slot = 0; slot < active.units.size(); ++slot)
      kernels.set(active.units[slot], active.patternIds[slot],
                  dense + active.units[slot] * parameter.geometry().taps());
  for (uint32_t unit : kept)
    kernels.scores[unit] = BestOf::kNever;
  verifyDense(parameter, 0, kernels.scores.data(), parameter.units());
  // Nothing is better than what is kept.
  for (uint32_t unit : kept)
    kernels.scores[unit] = kInfinity;
  ActiveSet result = kernels.largest(count);
  verifyInvariant(std::includes(result.units.begin(), result.units.end(),
                                kept.begin(), kept.end()),
                  "filters hold more kernels than growth may give them");
  return result;
}

} // namespace

ActiveSet keepAndGrow(const SparseParameter &parameter,
                      const std::vector<uint32_t> &keptSlots, int64_t count,
                      const float *dense) {
  std::vector<uint32_t> kept(keptSlots.size());
  for (size_t i = 0; i < kept.size(); ++i)
    kept[i] = parameter.active().units[keptSlots[i]];
  ActiveSet result = parameter.structure().scheme == Scheme::Pattern
                         ? growKernels(parameter, kept, count, dense)
                         : growUnits(parameter, kept, count, dense);
  verifyInvariant(static_cast<int64_t>(result.units.size()) == count,
                  "growth left another number of units than asked for");
  return result;
}

bool growToUnits(SparseParameter &parameter, int64_t count,
                 const float *dense) {
  if (parameter.activeUnits() >= count)
    return false;
  std::vector<uint32_t> all(size_t(parameter.activeUnits()));
  std::iota(all.begin(), all.end(), 0u);
  parameter.replace(keepAndGrow(parameter, all, count, dense));
  return true;
}

} // namespace lacuna
