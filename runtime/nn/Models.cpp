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

void averagePoolAll(NetworkBuilder &net) {
  if (net.shape().height != net.shape().width)
    throw UserError("model: residual networks need square images, got " +
                    std::to_string(net.shape().height) + "x" +
                    std::to_string(net.shape().width) + " before the pooling");
  net.averagePool("pool", net.shape().height);
}

void resnet(NetworkBuilder &net, int64_t classes, int64_t blocks,
            int64_t width) {
  net.initialisation(Initialisation::KaimingFanOut).convBias(false);
  net.conv("conv1", width, {3, 1, 1}, Sparsity::Dense).batchNorm("bn1", true);
  residualStage(net, "stage1", blocks, width, 1);
  residualStage(net, "stage2", blocks, 2 * width, 2);
  residualStage(net, "stage3", blocks, 4 * width, 2);
  averagePoolAll(net);
  net.initialisation(Initialisation::SmallNormal)
      .linear("classifier", classes, Sparsity::Dense);
}

/// `hiddenFeatures`: of a linear layer before the classifier, or 0 for none.
void vgg(NetworkBuilder &net, int64_t classes, int64_t convsOfLateStages,
         int64_t hiddenFeatures) {
  net.initialisation(Initialisation::KaimingFanOut).convBias(false);
  const int64_t widths[] = {64, 128, 256, 512, 512};
  for (int64_t stage = 1; stage <= 5; ++stage) {
    int64_t convs = stage <= 2 ? 2 : convsOfLateStages;
    for (int64_t number = 1; number <= convs; ++number) {
      std::string place = std::to_string(stage) + "_" + std::to_string(number);
      bool first = stage == 1 && number == 1;
      net.conv("conv" + place, widths[stage - 1], {3, 1, 1},
               first ? Sparsity::Dense : Sparsity::Maskable)
          .batchNorm("bn" + place, true);
    }
    if (stage < 5)
      net.maxPool("pool" + std::to_string(stage), 2, 2);
  }
  net.averagePool("pool5", 2).initialisation(Initialisation::SmallNormal);
  if (hiddenFeatures > 0)
    net.linear("fc1", hiddenFeatures, Sparsity::Maskable)
        .batchNorm("fc1.bn", true);
  net.linear("classifier", classes, Sparsity::Dense);
}

/// A block whose first norm belongs to both paths where the shape changes, and
/// to the main path alone where it does not.
void wideBlock(NetworkBuilder &net, const std::string &name, int64_t width,
               int64_t stride) {
  bool reshapes = net.shape().channels != width;
  if (reshapes)
    net.batchNorm(name + ".bn1", true);
  auto main = [&](NetworkBuilder &path) {
    if (!reshapes)
      path.batchNorm(name + ".bn1", true);
    path.conv(name + ".conv1", width, {3, stride, 1}, Sparsity::Maskable)
        .batchNorm(name + ".bn2", true)
        .conv(name + ".conv2", width, {3, 1, 1}, Sparsity::Maskable);
  };
  auto shortcut = [&](NetworkBuilder &path) {
    path.conv(name + ".shortcut", width, {1, stride, 0}, Sparsity::Dense);
  };
  if (reshapes)
    net.residualSum(name, main, shortcut);
  else
    net.residualSum(name, main);
}

void wideResnet(NetworkBuilder &net, int64_t classes, int64_t depth,
                int64_t widening) {
  net.initialisation(Initialisation::KaimingFanOut).convBias(false);
  net.conv("conv1", 16, {3, 1, 1}, Sparsity::Dense);
  int64_t blocks = (depth - 4) / 6;
  for (int64_t group = 1; group <= 3; ++group)
    for (int64_t block = 1; block <= blocks; ++block)
      wideBlock(
          net,
          "group" + std::to_string(group) + ".block" + std::to_string(block),
          (int64_t(8) << group) * widening, group > 1 && block == 1 ? 2 : 1);
  net.batchNorm("bn", true);
  averagePoolAll(net);
  net.initialisation(Initialisation::UniformFanIn)
      .linear("classifier", classes, Sparsity::Dense);
}

