//===- BenchInference.cpp - lacuna bench inference ------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "BenchInference.h"

#include "../../TemporaryFolder.h"
#include "CommandLine.h"
#include "DenseConvolution.h"
#include "DenseNetwork.h"
#include "JsonReport.h"
#include "KernelBenchmark.h"
#include "RandomData.h"
#include "SparsePointwise.h"
#include "Timing.h"

#include "lacuna/Compiler/NetworkCompiler.h"
#include "lacuna/Runtime/Method.h"
#include "lacuna/Runtime/Models.h"
#include "lacuna/Support/Error.h"

#include <nlohmann/json.hpp>

#include <cmath>
#include <cstdio>
#include <dlfcn.h>
#include <random>

namespace lacuna {

namespace {

using namespace benchmarks;
using Json = nlohmann::ordered_json;

struct Flags {
  std::string model = "resnet-32", layer;
  std::vector<Scheme> schemes{Scheme::Block};
  double sparsity = 0.9;
  int64_t bakeLimit = -1;
  int rounds = 200;
  std::string cpu, json;
};

/// A frozen function in a library that is gone when the scope ends.
class FrozenFunction {
public:
  explicit FrozenFunction(const NetworkRequest &request) {
    compiled = writeNetwork(request, {CodePart::Shared}, folder.path());
    std::string path = folder.file("lib" + request.name + ".so");
    library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!library)
      throw EnvironmentError(path + ": cannot be loaded: " + dlerror());
    run = reinterpret_cast<decltype(run)>(
        dlsym(library, (request.name + "_run").c_str()));
    scratch = Buffer<float>(MemoryKind::Scratch,
                            compiled.scratchBytes / int64_t(sizeof(float)) + 1);
  }
  FrozenFunction(const FrozenFunction &) = delete;
  FrozenFunction &operator=(const FrozenFunction &) = delete;
  ~FrozenFunction() {
    if (library)
      dlclose(library);
  }

  void operator()(const float *images, float *logits) {
    verifyInvariant(run && run(images, logits, scratch.data()) == 0,
                    "a frozen function refused its operands");
  }

  CompiledNetwork compiled;

private:
  /// Goes even when the constructor throws.
  TemporaryFolder folder;
  void *library = nullptr;
  int (*run)(const float *, float *, void *) = nullptr;
  Buffer<float> scratch{MemoryKind::Scratch, 1};
};

Network buildNetwork(const Flags &flags, Scheme scheme) {
  if (flags.layer.empty()) {
    ModelInput input = usualInput(flags.model);
    return makeModel(flags.model, input.shape, input.classes, scheme);
  }
  const Geometry geometry = layerShape("--layer", flags.layer).geometry;
  NetworkBuilder builder(
      {geometry.inChannels, geometry.input.height, geometry.input.width},
      scheme);
  builder.conv(
      "conv", geometry.outChannels,
      {geometry.kernel.height, geometry.stride.height, geometry.padding.height},
      Sparsity::Maskable);
  return builder.build("layer");
}

double relativeDistance(const std::vector<float> &a,
                        const std::vector<float> &b) {
  double difference = 0, norm = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    difference += std::pow(double(a[i]) - b[i], 2);
    norm += std::pow(double(b[i]), 2);
  }
  return std::sqrt(difference / norm);
}

