//===- BenchModel.h - lacuna bench kernels --model-only ---------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_COMPILER_TOOLS_LACUNA_BENCHMODEL_H
#define LACUNA_COMPILER_TOOLS_LACUNA_BENCHMODEL_H

#include "KernelBenchmark.h"

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace lacuna {

/// Prints what llvm-mca expects of the inner loops of each operation of the
/// layers, on each target, beside those of the dense scheme. Runs no kernel, so
/// the targets may be other machines. Returns a row for each, as JSON.
nlohmann::ordered_json
modelKernels(const std::vector<benchmarks::LayerShape> &shapes, Scheme scheme,
             const std::vector<std::string> &targets);

} // namespace lacuna

#endif // LACUNA_COMPILER_TOOLS_LACUNA_BENCHMODEL_H
