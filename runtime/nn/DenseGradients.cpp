//===- DenseGradients.cpp - Gradients of inactive weights too -------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Runtime/DenseGradients.h"

#include "KernelCall.h"

#include "lacuna/Runtime/SparseLayer.h"
#include "lacuna/Support/Divisors.h"
#include "lacuna/Support/Error.h"

#include <algorithm>
#include <numeric>

namespace lacuna {

namespace {

/// Weights of a slice: with 16 lanes, 4 MB of lane sums.
constexpr int64_t kSliceWeights = int64_t(1) << 16;
constexpr int64_t kMaxBlockRows = 4;

void reserve(Buffer<float> &buffer, int64_t size) {
  if (buffer.size() >= size)
    return;
  buffer = {};
  buffer = Buffer<float>(MemoryKind::DenseGradients, size);
}

} // namespace

Structure DenseGradients::structureOf(const Geometry &geometry) {
  int64_t rows = largestDivisor(geometry.outChannels, kMaxBlockRows);
  return rows == 1 ? Structure::unstructured() : Structure::block(rows);
}

void DenseGradients::prepare(const std::vector<SparseLayer *> &layers) {
  std::vector<KernelRequest> requests;
  for (const SparseLayer *layer : layers)
    requests.push_back(
        layer->weightGradientRequest(structureOf(layer->weight().geometry())));
  provider.prepare(requests);
}

DenseGradients::Slice DenseGradients::pack(const StreamLayout &layout,
                                           int64_t firstGroup,
                                           int64_t lastGroup) const {
  int64_t columns = layout.geometry.columns();
  ActiveSet active;
  active.units.resize(size_t((lastGroup - firstGroup) * columns));
  std::iota(active.units.begin(), active.units.end(),
            uint32_t(firstGroup * columns));
  Slice slice;
  slice.streams = packStreams(layout, active);
  std::vector<uint32_t> positions =
      active.positions(layout.geometry, layout.structure);
  slice.positions = std::move(slice.streams.valueOrder);
  slice.streams.valueOrder = {};
  for (uint32_t &position : slice.positions)
    position = positions[position];
  return slice;
}

const float *DenseGradients::compute(ThreadPool &pool, Workspace &workspace,
                                     SparseLayer &layer,
                                     lacuna_kernel_operands operands) {
  const Geometry &geometry = layer.weight().geometry();
  std::shared_ptr<const Kernel> kernel =
      provider.get(layer.weightGradientRequest(structureOf(geometry)));
  const StreamLayout &layout = kernel->layout;
  int64_t groups = geometry.outChannels / layout.structure.blockRows;
  int64_t groupWeights = geometry.weights() / groups;
  int64_t perSlice = std::max<int64_t>(1, kSliceWeights / groupWeights);
  int64_t sliceWeights = std::min(groups, perSlice) * groupWeights;
  reserve(gradient, geometry.weights());
  reserve(sums, sliceWeights);
  reserve(lanes, sliceWeights * layout.schedule.lanes);
  workspace.reserve(layout.scratchFloats(), 0, layout.schedule.lanes);
  operands.result = sums.data();
  operands.lanes = lanes.data();

  std::vector<Slice> &slices = kept[&layer];
  size_t number = 0;
  for (int64_t first = 0; first < groups; first += perSlice, ++number) {
    int64_t last = std::min(groups, first + perSlice);
    Slice packedNow;
    if (number >= slices.size()) {
      packedNow = pack(layout, first, last);
      int64_t bytes = packedNow.streams.bytes() +
                      int64_t(packedNow.positions.size() * sizeof(uint32_t));
      indexMemory.set(keptBytes + bytes);
      if (keep == Streams::Keep) {
        slices.push_back(std::move(packedNow));
        keptBytes += bytes;
      }
    }
    const Slice &slice = keep == Streams::Keep ? slices[number] : packedNow;
    operands.offsets = slice.streams.offsets.data();
    operands.indices = slice.streams.indices.data();
    KernelCall{*kernel, operands, workspace}.run(pool);
    for (size_t i = 0; i < slice.positions.size(); ++i)
      gradient[slice.positions[i]] = sums[int64_t(i)];
  }
  indexMemory.set(keptBytes);
  sink(layer, gradient.data());
  return gradient.data();
}

} // namespace lacuna
