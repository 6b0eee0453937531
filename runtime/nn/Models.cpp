//===- Models.cpp - The models that come with Lacuna ----------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Runtime/Models.h"

#include "lacuna/Support/Error.h"

#include <functional>

namespace lacuna {

namespace {

void lenet300100(NetworkBuilder &net, int64_t classes) {
  net.linear("fc1", 300, Sparsity::Maskable)
      .relu("relu1")
      .linear("fc2", 100, Sparsity::Maskable)
      .relu("relu2")
      .linear("classifier", classes, Sparsity::Dense);
}

void lenet5Caffe(NetworkBuilder &net, int64_t classes) {
  net.conv("conv1", 20, {5, 1, 0}, Sparsity::Dense)
      .relu("relu1")
      .maxPool("pool1", 2, 2)
      .conv("conv2", 50, {5, 1, 0}, Sparsity::Maskable)
      .relu("relu2")
      .maxPool("pool2", 2, 2)
      .linear("fc1", 500, Sparsity::Maskable)
      .relu("relu3")
      .linear("classifier", classes, Sparsity::Dense);
}

void residualStage(NetworkBuilder &net, const std::string &stage,
                   int64_t blocks, int64_t width, int64_t firstStride) {
  for (int64_t block = 1; block <= blocks; ++block) {
    std::string name = stage + ".block" + std::to_string(block);
    int64_t stride = block == 1 ? firstStride : 1;
    auto main = [&](NetworkBuilder &path) {
      path.conv(name + ".conv1", width, {3, stride, 1}, Sparsity::Maskable)
          .batchNorm(name + ".bn1", true)
          .conv(name + ".conv2", width, {3, 1, 1}, Sparsity::Maskable)
          .batchNorm(name + ".bn2", true);
    };
    auto shortcut = [&](NetworkBuilder &path) {
      path.conv(name + ".shortcut.conv", width, {1, stride, 0}, Sparsity::Dense)
          .batchNorm(name + ".shortcut.bn", false);
    };
    if (stride == 1 && net.shape().channels == width)
      net.residual(name, main);
    else
      net.residual(name, main, shortcut);
  }
}

void resnet(NetworkBuilder &net, int64_t classes, int64_t blocks,
            int64_t width) {
  net.initialisation(Initialisation::KaimingFanOut).convBias(false);
  net.conv("conv1", width, {3, 1, 1}, Sparsity::Dense).batchNorm("bn1", true);
  residualStage(net, "stage1", blocks, width, 1);
  residualStage(net, "stage2", blocks, 2 * width, 2);
  residualStage(net, "stage3", blocks, 4 * width, 2);
  if (net.shape().height != net.shape().width)
    throw UserError("model: residual networks need square images, got " +
                    std::to_string(net.shape().height) + "x" +
                    std::to_string(net.shape().width) + " before the pooling");
  net.averagePool("pool", net.shape().height)
      .initialisation(Initialisation::SmallNormal)
      .linear("classifier", classes, Sparsity::Dense);
}

struct Model {
  std::string name;
  bool batchNorm;
  std::function<void(NetworkBuilder &, int64_t)> build;
};

const std::vector<Model> &models() {
  static const std::vector<Model> table{
      {"lenet-300-100", false, lenet300100},
      {"lenet-5-caffe", false, lenet5Caffe},
      {"resnet-20", true,
       [](NetworkBuilder &net, int64_t classes) {
         resnet(net, classes, 3, 16);
       }},
      {"resnet-32", true,
       [](NetworkBuilder &net, int64_t classes) {
         resnet(net, classes, 5, 32);
       }},
  };
  return table;
}

const Model &find(const std::string &name) {
  std::string known;
  for (const Model &model : models()) {
    if (model.name == name)
      return model;
    known += (known.empty() ? "" : ", ") + model.name;
  }
  throw UserError("model: '" + name + "' is unknown, use one of " + known);
}

} // namespace

std::vector<std::string> modelNames() {
  std::vector<std::string> names;
  for (const Model &model : models())
    names.push_back(model.name);
  return names;
}

bool modelUsesBatchNorm(const std::string &name) {
  return find(name).batchNorm;
}

Network makeModel(const std::string &name, ImageShape input, int64_t classes,
                  Scheme scheme, bool fuse, bool sparsifyAll) {
  const Model &model = find(name);
  NetworkBuilder net(input, scheme);
  net.fusion(fuse).sparsifyAll(sparsifyAll);
  model.build(net, classes);
  return net.build(name);
}

} // namespace lacuna