void bottleneck(NetworkBuilder &net, const std::string &name, int64_t width,
                int64_t stride) {
  constexpr int64_t kExpansion = 4;
  auto main = [&](NetworkBuilder &path) {
    path.conv(name + ".conv1", width, {1, 1, 0}, Sparsity::Maskable)
        .batchNorm(name + ".bn1", true)
        .conv(name + ".conv2", width, {3, stride, 1}, Sparsity::Maskable)
        .batchNorm(name + ".bn2", true)
        .conv(name + ".conv3", kExpansion * width, {1, 1, 0},
              Sparsity::Maskable)
        .batchNorm(name + ".bn3", true);
  };
  auto shortcut = [&](NetworkBuilder &path) {
    path.conv(name + ".shortcut.conv", kExpansion * width, {1, stride, 0},
              Sparsity::Maskable)
        .batchNorm(name + ".shortcut.bn", false);
  };
  if (net.shape().channels == kExpansion * width)
    net.residual(name, main);
  else
    net.residual(name, main, shortcut);
}

/// With the stride on the 3x3 convolution.
void resnet50(NetworkBuilder &net, int64_t classes) {
  net.initialisation(Initialisation::KaimingFanOut).convBias(false);
  net.conv("conv1", 64, {7, 2, 3}, Sparsity::Dense)
      .batchNorm("bn1", true)
      .maxPool("pool1", 3, 2, 1);
  const int64_t blocks[] = {3, 4, 6, 3};
  for (int64_t stage = 1; stage <= 4; ++stage)
    for (int64_t block = 1; block <= blocks[stage - 1]; ++block)
      bottleneck(net,
                 "stage" + std::to_string(stage) + ".block" +
                     std::to_string(block),
                 int64_t(32) << stage, stage > 1 && block == 1 ? 2 : 1);
  averagePoolAll(net);
  net.initialisation(Initialisation::UniformFanIn)
      .linear("classifier", classes, Sparsity::Dense);
}

void lstm(NetworkBuilder &net, int64_t classes, int64_t hidden) {
  // Sparse LSTMs are published with a dense classifier (DST).
  net.lstm("lstm", hidden, 2, Sparsity::Maskable)
      .sparsifyAll(false)
      .initialisation(Initialisation::UniformTenth)
      .linear("classifier", classes, Sparsity::Dense);
}

constexpr ModelInput kMnist{{1, 28, 28}, 10}, kCifar10{{3, 32, 32}, 10},
    kImageNet{{3, 224, 224}, 1000};

struct Model {
  std::string name;
  bool batchNorm;
  ModelInput input;
  std::function<void(NetworkBuilder &, int64_t)> build;
};

const std::vector<Model> &models() {
  static const std::vector<Model> table{
      {"lenet-300-100", false, kMnist, lenet300100},
      {"lenet-5-caffe", false, kMnist, lenet5Caffe},
      {"resnet-20", true, kCifar10,
       [](NetworkBuilder &net, int64_t classes) {
         resnet(net, classes, 3, 16);
       }},
      {"resnet-32", true, kCifar10,
       [](NetworkBuilder &net, int64_t classes) {
         resnet(net, classes, 5, 32);
       }},
      {"resnet-50", true, kImageNet, resnet50},
      {"vgg-16", true, kCifar10,
       [](NetworkBuilder &net, int64_t classes) { vgg(net, classes, 3, 0); }},
      {"vgg-16-hidden", true, kCifar10,
       [](NetworkBuilder &net, int64_t classes) {
         net.initialScale(0.5f);
         vgg(net, classes, 3, 512);
       }},
      {"vgg-19", true, kCifar10,
       [](NetworkBuilder &net, int64_t classes) { vgg(net, classes, 4, 0); }},
      {"wrn-16-8", true, kCifar10,
       [](NetworkBuilder &net, int64_t classes) {
         wideResnet(net, classes, 16, 8);
       }},
      {"wrn-28-8", true, kCifar10,
       [](NetworkBuilder &net, int64_t classes) {
         wideResnet(net, classes, 28, 8);
       }},
      {"lstm-a", false, kMnist,
       [](NetworkBuilder &net, int64_t classes) { lstm(net, classes, 128); }},
      {"lstm-b", false, kMnist,
       [](NetworkBuilder &net, int64_t classes) { lstm(net, classes, 256); }},
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

ModelInput usualInput(const std::string &model) { return find(model).input; }

Network makeModel(const std::string &name, ImageShape input, int64_t classes,
                  Scheme scheme, bool fuse, bool sparsifyAll) {
  const Model &model = find(name);
  NetworkBuilder net(input, scheme);
  net.fusion(fuse).sparsifyAll(sparsifyAll);
  model.build(net, classes);
  return net.build(name);
}

} // namespace lacuna
