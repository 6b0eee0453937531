//===- BenchCommand.cpp - lacuna bench: figures on this machine -----------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "BenchCommand.h"

#include "BenchInference.h"
#include "BenchModel.h"
#include "BenchStep.h"
#include "BenchTraining.h"
#include "CommandLine.h"
#include "DenseConvolution.h"
#include "JsonReport.h"
#include "KernelBenchmark.h"
#include "Timing.h"

#include "lacuna/Runtime/Network.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <cmath>
#include <cstdio>

namespace lacuna {

namespace {

using namespace benchmarks;
using Json = nlohmann::ordered_json;

constexpr double kSweep[] = {0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98};

struct KernelFlags {
  std::string layers = "resnet-32";
  std::string json;
  bool sweep = false;
  bool modelOnly = false;
  std::vector<std::string> targets = {"neoverse-n1", "neoverse-v1",
                                      "neoverse-v2", "apple-m1"};
  KernelBenchmarkOptions options;
  ProviderOptions provider;
};

Json row(const KernelTiming &timing) {
  Json result = {{"layer", timing.layer},
                 {"op", operationName(timing.operation)},
                 {"sparsity", timing.sparsity},
                 {"lacuna_us", timing.lacunaSeconds * 1e6},
                 {"onednn_us", nullptr},
                 {"speedup", nullptr},
                 {"share_of_fma_peak", timing.shareOfPeak},
                 {"pack_us", timing.packSeconds * 1e6},
                 {"compile_ms", timing.compileSeconds * 1e3}};
  if (timing.denseSeconds > 0) {
    result["onednn_us"] = timing.denseSeconds * 1e6;
    result["speedup"] = timing.speedup();
  }
  return result;
}

void printTiming(const KernelTiming &timing) {
  std::printf("%-20s %-11s %4.2f %9.0f us", timing.layer.c_str(),
              std::string(operationName(timing.operation)).c_str(),
              timing.sparsity, timing.lacunaSeconds * 1e6);
  if (timing.denseSeconds > 0)
    std::printf("  oneDNN %9.0f us  %5.2fx%s", timing.denseSeconds * 1e6,
                timing.speedup(), timing.speedup() < 1 ? "  (loses)" : "");
  std::printf("  %.2f of peak\n", timing.shareOfPeak);
  std::fflush(stdout);
}

/// Where the speed-up of a sweep crosses one, by interpolation; printed as the
/// least or greatest sparsity tried where it does not cross.
void printBreakEven(const std::vector<KernelTiming> &sweep) {
  const KernelTiming &first = sweep.front();
  std::printf("%-20s %-11s break-even ", first.layer.c_str(),
              std::string(operationName(first.operation)).c_str());
  if (first.speedup() >= 1) {
    std::printf("below %.2f\n", first.sparsity);
    return;
  }
  for (size_t i = 1; i < sweep.size(); ++i)
    if (sweep[i].speedup() >= 1) {
      double before = sweep[i - 1].speedup(), after = sweep[i].speedup();
      double share = (1 - before) / (after - before);
      std::printf("at %.2f\n",
                  sweep[i - 1].sparsity +
                      share * (sweep[i].sparsity - sweep[i - 1].sparsity));
      return;
    }
  std::printf("above %.2f\n", sweep.back().sparsity);
}

void printMeans(const std::vector<KernelTiming> &timings) {
  for (Operation operation : kAllOperations) {
    double sum = 0;
    int count = 0;
    for (const KernelTiming &timing : timings)
      if (timing.operation == operation && timing.denseSeconds > 0) {
        sum += std::log(timing.speedup());
        ++count;
      }
    if (count > 0)
      std::printf("geometric mean %-11s %.2fx\n",
                  std::string(operationName(operation)).c_str(),
                  std::exp(sum / count));
  }
}

void benchKernels(const KernelFlags &flags,
                  const ProviderFactory &makeProvider) {
  std::vector<LayerShape> shapes = layerShapes("--layers", flags.layers);
  JsonReport report(flags.json);
  if (flags.modelOnly) {
    report.write(modelKernels(shapes, flags.options.scheme, flags.targets));
    return;
  }
  ThreadPool pool(flags.provider.threads);
  std::unique_ptr<KernelProvider> provider = makeProvider(flags.provider);

  KernelBenchmarkOptions options = flags.options;
  options.peakGflops = fmaPeakGflops();
  std::printf("%s, batch %lld, %d thread(s), FMA peak of a core %.0f GFLOP/s, "
              "dense peer: %s\n",
              std::string(schemeName(options.scheme)).c_str(),
              static_cast<long long>(options.batch), pool.threads(),
              options.peakGflops, denseConvolutionName());

  std::vector<double> sparsities{options.sparsity};
  if (flags.sweep && options.scheme != Scheme::Dense)
    sparsities.assign(std::begin(kSweep), std::end(kSweep));
  std::vector<KernelTiming> timings;
  Json rows = Json::array();
  for (const LayerShape &shape : shapes)
    for (Operation operation : kAllOperations) {
      std::vector<KernelTiming> sweep;
      for (double sparsity : sparsities) {
        options.sparsity = sparsity;
        sweep.push_back(timeKernel(shape, operation, options, *provider, pool));
        printTiming(sweep.back());
        rows.push_back(row(sweep.back()));
      }
      if (sweep.size() > 1 && denseConvolutionAvailable())
        printBreakEven(sweep);
      timings.insert(timings.end(), sweep.begin(), sweep.end());
    }
  if (sparsities.size() == 1)
    printMeans(timings);
  report.write(rows);
}

void defineKernels(CLI::App &app, KernelFlags &flags) {
  app.add_option("--layers", flags.layers,
                 "The convolutions of a model, or one as C,O,H,K,S")
      ->capture_default_str();
  addStructureFlags(app, flags.options.scheme, flags.options.sparsity,
                    "Share of zeros");
  CLI::Option *sweep =
      app.add_flag("--sweep", flags.sweep,
                   "Sweep the sparsity and print where Lacuna breaks even");
  CLI::Option *modelOnly =
      app.add_flag("--model-only", flags.modelOnly,
                   "Run nothing: estimate the inner loops with llvm-mca")
          ->excludes(sweep);
  app.add_option("--target", flags.targets,
                 "Names that `lacuna targets` lists, to estimate for")
      ->delimiter(',')
      ->needs(modelOnly)
      ->capture_default_str();
  addBatchFlag(app, flags.options.batch);
  app.add_option("--rounds", flags.options.rounds,
                 "Turns of each side; the best counts")
      ->check(between(1, 100000))
      ->capture_default_str();
  addThreadsFlag(app, flags.provider, "Threads of Lacuna");
  addCompilerFlags(app, flags.provider);
  addTunedFlags(app, flags.provider);
  app.add_option("--json", flags.json, "Write the rows as a JSON array");
}

} // namespace

int runBench(int argc, char **argv, const ProviderFactory &makeProvider) {
  CLI::App app(
      "Measures Lacuna on this machine, beside its peers, in one run.\n"
      "Pin it to one core: OMP_NUM_THREADS=1 taskset -c 1 lacuna "
      "bench ...",
      "lacuna bench");
  app.require_subcommand(1);
  KernelFlags kernels;
  // Cached kernels would have no compile time to report.
  kernels.provider.recompile = true;
  CLI::App *kernelsApp = app.add_subcommand(
      "kernels", "Every operation of a network's convolutions beside oneDNN");
  defineKernels(*kernelsApp, kernels);
  CLI::App *stepApp = nullptr, *memoryApp = nullptr, *mutationApp = nullptr,
           *inferenceApp = nullptr;
  std::function<void()> step = addBenchStep(app, makeProvider, stepApp);
  std::function<void()> memory = addBenchMemory(app, makeProvider, memoryApp);
  std::function<void()> mutation =
      addBenchMutation(app, makeProvider, mutationApp);
  std::function<void()> inference = addBenchInference(app, inferenceApp);
  return runCommand(app, argc, argv, [&] {
    if (memoryApp->parsed())
      memory();
    else if (mutationApp->parsed())
      mutation();
    else if (inferenceApp->parsed())
      inference();
    else if (stepApp->parsed())
      step();
    else
      benchKernels(kernels, makeProvider);
  });
}

} // namespace lacuna
