//===- FreezeTest.cpp - Frozen networks beside the runtime ----------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

// Networks of every model and scheme with random weights and statistics, frozen
// for this machine: their logits against those of the runtime's own evaluation.
//
//===----------------------------------------------------------------------===//

#include "../unit/compiler/CompilerTest.h"

#include "InterpreterProvider.h"

#include "lacuna/Compiler/NetworkCompiler.h"
#include "lacuna/Runtime/Method.h"
#include "lacuna/Runtime/Models.h"
#include "lacuna/Support/Endings.h"
#include "lacuna/Support/Error.h"

#include <algorithm>
#include <cmath>
#include <dlfcn.h>
#include <optional>
#include <random>

namespace lacuna::testing {

namespace {

using Function = int (*)(const float *, float *, void *);

/// A library that is closed again.
class Library {
public:
  explicit Library(const std::string &path)
      : handle(dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL)) {}
  ~Library() {
    if (handle)
      dlclose(handle);
  }
  Function find(const char *name) const {
    return handle ? reinterpret_cast<Function>(dlsym(handle, name)) : nullptr;
  }

private:
  void *handle;
};

/// Weights as a method draws them, and biases and batch norms that no layer can
/// do without.
void fill(Network &network, Scheme scheme) {
  MethodOptions options;
  options.sparsity = 0.8;
  std::unique_ptr<Method> method =
      makeMethod(scheme == Scheme::Dense ? "dense" : "static", options);
  MethodContext context(network, *method, /*seed=*/1);
  method->initialise(context);
  network.initialise(1);
  std::mt19937 generator(7);
  std::uniform_real_distribution<float> around(-0.3f, 0.3f);
  for (Parameter *parameter : network.parameters()) {
    const std::string &name = parameter->name();
    if (endsWith(name, ".weight"))
      continue;
    for (int64_t i = 0; i < parameter->size(); ++i)
      parameter->values()[i] =
          (endsWith(name, ".gamma") ? 1 : 0) + around(generator);
  }
}

std::vector<float> randomImages(const ImageShape &shape, int64_t count) {
  std::vector<float> images(
      static_cast<size_t>(count * shape.channels * shape.height * shape.width));
  std::mt19937 generator(3);
  std::normal_distribution<float> normal;
  for (float &pixel : images)
    pixel = normal(generator);
  return images;
}

/// Those of evaluation; a pass of training first gives batch norms statistics.
std::vector<float> runtimeLogits(Network &network, KernelProvider &provider,
                                 const std::vector<float> &images,
                                 int64_t count) {
  ThreadPool pool(1);
  network.bind(provider, pool);
  const ImageShape &shape = network.inputShape();
  Tensor input(
      {count, shape.channels, shape.height, shape.width, provider.lanes()});
  toBlocked(images.data(), input);
  network.forward(input, /*training=*/true);
  const Tensor &logits = network.forward(input, /*training=*/false);
  std::vector<float> plain(
      static_cast<size_t>(count * logits.shape().channels));
  fromBlocked(logits, plain.data());
  return plain;
}

class FreezeTest : public FolderTest {
protected:
  /// Compiles a network into the test's folder.
  Function frozen(Network &network, int64_t batch, int64_t bakeLimit) {
    NetworkRequest request;
    request.name = "net";
    request.network = network.freeze();
    request.target = hostTarget();
    request.batch = batch;
    request.bakeLimit = bakeLimit;
    compiled = writeNetwork(request, {CodePart::Shared}, folder.string());
    library.emplace((folder / "libnet.so").string());
    return library->find("net_run");
  }

  /// Relative L2 distance of the frozen logits from the runtime's.
  double distance(Network &network, int64_t batch, int64_t bakeLimit) {
    constexpr int64_t kImages = 4;
    std::vector<float> images = randomImages(network.inputShape(), kImages);
    std::vector<float> truth =
        runtimeLogits(network, provider, images, kImages);
    Function run = frozen(network, batch, bakeLimit);
    EXPECT_NE(run, nullptr);
    if (!run)
      return INFINITY;
    // Whatever scratch holds must not matter.
    std::vector<float> scratch(
        static_cast<size_t>(compiled.scratchBytes) / sizeof(float), NAN);
    std::vector<float> logits(truth.size(), NAN);
    EXPECT_EQ(compiled.inputFloats * kImages, int64_t(images.size()));
    for (int64_t i = 0; i < kImages; i += batch)
      EXPECT_EQ(run(images.data() + i * compiled.inputFloats,
                    logits.data() + i * compiled.outputFloats, scratch.data()),
                0);
    EXPECT_EQ(run(nullptr, logits.data(), scratch.data()), 1);
    double difference = 0, norm = 0;
    for (size_t i = 0; i < truth.size(); ++i) {
      difference += std::pow(double(logits[i]) - truth[i], 2);
      norm += std::pow(double(truth[i]), 2);
    }
    return std::isfinite(difference) ? std::sqrt(difference / norm) : INFINITY;
  }

  int64_t layersOf(const std::string &form) const {
    return std::count_if(
        compiled.stages.begin(), compiled.stages.end(),
        [&](const NetworkStage &stage) { return stage.form == form; });
  }

