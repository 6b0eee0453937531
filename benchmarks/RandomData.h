//===- RandomData.h - Images without a data set -----------------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_BENCHMARKS_RANDOMDATA_H
#define LACUNA_BENCHMARKS_RANDOMDATA_H

#include "lacuna/Runtime/DataSet.h"
#include "lacuna/Runtime/Models.h"

namespace lacuna::benchmarks {

/// So many images of noise in each half, labels in turn.
DataSet randomData(const ModelInput &input, int64_t train, int64_t test);

} // namespace lacuna::benchmarks

#endif // LACUNA_BENCHMARKS_RANDOMDATA_H
