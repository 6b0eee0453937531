//===- RandomData.h - Images without a data set -----------------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_BENCHMARKS_RANDOMDATA_H
#define LACUNA_BENCHMARKS_RANDOMDATA_H

#include "lacuna/Runtime/DataSet.h"
#include "lacuna/Runtime/Network.h"

#include <string>

namespace lacuna::benchmarks {

/// What a model is usually trained on.
struct ModelInput {
  ImageShape shape;
  int64_t classes;
};
/// ImageNet for ResNet-50, MNIST for the LeNets, CIFAR-10 for the others.
ModelInput usualInput(const std::string &model);

/// So many images of noise in each half, labels in turn.
DataSet randomData(const ModelInput &input, int64_t train, int64_t test);

} // namespace lacuna::benchmarks

#endif // LACUNA_BENCHMARKS_RANDOMDATA_H
