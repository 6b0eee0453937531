//===- FrozenPlan.cpp - How the weights of a frozen layer are walked ------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FrozenPlan.h"

#include "lacuna/Support/Divisors.h"

#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <tuple>

namespace lacuna::ir {

namespace {

/// Most output channels that share a source vector: with more, the pixels left
/// for each are too few.
constexpr int64_t kMaxConvolutionRows = 4;
/// Multiply-adds that must be in flight to hide their latency.
constexpr int64_t kInFlight = 8;
constexpr int64_t kMaxChains = 4;

int64_t rowsOf(const Geometry &geometry, const Structure &structure,
               int64_t lanes) {
  bool linear = geometry.kind == LayerKind::Linear;
  switch (structure.scheme) {
  case Scheme::Dense:
    return linear ? std::min(lanes, geometry.outChannels)
                  : largestDivisor(geometry.outChannels, kMaxConvolutionRows);
  case Scheme::Block:
    return largestDivisor(structure.blockRows,
                          linear ? lanes : kMaxConvolutionRows);
  case Scheme::Unstructured:
  case Scheme::Pattern:
  case Scheme::Channel:
    return 1;
  }
  return 1;
}

/// Channels whose pixels under a tile fill three quarters of the L1, evened
/// out.
int64_t chunkOf(const FrozenPlan &plan, int64_t rowPitch,
                const TargetDescription &target) {
  const Geometry &geometry = plan.geometry;
  if (geometry.kind == LayerKind::Linear)
    return geometry.inChannels;
  int64_t floats = plan.pixelVectors * target.lanes +
                   (geometry.kernel.height - 1) * rowPitch +
                   geometry.kernel.width - 1;
  int64_t bytes = floats * static_cast<int64_t>(sizeof(float));
  int64_t fitting = std::max<int64_t>(target.l1Bytes * 3 / 4 / bytes, 1);
  int64_t chunks = llvm::divideCeil(geometry.inChannels, fitting);
  return llvm::divideCeil(geometry.inChannels, chunks);
}

} // namespace

int64_t FrozenPlan::itemsOf(int64_t group) const {
  auto first = static_cast<size_t>(group);
  return starts[first + 1] - starts[first];
}

int64_t FrozenPlan::rowsOf(int64_t group) const {
  return std::min(rows, geometry.outChannels - group * rows);
}

int64_t FrozenPlan::valueOf(int64_t group, int64_t item) const {
  int64_t first = starts[static_cast<size_t>(group)];
  return first * rows + (item - first) * rowsOf(group);
}

int64_t FrozenPlan::bakedBytes() const {
  // A broadcast of the weights of each row, or of the source, and a
  // multiply-add with a memory operand.
  constexpr int64_t kInstruction = 9;
  bool linear = geometry.kind == LayerKind::Linear;
  int64_t instructions = linear ? 2 : rows * (1 + pixelVectors);
  return items() * instructions * kInstruction;
}

FrozenPlan planFrozenLayer(const Geometry &geometry, const Structure &structure,
                           const ActiveSet &active,
                           const std::vector<float> &values, int64_t rowPitch,
                           const TargetDescription &target) {
  FrozenPlan plan;
  plan.geometry = geometry;
  plan.dense = structure.scheme == Scheme::Dense;
  plan.rows = rowsOf(geometry, structure, target.lanes);

  // Sorted by group and column, the rows of an item follow each other.
  struct Weight {
    int64_t group, column, row;
    float value;
  };
  std::vector<Weight> weights;
  std::vector<uint32_t> positions = active.positions(geometry, structure);
  weights.reserve(positions.size());
  for (size_t i = 0; i < positions.size(); ++i) {
    int64_t row = positions[i] / geometry.columns();
    weights.push_back({row / plan.rows, positions[i] % geometry.columns(),
                       row % plan.rows, values[i]});
  }
  std::sort(weights.begin(), weights.end(),
            [](const Weight &a, const Weight &b) {
              return std::tie(a.group, a.column, a.row) <
                     std::tie(b.group, b.column, b.row);
            });
  plan.starts.push_back(0);
  auto closeGroups = [&](int64_t next) {
    while (plan.groups() < next)
      plan.starts.push_back(static_cast<int64_t>(plan.columns.size()));
  };
  const Weight *previous = nullptr;
  for (const Weight &weight : weights) {
    if (!previous || weight.group != previous->group ||
        weight.column != previous->column) {
      closeGroups(weight.group);
      plan.columns.push_back(weight.column);
      plan.values.resize(plan.values.size() +
                         static_cast<size_t>(plan.rowsOf(weight.group)));
    }
    plan.values[plan.values.size() -
                static_cast<size_t>(plan.rowsOf(weight.group) - weight.row)] =
        weight.value;
    previous = &weight;
  }
  closeGroups(llvm::divideCeil(geometry.outChannels, plan.rows));

  if (geometry.kind == LayerKind::Linear) {
    plan.chains = kMaxChains;
  } else {
    // Sums, a source vector for each pixel vector, and a weight.
    int64_t sums = target.vectorRegisters >= 32 ? 24 : 12;
    int64_t room = std::max<int64_t>(sums / plan.rows, 1);
    plan.planeVectors =
        llvm::divideCeil(geometry.output().height * rowPitch, target.lanes);
    int64_t tiles = llvm::divideCeil(plan.planeVectors, room);
    plan.pixelVectors = llvm::divideCeil(plan.planeVectors, tiles);
    plan.chains = std::clamp<int64_t>(
        kInFlight / (plan.rows * plan.pixelVectors), 1, kMaxChains);
  }
  plan.channelChunk = chunkOf(plan, rowPitch, target);
  return plan;
}

bool isBaked(const FrozenPlan &plan, int64_t limit) {
  return plan.bakedBytes() <=
         std::min(limit < 0 ? kBakeLimit : limit, kMaxBakedBytes);
}

} // namespace lacuna::ir
