//===- NetworkTest.cpp - Whole networks -----------------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NnTestSupport.h"
#include "Refusal.h"

#include "lacuna/Runtime/Models.h"
#include "lacuna/Runtime/Operators.h"
#include "lacuna/Support/Error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <map>

using namespace lacuna;
using namespace lacuna::testing;
using ::testing::HasSubstr;

namespace {

void activate(Network &network, int64_t step) {
  for (SparseLayer *layer : network.weightLayers())
    if (layer->weight().structure().scheme != Scheme::Dense)
      layer->weight().activate(everyNthUnit(layer->weight(), step));
}

Network smallResidual(Scheme scheme) {
  NetworkBuilder net({2, 6, 6}, scheme);
  net.convBias(false)
      .conv("conv1", 4, {3, 1, 1}, Sparsity::Dense)
      .batchNorm("bn1", true)
      .residual(
          "block1",
          [](NetworkBuilder &path) {
            path.conv("block1.conv1", 8, {3, 2, 1}, Sparsity::Maskable)
                .batchNorm("block1.bn1", true)
                .conv("block1.conv2", 8, {3, 1, 1}, Sparsity::Maskable)
                .batchNorm("block1.bn2", true);
          },
          [](NetworkBuilder &path) {
            path.conv("block1.shortcut", 8, {1, 2, 0}, Sparsity::Dense)
                .batchNorm("block1.shortcut.bn", false);
          })
      .residual("block2",
                [](NetworkBuilder &path) {
                  path.conv("block2.conv1", 8, {3, 1, 1}, Sparsity::Maskable)
                      .batchNorm("block2.bn1", true);
                })
      .averagePool("pool", 3)
      .linear("classifier", 3, Sparsity::Dense);
  return net.build("small");
}

/// Every parameter's gradient of the loss against central differences.
void checkLossGradients(Network network, Tensor &images,
                        const std::vector<Label> &labels) {
  ThreadPool pool(2);
  InterpreterProvider provider(kLanes);
  activate(network, 2);
  network.initialise(3);
  // Most channels far above the kink of ReLU, a few far below.
  for (Parameter *parameter : network.parameters())
    if (parameter->name().find("beta") != std::string::npos)
      for (int64_t c = 0; c < parameter->size(); ++c)
        parameter->values()[c] = c % 4 == 0 ? -3.0f : 3.0f;
  network.bind(provider, pool);
  auto loss = [&] {
    return operators::softmaxCrossEntropy(pool, network.forward(images, true),
                                          labels.data(), nullptr)
               .lossSum /
           double(labels.size());
  };
  const Tensor &logits = network.forward(images, true);
  GradientPool::Lease gradient = network.gradients().acquire(logits.shape());
  operators::softmaxCrossEntropy(pool, logits, labels.data(), &*gradient);
  network.backward(std::move(gradient));

  std::map<Parameter *, std::vector<float>> analytic;
  for (Parameter *parameter : network.parameters())
    analytic[parameter].assign(parameter->gradient(),
                               parameter->gradient() + parameter->size());
  for (Parameter *parameter : network.parameters()) {
    constexpr float kStep = 2e-3f;
    std::vector<double> got, want;
    for (int64_t i = 0; i < parameter->size();
         i += 1 + parameter->size() / 17) {
      float kept = parameter->values()[i];
      parameter->values()[i] = kept + kStep;
      parameter->markChanged();
      double above = loss();
      parameter->values()[i] = kept - kStep;
      parameter->markChanged();
      double below = loss();
      parameter->values()[i] = kept;
      parameter->markChanged();
      want.push_back((above - below) / (2 * double(kStep)));
      got.push_back(analytic[parameter][i]);
    }
    // Room for the loss's single precision, which a small gradient feels
    // most, and for the kinks that are left.
    double error = 0, norm = 0;
    for (size_t i = 0; i < got.size(); ++i) {
      error += std::pow(got[i] - want[i], 2);
      norm += std::pow(want[i], 2);
    }
    EXPECT_LT(std::sqrt(error),
              0.02 * std::sqrt(norm) + 1e-3 * std::sqrt(double(got.size())))
        << parameter->name();
  }
}

TEST(Network, ResidualGradientsMatchDifferences) {
  for (Scheme scheme :
       {Scheme::Dense, Scheme::Unstructured, Scheme::Block, Scheme::Pattern}) {
    SCOPED_TRACE(schemeName(scheme));
    Tensor images = randomTensor({5, 2, 6, 6, kLanes}, 1);
    checkLossGradients(smallResidual(scheme), images, {0, 1, 2, 1, 0});
  }
}

TEST(Network, ConvolutionalGradientsMatchDifferences) {
  NetworkBuilder net({1, 10, 10}, Scheme::Pattern);
  net.conv("conv1", 4, {5, 1, 0}, Sparsity::Dense)
      .relu("relu1")
      .maxPool("pool1", 2, 2)
      .conv("conv2", 6, {3, 1, 1}, Sparsity::Maskable)
      .relu("relu2")
      .linear("fc1", 8, Sparsity::Maskable)
      .relu("relu3")
      .linear("classifier", 3, Sparsity::Dense);
  Tensor images = randomTensor({5, 1, 10, 10, kLanes}, 1);
  checkLossGradients(net.build("small"), images, {0, 1, 2, 1, 0});
}

TEST(Network, PreactivationGradientsMatchDifferences) {
  for (Scheme scheme : {Scheme::Dense, Scheme::Block}) {
    SCOPED_TRACE(schemeName(scheme));
    NetworkBuilder net({2, 6, 6}, scheme);
    net.convBias(false)
        .conv("conv1", 4, {3, 1, 1}, Sparsity::Dense)
        .batchNorm("block1.bn1", true)
        .residualSum(
            "block1",
            [](NetworkBuilder &path) {
              path.conv("block1.conv1", 8, {3, 2, 1}, Sparsity::Maskable)
                  .batchNorm("block1.bn2", true)
                  .conv("block1.conv2", 8, {3, 1, 1}, Sparsity::Maskable);
            },
            [](NetworkBuilder &path) {
              path.conv("block1.shortcut", 8, {1, 2, 0}, Sparsity::Dense);
            })
        .residualSum("block2",
                     [](NetworkBuilder &path) {
                       path.batchNorm("block2.bn1", true)
                           .conv("block2.conv1", 8, {3, 1, 1},
                                 Sparsity::Maskable);
                     })
        .batchNorm("bn", true)
        .averagePool("pool", 3)
        .linear("classifier", 3, Sparsity::Dense);
    Tensor images = randomTensor({5, 2, 6, 6, kLanes}, 1);
    checkLossGradients(net.build("small"), images, {0, 1, 2, 1, 0});
  }
}

TEST(Network, RecurrentGradientsMatchDifferences) {
  for (Scheme scheme : {Scheme::Dense, Scheme::Unstructured, Scheme::Block}) {
    SCOPED_TRACE(schemeName(scheme));
    NetworkBuilder net({2, 5, 3}, scheme);
    // A layer in front needs the gradient to the rows.
    net.conv("conv", 2, {1, 1, 0}, Sparsity::Dense)
        .lstm("lstm", 4, 2, Sparsity::Maskable)
        .initialisation(Initialisation::UniformFanIn)
        .linear("classifier", 3, Sparsity::Dense);
    // More than one block, the last one with padding.
    Tensor images = randomTensor({11, 2, 5, 3, kLanes}, 1);
    checkLossGradients(net.build("small"), images,
                       {0, 1, 2, 1, 0, 0, 1, 2, 2, 1, 0});
  }
}

/// A loss of one's own may leave anything in lanes that hold no image.
TEST(Network, RecurrentGradientsLeavePaddingOut) {
  NetworkBuilder net({2, 5, 3}, Scheme::Dense);
  net.lstm("lstm", 4, 2, Sparsity::Dense);
  Network network = net.build("small");
  ThreadPool pool(2);
  InterpreterProvider provider(kLanes);
  network.initialise(3);
  network.bind(provider, pool);
  Tensor images = randomTensor({11, 2, 5, 3, kLanes}, 1);
  auto gradientsFor = [&](bool padded) {
    const Tensor &output = network.forward(images, true);
    GradientPool::Lease gradient = network.gradients().acquire(output.shape());
    std::fill_n(gradient->data(), gradient->shape().floats(), 1.0f);
    if (!padded)
      clearPadding(*gradient);
    network.backward(std::move(gradient));
    std::vector<float> all;
    for (Parameter *parameter : network.parameters())
      all.insert(all.end(), parameter->gradient(),
                 parameter->gradient() + parameter->size());
    return all;
  };
  EXPECT_EQ(gradientsFor(true), gradientsFor(false));
}

TEST(ResidualSum, WantsAConvolutionToAddTo) {
  NetworkBuilder net({4, 6, 6}, Scheme::Block);
  EXPECT_THROW(
      net.residualSum(
          "block",
          [](NetworkBuilder &path) {
            path.conv("conv", 4, {3, 1, 1}, Sparsity::Dense).relu("relu");
          }),
      UserError);
}

TEST(Network, GradientTensorsAreReused) {
  ThreadPool pool(1);
  InterpreterProvider provider(kLanes);
  Network network = smallResidual(Scheme::Block);
  activate(network, 2);
  network.initialise(3);
  network.bind(provider, pool);
  Tensor images = randomTensor({9, 2, 6, 6, kLanes}, 1);
  auto step = [&] {
    const Tensor &logits = network.forward(images, true);
    GradientPool::Lease gradient = network.gradients().acquire(logits.shape());
    std::fill_n(gradient->data(), gradient->shape().floats(), 1.0f);
    network.backward(std::move(gradient));
    return memoryUsage().totalCurrent;
  };
  step();
  int64_t second = step();
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(step(), second);
}

TEST(Network, NamesTheFirstLayerThatIsNotFinite) {
  ThreadPool pool(1);
  InterpreterProvider provider(kLanes);
  Network network = smallResidual(Scheme::Block);
  activate(network, 2);
  network.initialise(3);
  network.bind(provider, pool);
  Tensor images = randomTensor({3, 2, 6, 6, kLanes}, 1);
  network.forward(images, true);
  EXPECT_EQ(network.firstNonFiniteLayer(), "");
  for (SparseLayer *layer : network.weightLayers())
    if (layer->name() == "block1.conv2") {
      layer->weight().values()[0] = std::numeric_limits<float>::infinity();
      layer->weight().markChanged();
    }
  network.forward(images, true);
  EXPECT_EQ(network.firstNonFiniteLayer(), "block1.conv2");
}

TEST(Network, SaysWhatACallerLeftOut) {
  Network network = smallResidual(Scheme::Block);
  Tensor images = randomTensor({3, 2, 6, 6, kLanes}, 1);
  EXPECT_THAT(refusal([&] { network.forward(images, true); }),
              HasSubstr("call bind() first"));
  InterpreterProvider provider(kLanes);
  ThreadPool pool(1);
  EXPECT_THAT(refusal([&] { network.bind(provider, pool); }),
              HasSubstr("conv1 has no weights; call initialise()"));
  network.initialise(1);
  network.bind(provider, pool);
  Tensor others = randomTensor({3, 2, 6, 6, 2 * kLanes}, 1);
  EXPECT_THAT(refusal([&] { network.forward(others, true); }),
              HasSubstr("conv1: got images in 16 lanes, its kernels have 8"));
}

TEST(NetworkBuilder, RefusesWhatDoesNotFit) {
  NetworkBuilder net({1, 6, 6}, Scheme::Block);
  net.conv("a", 4, {3, 1, 1}, Sparsity::Dense);
  EXPECT_THROW(net.conv("a", 4, {3, 1, 1}, Sparsity::Dense), UserError);
  EXPECT_THROW(net.maxPool("b", 7, 7), UserError);
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  EXPECT_THROW(net.maxPool("b2", 2, 2, kMost), UserError);
  EXPECT_THROW(net.maxPool("b3", kMost, 2, kMost / 2), UserError);
  EXPECT_THROW(net.maxPool("b4", 2, kMost), UserError);
  EXPECT_THROW(net.averagePool("c", 4), UserError);
  EXPECT_THROW(net.lstm("c2", kMost / 2, 1, Sparsity::Dense), UserError);
  EXPECT_THROW(net.lstm("c3", 4, kMost, Sparsity::Dense), UserError);
  EXPECT_THROW(net.conv("d", 4, {3, 1, 5}, Sparsity::Dense), UserError);
  EXPECT_THROW(net.residual("e",
                            [](NetworkBuilder &path) {
                              path.conv("e.conv", 8, {3, 1, 1},
                                        Sparsity::Maskable)
                                  .batchNorm("e.bn", true);
                            }),
               UserError);
}

TEST(StructureFor, FollowsTheRules) {
  auto conv = [](int64_t out, int64_t kernel) {
    return Geometry::conv2d(8, out, {9, 9}, {kernel, kernel}, {1, 1}, {0, 0});
  };
  EXPECT_EQ(structureFor(Scheme::Pattern, conv(8, 3)).patterns.size(), 8u);
  EXPECT_EQ(structureFor(Scheme::Pattern, conv(8, 5)).patterns,
            connectivityPattern(conv(8, 5)));
  EXPECT_EQ(structureFor(Scheme::Pattern, Geometry::linear(8, 8)),
            Structure::block(4));
  EXPECT_EQ(structureFor(Scheme::Block, conv(50, 5)), Structure::block(2));
  EXPECT_EQ(structureFor(Scheme::Block, conv(9, 5)), Structure::block(3));
  EXPECT_EQ(structureFor(Scheme::Block, conv(7, 5)), Structure::block(1));
  EXPECT_EQ(structureFor(Scheme::Unstructured, conv(7, 5)),
            Structure::unstructured());
}

int64_t maskableWeights(const Network &network) {
  int64_t weights = 0;
  for (const SparseLayer *layer : network.weightLayers())
    if (layer->options().maskable)
      weights += layer->weight().denseSize();
  return weights;
}

int64_t maskableLayers(const Network &network) {
  int64_t layers = 0;
  for (const SparseLayer *layer : network.weightLayers())
    layers += layer->options().maskable;
  return layers;
}

TEST(Models, HaveTheirParameters) {
  ImageShape mnist{1, 28, 28}, cifar{3, 32, 32};
  auto total = [](const char *name, ImageShape shape, int64_t classes) {
    return makeModel(name, shape, classes, Scheme::Block).parametersTotal();
  };
  EXPECT_EQ(total("lenet-300-100", mnist, 10), 266610);
  EXPECT_EQ(total("lenet-5-caffe", mnist, 10), 431080);
  EXPECT_EQ(total("resnet-20", cifar, 10), 272474);
  EXPECT_EQ(total("resnet-20", cifar, 100), 278324);
  EXPECT_EQ(total("resnet-32", cifar, 10), 1860522);
  EXPECT_EQ(total("resnet-32", cifar, 100), 1872132);
  EXPECT_EQ(total("vgg-16", cifar, 10), 14724042);
  EXPECT_EQ(total("vgg-16-hidden", cifar, 10), 14987722);
  EXPECT_EQ(total("vgg-19", cifar, 10), 20035018);
  EXPECT_EQ(total("vgg-19", cifar, 100), 20081188);
  EXPECT_EQ(total("wrn-16-8", cifar, 10), 10961370);
  EXPECT_EQ(total("wrn-28-8", cifar, 10), 23354842);
  EXPECT_EQ(total("resnet-50", {3, 224, 224}, 1000), 25557032);
  EXPECT_EQ(total("lstm-a", mnist, 10), 213258);
  EXPECT_EQ(total("lstm-b", mnist, 10), 819722);
}

TEST(Models, HaveTheirWeights) {
  ImageShape mnist{1, 28, 28}, cifar{3, 32, 32};
  auto weights = [](const char *name, ImageShape shape, int64_t classes) {
    Network network = makeModel(name, shape, classes, Scheme::Block);
    int64_t count = 0;
    for (const SparseLayer *layer : network.weightLayers())
      count += layer->weight().denseSize();
    return count;
  };
  EXPECT_EQ(weights("vgg-16", cifar, 10), 14715584);
  EXPECT_EQ(weights("vgg-16-hidden", cifar, 10), 14977728);
  EXPECT_EQ(weights("vgg-19", cifar, 10), 20024000);
  EXPECT_EQ(weights("vgg-19", cifar, 100), 20070080);
  EXPECT_EQ(weights("wrn-16-8", cifar, 10), 10954160);
  EXPECT_EQ(weights("wrn-28-8", cifar, 10), 23340464);
  EXPECT_EQ(weights("resnet-50", {3, 224, 224}, 1000), 25502912);
  EXPECT_EQ(maskableWeights(makeModel("lstm-a", mnist, 10, Scheme::Block)),
            210944);
  EXPECT_EQ(maskableWeights(makeModel("lstm-b", mnist, 10, Scheme::Block)),
            815104);
}

TEST(Models, SparsifyAllSparesTheClassifierOfAnLstm) {
  ImageShape mnist{1, 28, 28};
  auto maskable = [&](const char *name) {
    return maskableWeights(makeModel(name, mnist, 10, Scheme::Unstructured,
                                     /*fuse=*/true, /*sparsifyAll=*/true));
  };
  EXPECT_EQ(maskable("lenet-300-100"), 266200);
  EXPECT_EQ(maskable("lenet-5-caffe"), 430500);
  EXPECT_EQ(maskable("lstm-a"), 210944);
  EXPECT_EQ(maskable("lstm-b"), 815104);
}

TEST(Models, AreSparseWhereTheyShould) {
  ImageShape mnist{1, 28, 28}, cifar{3, 32, 32};
  Network resnet20 = makeModel("resnet-20", cifar, 10, Scheme::Pattern);
  EXPECT_EQ(maskableWeights(resnet20), 267264);
  Network resnet32 = makeModel("resnet-32", cifar, 10, Scheme::Pattern);
  EXPECT_EQ(maskableWeights(resnet32), 1843200);
  EXPECT_EQ(maskableLayers(resnet32), 30);
  Network lenet5 = makeModel("lenet-5-caffe", mnist, 10, Scheme::Pattern);
  EXPECT_EQ(maskableWeights(lenet5), 20 * 50 * 25 + 800 * 500);
  Network lenet300 = makeModel("lenet-300-100", mnist, 10, Scheme::Block);
  EXPECT_EQ(maskableWeights(lenet300), 784 * 300 + 300 * 100);
}

TEST(Models, RefuseUnknownNamesAndSmallImages) {
  try {
    makeModel("resnet-33", {3, 32, 32}, 10, Scheme::Block);
    FAIL() << "accepted";
  } catch (const UserError &error) {
    std::string text = error.what();
    EXPECT_NE(text.find("resnet-33"), std::string::npos);
    EXPECT_NE(text.find("resnet-32"), std::string::npos);
  }
  EXPECT_THROW(makeModel("lenet-5-caffe", {1, 8, 8}, 10, Scheme::Block),
               UserError);
  EXPECT_THROW(makeModel("resnet-20", {3, 32, 24}, 10, Scheme::Block),
               UserError);
}

} // namespace
