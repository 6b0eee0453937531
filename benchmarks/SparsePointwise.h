//===- SparsePointwise.h - The sparse peer: XNNPACK -------------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_BENCHMARKS_SPARSEPOINTWISE_H
#define LACUNA_BENCHMARKS_SPARSEPOINTWISE_H

#include "lacuna/Runtime/FrozenNetwork.h"

#include <functional>

namespace lacuna::benchmarks {

/// A 1x1 convolution of stride 1 for one image on XNNPACK's sparse operator,
/// which leaves zero weights out, in its NCHW layout. Empty without XNNPACK
/// (Debian: libxnnpack-dev), for other layers, and where XNNPACK refuses.
std::function<void()> sparsePointwise(const FrozenLayer &layer,
                                      const float *image, float *output);

} // namespace lacuna::benchmarks

#endif // LACUNA_BENCHMARKS_SPARSEPOINTWISE_H
