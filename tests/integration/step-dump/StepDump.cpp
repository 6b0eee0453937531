//===- StepDump.cpp - Writes down what two training steps compute ---------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// test_step_against_pytorch.py repeats the steps from what is written here.
//
//===----------------------------------------------------------------------===//

#include "lacuna/Compiler/JitProvider.h"
#include "lacuna/Runtime/Method.h"
#include "lacuna/Runtime/Models.h"
#include "lacuna/Runtime/Operators.h"
#include "lacuna/Runtime/Optimiser.h"
#include "lacuna/Runtime/Random.h"
#include "lacuna/Support/Error.h"
#include "lacuna/Support/Npy.h"

#include <CLI/CLI.hpp>

#include <exception>
#include <filesystem>
#include <iostream>
#include <map>

namespace lacuna {

namespace {

constexpr int64_t kClasses = 10;

const std::map<std::string, Scheme> kSchemes = {
    {"dense", Scheme::Dense},
    {"unstructured", Scheme::Unstructured},
    {"block", Scheme::Block},
    {"pattern", Scheme::Pattern}};

struct DumpFlags {
  std::string model = "resnet-20";
  std::string scheme = "block";
  double sparsity = 0.9;
  int64_t batch = 21;
  int64_t plane = 32;
  uint64_t seed = 1;
  std::string optimiser = "sgd";
  bool nesterov = false;
  double labelSmoothing = 0;
  bool noFusion = false;
  std::string cache, out;
};

/// The files of one run. Names may have folders in front.
class Dump {
public:
  explicit Dump(std::string directory) : directory(std::move(directory)) {}

  void write(const std::string &name, NpyArray array) const {
    std::filesystem::path path =
        std::filesystem::path(directory) / (name + ".npy");
    std::error_code error;
    std::filesystem::create_directories(path.parent_path(), error);
    if (error)
      throw EnvironmentError("--out: cannot make " +
                             path.parent_path().string() + ": " +
                             error.message());
    writeNpy(path.string(), array);
  }

  void write(const std::string &name, const Tensor &tensor) const {
    const TensorShape &shape = tensor.shape();
    NpyArray array{{shape.images, shape.channels, shape.height, shape.width},
                   {}};
    array.data.resize(
        size_t(shape.images * shape.channels * shape.height * shape.width));
    fromBlocked(tensor, array.data.data());
    write(name, std::move(array));
  }

