//===- DenseGradients.h - Gradients of inactive weights too -----*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_RUNTIME_DENSEGRADIENTS_H
#define LACUNA_RUNTIME_DENSEGRADIENTS_H

#include "lacuna/Runtime/KernelProvider.h"
#include "lacuna/Runtime/Parameter.h"
#include "lacuna/Runtime/ThreadPool.h"
#include "lacuna/Runtime/Workspace.h"

#include <functional>
#include <map>
#include <vector>

namespace lacuna {

class SparseLayer;

/// The gradient of every weight of a sparse layer, active or not, for methods
/// that by definition need it. One buffer serves all layers, as large as the
/// largest: whoever wants more than a look copies what it needs.
///
/// The kernel is the weight gradient of the same geometry under blocks of
/// output channels, with every unit of a slice of the layer active; slices
/// bound the lane sums, which are lanes() times as large as the gradient they
/// sum to. All its memory is accounted as MemoryKind::DenseGradients.
class DenseGradients {
public:
  enum class Streams {
    PackEachTime, ///< For gradients wanted now and then.
    Keep,         ///< For gradients wanted every step: 4.5 bytes a weight.
  };
  /// `gradient`: [out][in][kh][kw], valid during the call.
  using Sink = std::function<void(SparseLayer &, const float *gradient)>;

  DenseGradients(KernelProvider &provider, Streams keep, Sink sink)
      : provider(provider), keep(keep), sink(std::move(sink)) {}

  /// Makes the kernels of these layers ready, so that no step waits for one.
  void prepare(const std::vector<SparseLayer *> &layers);

  /// Computes the gradient of a layer and hands it to the sink. `operands` are
  /// those of its own weight gradient but for streams, result and lanes.
  /// Returns the gradient, valid until the next call.
  const float *compute(ThreadPool &pool, Workspace &workspace,
                       SparseLayer &layer, lacuna_kernel_operands operands);

private:
  /// Consecutive rows of the matrix view, packed.
  struct Slice {
    lacuna::Streams streams;
    std::vector<uint32_t> positions; ///< In the layer, of each stream value.
  };

  static Structure structureOf(const Geometry &geometry);
  Slice pack(const StreamLayout &layout, int64_t firstGroup,
             int64_t lastGroup) const;

  KernelProvider &provider;
  Streams keep;
  Sink sink;
  Buffer<float> gradient, sums, lanes;
  std::map<const SparseLayer *, std::vector<Slice>> kept;
  AccountedMemory indexMemory{MemoryKind::DenseGradients};
  int64_t keptBytes = 0;
};

} // namespace lacuna

#endif // LACUNA_RUNTIME_DENSEGRADIENTS_H
