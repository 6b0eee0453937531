//===- DenseConvolution.h - The dense peer: oneDNN --------------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_BENCHMARKS_DENSECONVOLUTION_H
#define LACUNA_BENCHMARKS_DENSECONVOLUTION_H

#include "lacuna/Kernel/Structure.h"

#include <functional>

namespace lacuna::benchmarks {

/// Whether this build has oneDNN (Debian: libdnnl-dev).
bool denseConvolutionAvailable();

/// The name and version of the peer, for reports.
const char *denseConvolutionName();

/// One dense operation of this shape on `images` images in the layouts oneDNN
/// picks itself, ready to be run again and again. Empty without oneDNN.
std::function<void()>
denseConvolution(Operation operation, const Geometry &geometry, int64_t images);

} // namespace lacuna::benchmarks

#endif // LACUNA_BENCHMARKS_DENSECONVOLUTION_H
