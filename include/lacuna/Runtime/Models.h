//===- Models.h - The models that come with Lacuna ------------ -*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_RUNTIME_MODELS_H
#define LACUNA_RUNTIME_MODELS_H

#include "lacuna/Runtime/Network.h"

#include <string>
#include <vector>

namespace lacuna {

/// lenet-300-100, lenet-5-caffe, resnet-20 (width 16), resnet-32 (width 32),
/// resnet-50, vgg-16, vgg-16-hidden, vgg-19, wrn-16-8, wrn-28-8, lstm-a,
/// lstm-b: see docs/methods.md.
std::vector<std::string> modelNames();

/// Whether the model normalises by batch norm, which decides defaults such as
/// weight decay. Throws UserError on an unknown name.
bool modelUsesBatchNorm(const std::string &name);

/// What a model is usually trained on: ImageNet for resnet-50, MNIST for the
/// LeNets and the LSTMs, CIFAR-10 for the others.
struct ModelInput {
  ImageShape shape;
  int64_t classes;
};
/// Throws UserError on an unknown name.
ModelInput usualInput(const std::string &model);

/// Throws UserError, naming the known models, on an unknown name, and when the
/// images are too small for the model. `fuse`: see NetworkBuilder::fusion().
/// `sparsifyAll`: see NetworkBuilder::sparsifyAll(); the classifier of an LSTM
/// stays dense.
Network makeModel(const std::string &name, ImageShape input, int64_t classes,
                  Scheme scheme, bool fuse = true, bool sparsifyAll = false);

} // namespace lacuna

#endif // LACUNA_RUNTIME_MODELS_H
