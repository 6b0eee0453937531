//===- Layout.h - The blocked layout in Halide's terms ----------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every pipeline sees blocked tensors as (lane, pixel or x and y, channel or
// plane, ...), lane innermost. The number of lanes is a parameter, so one
// generator serves every instruction set.
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_RUNTIME_HALIDE_GENERATORS_LAYOUT_H
#define LACUNA_RUNTIME_HALIDE_GENERATORS_LAYOUT_H

#include "Halide.h"

namespace lacuna::pipelines {

/// Vectors in flight in the loops of element-wise pipelines.
constexpr int kUnroll = 4;

/// A pipeline over blocked tensors. Kernels may use longer registers than
/// Halide does for the same machine; a vector of lanes then takes several.
template <typename Pipeline>
class BlockedGenerator : public Halide::Generator<Pipeline> {
protected:
  Halide::GeneratorParam<int> vectorLanes{"lanes", 8};
};

/// Declares a buffer blocked: `lanes` dense floats innermost, all minima zero.
template <typename Port> void declareBlocked(Port &port, int lanes) {
  for (int d = 0; d < port.dimensions(); ++d)
    port.dim(d).set_min(0);
  port.dim(0).set_extent(lanes).set_stride(1);
}

/// As above, with neighbouring vectors side by side.
template <typename Port> void declareDense(Port &port, int lanes) {
  declareBlocked(port, lanes);
  port.dim(1).set_stride(lanes);
}

/// Loops over vectors along `along`, several in flight.
template <typename Function>
void scheduleVectors(Function &function, const Halide::Var &lane,
                     const Halide::Var &along, int lanes) {
  function.vectorize(lane, lanes)
      .unroll(along, kUnroll, Halide::TailStrategy::GuardWithIf);
}

} // namespace lacuna::pipelines

#endif // LACUNA_RUNTIME_HALIDE_GENERATORS_LAYOUT_H