  /// Values of a parameter, in the shape of the dense one, zero where inactive.
  void write(const std::string &name, const Parameter &parameter,
             const float *values) const {
    const auto *sparse = dynamic_cast<const SparseParameter *>(&parameter);
    if (!sparse) {
      write(name, {{parameter.size()}, {values, values + parameter.size()}});
      return;
    }
    const Geometry &geometry = sparse->geometry();
    NpyArray dense{{geometry.outChannels, geometry.inChannels}, {}};
    if (geometry.kind == LayerKind::Conv2d) {
      dense.shape.push_back(geometry.kernel.height);
      dense.shape.push_back(geometry.kernel.width);
    }
    dense.data.resize(size_t(sparse->denseSize()), 0.0f);
    for (uint32_t position :
         sparse->active().positions(geometry, sparse->structure()))
      dense.data[position] = *values++;
    write(name, std::move(dense));
  }

private:
  std::string directory;
};

Network sparseNetwork(const DumpFlags &flags) {
  ImageShape images = modelUsesBatchNorm(flags.model)
                          ? ImageShape{3, flags.plane, flags.plane}
                          : ImageShape{1, 28, 28};
  Network network = makeModel(flags.model, images, kClasses,
                              kSchemes.at(flags.scheme), !flags.noFusion);
  MethodOptions options;
  options.sparsity = flags.sparsity;
  std::unique_ptr<Method> method = makeMethod("static", options);
  MethodContext context(network, *method, flags.seed);
  method->initialise(context);
  network.initialise(flags.seed);
  return network;
}

/// The same for any number of lanes. The images that pad the last block are
/// random too, so that a result that they leak into is wrong.
Tensor randomImages(const ImageShape &shape, const DumpFlags &flags,
                    int64_t lanes) {
  Tensor images(
      {flags.batch, shape.channels, shape.height, shape.width, lanes});
  RandomStream random(flags.seed, RandomPurpose::Test);
  std::vector<float> plain(
      size_t(flags.batch * shape.channels * shape.height * shape.width));
  for (float &pixel : plain)
    pixel = random.normal();
  toBlocked(plain.data(), images);
  const TensorShape &blocked = images.shape();
  int64_t lastBlock = blocked.blocks() - 1;
  float *lane = images.data() + lastBlock * blocked.block();
  for (int64_t i = 0; i < blocked.block(); i += lanes, lane += lanes)
    for (int64_t pad = flags.batch - lastBlock * lanes; pad < lanes; ++pad)
      lane[pad] = random.normal();
  return images;
}

void dumpParameters(const Dump &dump, const std::string &folder,
                    const Network &network) {
  for (const Parameter *parameter : network.parameters())
    dump.write(folder + "/" + parameter->name(), *parameter,
               parameter->values());
}

void dumpMasks(const Dump &dump, Network &network) {
  for (SparseLayer *layer : network.weightLayers()) {
    const SparseParameter &weight = layer->weight();
    std::vector<float> ones(size_t(weight.size()), 1.0f);
    dump.write("mask/" + weight.name(), weight, ones.data());
  }
}

void dumpSteps(const DumpFlags &flags) {
  Network network = sparseNetwork(flags);
  ThreadPool pool(1);
  ProviderOptions providerOptions;
  providerOptions.cacheDirectory = flags.cache;
  std::unique_ptr<KernelProvider> provider = createJitProvider(providerOptions);
  network.bind(*provider, pool);

  Tensor images = randomImages(network.inputShape(), flags, provider->lanes());
  std::vector<Label> labels;
  for (int64_t i = 0; i < flags.batch; ++i)
    labels.push_back(Label(i % kClasses));
  OptimiserOptions settings;
  settings.kind = parseOptimiserKind(flags.optimiser);
  settings.nesterov = flags.nesterov;
  settings.learningRate = settings.kind == OptimiserKind::Adam ? 1e-3 : 0.1;
  settings.weightDecay = 1e-4;
  Optimiser optimiser(network.parameters(), settings);

  Dump dump(flags.out);
  dump.write("images", images);
  dump.write("labels", {{flags.batch}, {labels.begin(), labels.end()}});
  dumpMasks(dump, network);
  dumpParameters(dump, "before", network);
  for (int step = 1; step <= 2; ++step) {
    const Tensor &logits = network.forward(images, true);
    GradientPool::Lease gradient = network.gradients().acquire(logits.shape());
    double loss =
        operators::softmaxCrossEntropy(pool, logits, labels.data(), &*gradient,
                                       flags.labelSmoothing)
            .lossSum /
        double(flags.batch);
    if (step == 1) {
      dump.write("logits", logits);
      dump.write("loss", {{1}, {float(loss)}});
    }
    network.backward(std::move(gradient));
    if (step == 1)
      for (const Parameter *parameter : network.parameters())
        dump.write("gradient/" + parameter->name(), *parameter,
                   parameter->gradient());
    optimiser.step(pool, settings.learningRate);
  }
  dumpParameters(dump, "after", network);
  // Shows the running statistics of batch norms, which no other result does.
  dump.write("evaluation-logits", network.forward(images, false));
}

int runStepDump(int argc, char **argv) {
  CLI::App app("Writes what two training steps on random images compute.",
               "step-dump");
  DumpFlags flags;
  app.add_option("--model", flags.model, "The model")->capture_default_str();
  app.add_option("--scheme", flags.scheme, "The sparsity scheme")
      ->check(CLI::IsMember(kSchemes))
      ->capture_default_str();
  app.add_option("--sparsity", flags.sparsity, "Share of zeros")
      ->capture_default_str();
  app.add_option("--batch", flags.batch, "Images")
      ->check(CLI::Range(1, 65536))
      ->capture_default_str();
  app.add_option("--plane", flags.plane,
                 "Height and width of images, of residual networks")
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
  app.add_option("--seed", flags.seed, "Decides masks, weights and images")
      ->capture_default_str();
  app.add_option("--optimiser", flags.optimiser, "sgd or adam")
      ->capture_default_str();
  app.add_flag("--nesterov", flags.nesterov, "Nesterov's momentum");
  app.add_option("--label-smoothing", flags.labelSmoothing,
                 "Share of the target spread over all classes")
      ->capture_default_str();
  app.add_option("--cache-dir", flags.cache, "Folder of the kernel cache")
      ->required();
  app.add_flag("--no-fusion", flags.noFusion,
               "Run batch norm and sums as passes of their own");
  app.add_option("--out", flags.out, "Folder of the .npy files")->required();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &error) {
    return static_cast<int>(app.exit(error) == 0 ? ExitCode::Success
                                                 : ExitCode::UsageError);
  }
  dumpSteps(flags);
  return static_cast<int>(ExitCode::Success);
}

} // namespace

} // namespace lacuna

int main(int argc, char **argv) {
  try {
    return lacuna::runStepDump(argc, argv);
  } catch (const lacuna::Error &error) {
    std::cerr << "step-dump: error: " << error.what() << "\n";
    return static_cast<int>(error.exitCode());
  } catch (const std::exception &error) {
    std::cerr << "step-dump: error: "
              << lacuna::InternalError(error.what()).what() << "\n";
    return static_cast<int>(lacuna::ExitCode::InternalError);
  }
}
