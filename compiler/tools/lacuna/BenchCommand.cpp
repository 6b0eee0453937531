//===- BenchCommand.cpp - lacuna bench: figures on this machine -----------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "BenchCommand.h"

#include "BenchInference.h"
#include "BenchModel.h"
#include "BenchTraining.h"
#include "CommandLine.h"
#include "DenseConvolution.h"
#include "KernelBenchmark.h"
#include "StepBenchmark.h"
#include "Timing.h"

#include "lacuna/Runtime/Network.h"
#include "lacuna/Support/Error.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <cmath>
#include <cstdio>
#include <fstream>
#include <map>

namespace lacuna {

namespace {

using namespace benchmarks;

const std::map<std::string, Scheme> kSchemes = {
    {"dense", Scheme::Dense},
    {"unstructured", Scheme::Unstructured},
    {"block", Scheme::Block},
    {"pattern", Scheme::Pattern}};

constexpr Operation kOperations[] = {Operation::Forward, Operation::GradInput,
                                     Operation::GradWeight};

constexpr double kSweep[] = {0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98};

struct KernelFlags {
  std::string layers = "resnet-32";
  std::string scheme = "block";
  std::string json;
  bool sweep = false;
  bool modelOnly = false;
  std::vector<std::string> targets = {"neoverse-n1", "neoverse-v1",
                                      "neoverse-v2", "apple-m1"};
  KernelBenchmarkOptions options;
  ProviderOptions provider;
};

nlohmann::json row(const KernelTiming &timing) {
  nlohmann::json result = {{"layer", timing.layer},
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
  for (Operation operation : kOperations) {
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

/// Refuses a file that cannot be written before minutes go into its content.
std::ofstream openReport(const std::string &path) {
  std::ofstream out(path);
  if (!out)
    throw EnvironmentError("--json: cannot write " + path);
  return out;
}

void closeReport(std::ofstream &out, const std::string &path,
                 const nlohmann::json &report) {
  out << report.dump(2) << "\n";
  out.close();
  if (!out)
    throw EnvironmentError("--json: cannot write " + path);
}

void benchKernels(const KernelFlags &flags,
                  const ProviderFactory &makeProvider) {
  std::vector<LayerShape> shapes = layerShapes(flags.layers);
  std::ofstream report;
  if (!flags.json.empty())
    report = openReport(flags.json);
  if (flags.modelOnly) {
    nlohmann::json rows =
        modelKernels(shapes, kSchemes.at(flags.scheme), flags.targets);
    if (!flags.json.empty())
      closeReport(report, flags.json, rows);
    return;
  }
  ThreadPool pool(flags.provider.threads);
  std::unique_ptr<KernelProvider> provider = makeProvider(flags.provider);

  KernelBenchmarkOptions options = flags.options;
  options.scheme = kSchemes.at(flags.scheme);
  options.peakGflops = fmaPeakGflops();
  std::printf("%s, batch %lld, %d thread(s), FMA peak of a core %.0f GFLOP/s, "
              "dense peer: %s\n",
              flags.scheme.c_str(), static_cast<long long>(options.batch),
              pool.threads(), options.peakGflops, denseConvolutionName());

  std::vector<double> sparsities{options.sparsity};
  if (flags.sweep && options.scheme != Scheme::Dense)
    sparsities.assign(std::begin(kSweep), std::end(kSweep));
  std::vector<KernelTiming> timings;
  nlohmann::json rows = nlohmann::json::array();
  for (const LayerShape &shape : shapes)
    for (Operation operation : kOperations) {
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
  if (!flags.json.empty())
    closeReport(report, flags.json, rows);
}

struct StepFlags {
  std::string scheme = "block";
  std::string json;
  bool layers = false;
  bool noFusion = false;
  StepBenchmarkOptions options;
  ProviderOptions provider;
};

void benchStep(const StepFlags &flags, const ProviderFactory &makeProvider) {
  std::ofstream report;
  if (!flags.json.empty())
    report = openReport(flags.json);
  ThreadPool pool(flags.provider.threads);
  std::unique_ptr<KernelProvider> provider = makeProvider(flags.provider);
  StepBenchmarkOptions options = flags.options;
  options.scheme = kSchemes.at(flags.scheme);
  options.fuse = !flags.noFusion;
  StepTiming timing = timeStep(options, *provider, pool);
  double peak = fmaPeakGflops() * pool.threads();

  double rest = timing.step - timing.optimiser;
  std::printf("%s, %s, batch %lld, %d thread(s): %.1f ms a step, %.0f "
              "images/s\n",
              options.model.c_str(), flags.scheme.c_str(),
              static_cast<long long>(options.batch), pool.threads(),
              timing.step * 1e3, double(options.batch) / timing.step);
  nlohmann::json split;
  auto part = [&](const std::string &name, double seconds) {
    split[name] = seconds * 1e3;
    std::printf("  %-12s %8.2f ms  %4.1f %%\n", name.c_str(), seconds * 1e3,
                100 * seconds / timing.step);
  };
  for (StepPart p : {StepPart::Forward, StepPart::GradInput,
                     StepPart::GradWeight, StepPart::BatchNorm}) {
    rest -= timing.profile.seconds(p);
    part(std::string(stepPartName(p)), timing.profile.seconds(p));
  }
  part("optimiser", timing.optimiser);
  part("other", rest);
  ProviderStatistics kernels = provider->statistics();
  std::printf("kernels ready in %.2f s: %lld compiled, %lld from the disk "
              "cache, %lld with a tuned schedule\n",
              timing.prepare, static_cast<long long>(kernels.compiles),
              static_cast<long long>(kernels.diskHits),
              static_cast<long long>(kernels.tuned));
  double gflops = 2 * timing.multiplyAdds / timing.step / 1e9;
  std::printf("one mutation %.2f ms, its repacking %.2f ms; peak memory %.0f "
              "MB\n",
              timing.mutation * 1e3, timing.repack * 1e3,
              double(timing.peakResidentBytes) / 1e6);
  nlohmann::json memory;
  std::printf("peak bytes by kind:");
  for (size_t kind = 0; kind < kMemoryKinds; ++kind) {
    std::string name(memoryKindName(static_cast<MemoryKind>(kind)));
    memory[name] = timing.memory.peak[kind];
    std::printf(" %s %.1f MB", name.c_str(),
                double(timing.memory.peak[kind]) / 1e6);
  }
  std::printf("\n");
  std::printf("roofline: %.1f GFLOP/s of %.0f at the FMA peak, %.1f GB/s of "
              "activations that must move (%.0f MB)\n",
              gflops, peak, timing.leastBytes / timing.step / 1e9,
              timing.leastBytes / 1e6);
  if (flags.layers)
    for (const auto &[key, seconds] : timing.profile.layers())
      std::printf("  %-28s %-12s %8.3f ms\n", key.first.c_str(),
                  std::string(stepPartName(key.second)).c_str(), seconds * 1e3);
  if (flags.json.empty())
    return;
  closeReport(
      report, flags.json,
      {{"model", options.model},
       {"scheme", flags.scheme},
       {"sparsity", options.scheme == Scheme::Dense ? 0 : options.sparsity},
       {"batch", options.batch},
       {"threads", pool.threads()},
       {"step_ms", timing.step * 1e3},
       {"images_per_second", double(options.batch) / timing.step},
       {"split_ms", split},
       {"prepare_ms", timing.prepare * 1e3},
       {"kernels_compiled", kernels.compiles},
       {"kernels_loaded", kernels.diskHits},
       {"kernels_tuned", kernels.tuned},
       {"mutation_ms", timing.mutation * 1e3},
       {"repack_ms", timing.repack * 1e3},
       {"least_bytes_moved", timing.leastBytes},
       {"gflops", gflops},
       {"fma_peak_gflops", peak},
       {"peak_bytes_by_kind", memory},
       {"peak_rss_bytes", timing.peakResidentBytes}});
}

void defineStep(CLI::App &app, StepFlags &flags) {
  app.add_option("--model", flags.options.model, "The model")
      ->capture_default_str();
  app.add_option("--scheme", flags.scheme, "The sparsity scheme")
      ->check(CLI::IsMember(kSchemes))
      ->capture_default_str();
  app.add_option("--sparsity", flags.options.sparsity, "Share of zeros")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  app.add_option("--batch", flags.options.batch, "Images")
      ->check(CLI::Range(1, 65536))
      ->capture_default_str();
  app.add_option("--steps", flags.options.steps, "Steps; the fastest counts")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  app.add_option("--threads", flags.provider.threads, "Threads")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  addCompilerFlags(app, flags.provider);
  addTunedFlags(app, flags.provider);
  app.add_flag("--no-fusion", flags.noFusion,
               "Run batch norm and sums as passes of their own");
  app.add_flag("--layers", flags.layers, "Print the times of every layer");
  app.add_option("--json", flags.json, "Write the figures as a JSON object");
}

void defineKernels(CLI::App &app, KernelFlags &flags) {
  app.add_option("--layers", flags.layers,
                 "resnet-32, vgg-19, resnet-50, or C,O,H,K,S")
      ->capture_default_str();
  app.add_option("--scheme", flags.scheme, "The sparsity scheme")
      ->check(CLI::IsMember(kSchemes))
      ->capture_default_str();
  app.add_option("--sparsity", flags.options.sparsity, "Share of zeros")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
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
  app.add_option("--batch", flags.options.batch, "Images")
      ->check(CLI::Range(1, 65536))
      ->capture_default_str();
  app.add_option("--rounds", flags.options.rounds,
                 "Turns of each side; the best counts")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  app.add_option("--threads", flags.provider.threads, "Threads of Lacuna")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
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
  StepFlags step;
  CLI::App *stepApp = app.add_subcommand(
      "step", "A whole training step on random images, split by kind");
  defineStep(*stepApp, step);
  CLI::App *memoryApp = nullptr, *mutationApp = nullptr,
           *inferenceApp = nullptr;
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
      benchStep(step, makeProvider);
    else
      benchKernels(kernels, makeProvider);
  });
}

} // namespace lacuna