Json benchScheme(const Flags &flags, Scheme scheme) {
  Network network = buildNetwork(flags, scheme);
  MethodOptions options;
  options.sparsity = flags.sparsity;
  std::unique_ptr<Method> method =
      makeMethod(scheme == Scheme::Dense ? "dense" : "static", options);
  MethodContext context(network, *method, /*seed=*/1);
  method->initialise(context);
  network.initialise(1);

  NetworkRequest request;
  request.network = network.freeze();
  request.target = targetFor(flags.cpu);
  request.bakeLimit = flags.bakeLimit;
  double start = now();
  FrozenFunction frozen(request);
  double compileSeconds = now() - start;

  std::vector<float> images(size_t(frozen.compiled.inputFloats));
  std::mt19937 generator(1);
  std::normal_distribution<float> normal;
  for (float &pixel : images)
    pixel = normal(generator);
  size_t outputs = size_t(frozen.compiled.outputFloats);
  std::vector<float> sparse(outputs), dense(outputs), peer(outputs);

  std::vector<std::function<void()>> sides{
      [&] { frozen(images.data(), sparse.data()); }};
  std::vector<std::string> names{"lacuna"};
  auto compare = [&](const char *name, std::function<void()> side,
                     const std::vector<float> &result) {
    if (!side)
      return;
    side();
    sides.front()();
    constexpr double kTolerance = 1e-3;
    if (!(relativeDistance(sparse, result) < kTolerance))
      throw InternalError(std::string("Lacuna and ") + name +
                          " compute different results");
    sides.push_back(std::move(side));
    names.push_back(name);
  };
  compare("onednn", denseNetwork(request.network, images.data(), dense.data()),
          dense);
  if (request.network.operations.size() == 1)
    compare("xnnpack",
            sparsePointwise(
                std::get<FrozenLayer>(request.network.operations.front().body),
                images.data(), peer.data()),
            peer);
  std::vector<double> seconds = bestInTurns(sides, flags.rounds);

  Json row{{"network", flags.layer.empty() ? flags.model : flags.layer},
           {"scheme", schemeName(scheme)},
           {"sparsity", scheme == Scheme::Dense ? 0 : flags.sparsity},
           {"lacuna_us", seconds[0] * 1e6},
           {"onednn_us", nullptr},
           {"xnnpack_us", nullptr},
           {"compile_ms", compileSeconds * 1e3},
           {"code_bytes", frozen.compiled.code.size()},
           {"scratch_bytes", frozen.compiled.scratchBytes}};
  std::printf("%-14s %-13s %.2f %10.1f us",
              row["network"].get<std::string>().c_str(),
              row["scheme"].get<std::string>().c_str(),
              row["sparsity"].get<double>(), seconds[0] * 1e6);
  for (size_t i = 1; i < sides.size(); ++i) {
    row[names[i] + "_us"] = seconds[i] * 1e6;
    std::printf("  %s %10.1f us %5.2fx", names[i].c_str(), seconds[i] * 1e6,
                seconds[i] / seconds[0]);
  }
  std::printf("  (%.0f KB, compiled in %.2f s)\n",
              double(frozen.compiled.code.size()) / 1024, compileSeconds);
  std::fflush(stdout);
  return row;
}

void benchInference(const Flags &flags) {
  JsonReport report(flags.json);
  std::printf("one image, one thread, dense peer: %s\n",
              denseConvolutionName());
  Json rows = Json::array();
  for (Scheme scheme : flags.schemes)
    rows.push_back(benchScheme(flags, scheme));
  report.write(rows);
}

} // namespace

std::function<void()> addBenchInference(CLI::App &bench, CLI::App *&command) {
  auto flags = std::make_shared<Flags>();
  command = bench.add_subcommand(
      "inference", "A frozen network on one image beside dense oneDNN");
  auto *model = command->add_option("--model", flags->model, "The model")
                    ->capture_default_str();
  command
      ->add_option("--layer", flags->layer,
                   "Instead of a model, one convolution as C,O,H,K,S; of 1x1 "
                   "ones also beside XNNPACK's sparse operator")
      ->excludes(model);
  addChoices(*command, "--scheme", flags->schemes, allSchemes(),
             "Schemes, such as block,dense")
      ->default_str("block");
  command->add_option("--sparsity", flags->sparsity, "Share of zeros")
      ->check(isSparsity())
      ->capture_default_str();
  command->add_option("--bake-limit", flags->bakeLimit, "As of lacuna freeze");
  command
      ->add_option("--rounds", flags->rounds,
                   "Turns of each side; the fastest counts")
      ->check(between(1, 1000000))
      ->capture_default_str();
  command->add_option("--cpu", flags->cpu, "Compile for another CPU than this");
  command->add_option("--json", flags->json, "Write the rows as a JSON array");
  return [flags] { benchInference(*flags); };
}

} // namespace lacuna
