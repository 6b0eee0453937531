//===- DenseNetwork.h - A whole network on oneDNN ---------------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_BENCHMARKS_DENSENETWORK_H
#define LACUNA_BENCHMARKS_DENSENETWORK_H

#include "lacuna/Runtime/FrozenNetwork.h"

#include <functional>

namespace lacuna::benchmarks {

/// The network for one image on dense oneDNN primitives: batch norm folded into
/// weights, sums and ReLUs as post-operations, in the layouts oneDNN picks
/// itself. Reads `image` and writes `logits` at every call, both as NAME_run()
/// of lacuna freeze does. Empty without oneDNN. Throws UserError for networks
/// whose sums do not follow a layer.
std::function<void()> denseNetwork(const FrozenNetwork &network,
                                   const float *image, float *logits);

} // namespace lacuna::benchmarks

#endif // LACUNA_BENCHMARKS_DENSENETWORK_H