  InterpreterProvider provider{operators::hostLanes()};
  CompiledNetwork compiled;

private:
  std::optional<Library> library;
};

constexpr double kTolerance = 1e-5;
constexpr Scheme kSchemes[] = {Scheme::Dense, Scheme::Unstructured,
                               Scheme::Block, Scheme::Pattern, Scheme::Channel};

Network model(const std::string &name, Scheme scheme,
              ImageShape images = {3, 8, 8}) {
  if (name.rfind("lenet", 0) == 0)
    images = {1, 28, 28};
  Network network = makeModel(name, images, 10, scheme);
  fill(network, scheme);
  return network;
}

TEST_F(FreezeTest, LogitsAreThoseOfTheRuntime) {
  for (const char *name : {"lenet-300-100", "lenet-5-caffe", "resnet-20"})
    for (Scheme scheme : kSchemes) {
      Network network = model(name, scheme);
      EXPECT_LT(distance(network, 1, -1), kTolerance)
          << name << " " << schemeName(scheme);
    }
}

TEST_F(FreezeTest, BakedLayersAndTablesAgreeWithTheRuntime) {
  Network tables = model("resnet-20", Scheme::Unstructured);
  EXPECT_LT(distance(tables, 1, 0), kTolerance);
  EXPECT_EQ(layersOf("baked"), 0);
  Network network = model("lenet-5-caffe", Scheme::Block);
  EXPECT_LT(distance(network, 1, 131072), kTolerance);
  EXPECT_GE(layersOf("baked"), 2);
  Network pattern = model("resnet-20", Scheme::Pattern);
  EXPECT_LT(distance(pattern, 1, 20000), kTolerance);
  EXPECT_GE(layersOf("baked"), 2);
  EXPECT_GE(layersOf("tables"), 2);
}

TEST_F(FreezeTest, BatchesAndOtherNetworks) {
  for (int64_t batch : {2, 4}) {
    Network network = model("lenet-5-caffe", Scheme::Block);
    EXPECT_LT(distance(network, batch, -1), kTolerance) << batch;
  }
  // Rows of more vectors than code has one by one.
  Network rows = makeModel("lenet-5-caffe", {1, 16, 1100}, 10, Scheme::Block);
  fill(rows, Scheme::Block);
  EXPECT_LT(distance(rows, 1, -1), kTolerance);
  // Batch norms before convolutions, which fold into nothing.
  Network wide = model("wrn-16-8", Scheme::Block, {3, 8, 8});
  EXPECT_LT(distance(wide, 1, -1), kTolerance);
  Network vgg = model("vgg-16-hidden", Scheme::Pattern, {3, 32, 32});
  EXPECT_LT(distance(vgg, 1, -1), kTolerance);
  // Padded pooling, 7x7 kernels, planes of odd width.
  Network resnet = model("resnet-50", Scheme::Block, {3, 40, 40});
  EXPECT_LT(distance(resnet, 1, -1), kTolerance);
}

TEST_F(FreezeTest, NanShowsWhereverItIsInAWindow) {
  Network network = NetworkBuilder({1, 4, 8}, Scheme::Dense)
                        .batchNorm("norm", /*relu=*/true)
                        .maxPool("pool", 2, 2)
                        .build("pool");
  Function run = frozen(network, 1, -1);
  ASSERT_NE(run, nullptr);
  std::vector<float> scratch(static_cast<size_t>(compiled.scratchBytes) /
                             sizeof(float));
  for (int64_t y : {0, 1})
    for (int64_t x : {0, 1}) {
      std::vector<float> image(4 * 8, 1), pooled(2 * 4);
      image[size_t(y * 8 + x)] = NAN;
      EXPECT_EQ(run(image.data(), pooled.data(), scratch.data()), 0);
      EXPECT_TRUE(std::isnan(pooled[0])) << y << " " << x;
      EXPECT_NEAR(pooled[1], 1, kTolerance);
    }
}

TEST_F(FreezeTest, TheSameNetworkMakesTheSameBytes) {
  Network network = model("lenet-5-caffe", Scheme::Block);
  NetworkRequest request;
  request.network = network.freeze();
  request.target = hostTarget();
  EXPECT_EQ(compileNetwork(request).code, compileNetwork(request).code);
}

TEST_F(FreezeTest, RefusesWhatItCannotFreeze) {
  Network lstm = makeModel("lstm-a", {1, 28, 28}, 10, Scheme::Block);
  try {
    lstm.freeze();
    FAIL() << "an LSTM was frozen";
  } catch (const UserError &error) {
    EXPECT_NE(std::string(error.what()).find("lstm: a layer of this kind"),
              std::string::npos)
        << error.what();
  }
  Network network = model("lenet-300-100", Scheme::Block);
  NetworkRequest request;
  request.network = network.freeze();
  request.target = hostTarget();
  request.batch = 0;
  EXPECT_THROW(compileNetwork(request), UserError);
  request.batch = 1;
  request.name = "a-b";
  EXPECT_THROW(compileNetwork(request), UserError);
}

} // namespace

} // namespace lacuna::testing
