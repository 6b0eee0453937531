//===- KernelBenchmark.h - Kernels beside their dense peer ------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_BENCHMARKS_KERNELBENCHMARK_H
#define LACUNA_BENCHMARKS_KERNELBENCHMARK_H

#include "lacuna/Runtime/KernelProvider.h"
#include "lacuna/Runtime/ThreadPool.h"

#include <string>
#include <vector>

namespace lacuna::benchmarks {

/// A convolution by name, such as "32->64 k3 s2 @32".
struct LayerShape {
  std::string name;
  Geometry geometry;
};

/// The convolution that "C,O,H,K,S" spells: channels in and out, plane, kernel,
/// stride, with padding K / 2. Throws UserError, naming the flag, on anything
/// else.
LayerShape layerShape(const std::string &flag, const std::string &text);

/// The distinct convolutions of a model after its first layer, on the images
/// that are usual for it, or the one that layerShape() reads. Throws UserError,
/// naming the flag, on anything else.
std::vector<LayerShape> layerShapes(const std::string &flag,
                                    const std::string &text);

struct KernelTiming {
  std::string layer;
  Operation operation;
  double sparsity = 0;
  double lacunaSeconds = 0;
  double denseSeconds = 0;   ///< 0 without the dense peer.
  double packSeconds = 0;    ///< Building the streams of one active set.
  double compileSeconds = 0; ///< 0 when the kernel came from a cache.
  double shareOfPeak = 0;    ///< Of the FMA peak of the threads used.

  double speedup() const {
    return denseSeconds > 0 ? denseSeconds / lacunaSeconds : 0;
  }
};

struct KernelBenchmarkOptions {
  Scheme scheme = Scheme::Block;
  double sparsity = 0.9;
  int64_t batch = 64;
  int rounds = 20;
  double peakGflops = 0; ///< Of one core.
};

/// Times one operation of a layer, the dense peer taking turns with it.
KernelTiming timeKernel(const LayerShape &shape, Operation operation,
                        const KernelBenchmarkOptions &options,
                        KernelProvider &provider, ThreadPool &pool);

} // namespace lacuna::benchmarks

#endif // LACUNA_BENCHMARKS_KERNELBENCHMARK_H
