//===- BenchStep.cpp - lacuna bench step ----------------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "BenchStep.h"

#include "CommandLine.h"
#include "JsonReport.h"
#include "StepBenchmark.h"
#include "Timing.h"

#include "lacuna/Runtime/Network.h"

#include <nlohmann/json.hpp>

#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace lacuna {

namespace {

using namespace benchmarks;
using Json = nlohmann::ordered_json;

struct Flags {
  std::string json;
  bool layers = false;
  bool noFusion = false;
  StepBenchmarkOptions options;
  ProviderOptions provider;
};

/// What is measured, and what follows from it.
struct StepFigures {
  StepBenchmarkOptions options;
  int threads = 1;
  StepTiming timing;
  ProviderStatistics kernels;
  double peakGflops = 0; ///< Of all threads.

  std::string scheme() const { return std::string(schemeName(options.scheme)); }
  double imagesPerSecond() const { return double(options.batch) / timing.step; }
  double gflops() const { return 2 * timing.multiplyAdds / timing.step / 1e9; }

  /// Seconds of each part of the step. The last is what no other one takes.
  std::vector<std::pair<std::string, double>> parts() const {
    std::vector<std::pair<std::string, double>> parts;
    double rest = timing.step - timing.optimiser;
    for (StepPart part : {StepPart::Forward, StepPart::GradInput,
                          StepPart::GradWeight, StepPart::BatchNorm}) {
      parts.emplace_back(stepPartName(part), timing.profile.seconds(part));
      rest -= parts.back().second;
    }
    parts.emplace_back("optimiser", timing.optimiser);
    parts.emplace_back("other", rest);
    return parts;
  }
};

StepFigures measureStep(const Flags &flags,
                        const ProviderFactory &makeProvider) {
  ThreadPool pool(flags.provider.threads);
  std::unique_ptr<KernelProvider> provider = makeProvider(flags.provider);
  StepFigures figures;
  figures.options = flags.options;
  figures.options.fuse = !flags.noFusion;
  figures.threads = pool.threads();
  figures.timing = timeStep(figures.options, *provider, pool);
  figures.kernels = provider->statistics();
  figures.peakGflops = fmaPeakGflops() * pool.threads();
  return figures;
}

void printTimes(const StepFigures &figures) {
  const StepTiming &timing = figures.timing;
  std::printf("%s, %s, batch %lld, %d thread(s): %.1f ms a step, %.0f "
              "images/s\n",
              figures.options.model.c_str(), figures.scheme().c_str(),
              static_cast<long long>(figures.options.batch), figures.threads,
              timing.step * 1e3, figures.imagesPerSecond());
  for (const auto &[name, seconds] : figures.parts())
    std::printf("  %-12s %8.2f ms  %4.1f %%\n", name.c_str(), seconds * 1e3,
                100 * seconds / timing.step);
}

void printKernels(const StepFigures &figures) {
  std::printf("kernels ready in %.2f s: %lld compiled, %lld from the disk "
              "cache, %lld with a tuned schedule\n",
              figures.timing.prepare,
              static_cast<long long>(figures.kernels.compiles),
              static_cast<long long>(figures.kernels.diskHits),
              static_cast<long long>(figures.kernels.tuned));
}

void printMemory(const StepTiming &timing) {
  std::printf("one mutation %.2f ms, its repacking %.2f ms; peak memory %.0f "
              "MB\n",
              timing.mutation * 1e3, timing.repack * 1e3,
              double(timing.peakResidentBytes) / 1e6);
  std::printf("peak bytes by kind:");
  for (size_t kind = 0; kind < kMemoryKinds; ++kind)
    std::printf(" %s %.1f MB",
                std::string(memoryKindName(MemoryKind(kind))).c_str(),
                double(timing.memory.peak[kind]) / 1e6);
  std::printf("\n");
}

void printRoofline(const StepFigures &figures) {
  const StepTiming &timing = figures.timing;
  std::printf("roofline: %.1f GFLOP/s of %.0f at the FMA peak, %.1f GB/s of "
              "activations that must move (%.0f MB)\n",
              figures.gflops(), figures.peakGflops,
              timing.leastBytes / timing.step / 1e9, timing.leastBytes / 1e6);
}

void printLayers(const Profile &profile) {
  for (const auto &[key, seconds] : profile.layers())
    std::printf("  %-28s %-12s %8.3f ms\n", key.first.c_str(),
                std::string(stepPartName(key.second)).c_str(), seconds * 1e3);
}

Json reportOf(const StepFigures &figures) {
  const StepBenchmarkOptions &options = figures.options;
  const StepTiming &timing = figures.timing;
  Json split;
  for (const auto &[name, seconds] : figures.parts())
    split[name] = seconds * 1e3;
  Json memory;
  for (size_t kind = 0; kind < kMemoryKinds; ++kind)
    memory[std::string(memoryKindName(MemoryKind(kind)))] =
        timing.memory.peak[kind];
  return {{"model", options.model},
          {"scheme", figures.scheme()},
          {"sparsity", options.scheme == Scheme::Dense ? 0 : options.sparsity},
          {"batch", options.batch},
          {"threads", figures.threads},
          {"step_ms", timing.step * 1e3},
          {"images_per_second", figures.imagesPerSecond()},
          {"split_ms", split},
          {"prepare_ms", timing.prepare * 1e3},
          {"kernels_compiled", figures.kernels.compiles},
          {"kernels_loaded", figures.kernels.diskHits},
          {"kernels_tuned", figures.kernels.tuned},
          {"mutation_ms", timing.mutation * 1e3},
          {"repack_ms", timing.repack * 1e3},
          {"least_bytes_moved", timing.leastBytes},
          {"gflops", figures.gflops()},
          {"fma_peak_gflops", figures.peakGflops},
          {"peak_bytes_by_kind", memory},
          {"peak_rss_bytes", timing.peakResidentBytes}};
}

void benchStep(const Flags &flags, const ProviderFactory &makeProvider) {
  JsonReport report(flags.json);
  StepFigures figures = measureStep(flags, makeProvider);
  printTimes(figures);
  printKernels(figures);
  printMemory(figures.timing);
  printRoofline(figures);
  if (flags.layers)
    printLayers(figures.timing.profile);
  report.write(reportOf(figures));
}

void defineFlags(CLI::App &app, Flags &flags) {
  app.add_option("--model", flags.options.model, "The model")
      ->capture_default_str();
  addStructureFlags(app, flags.options.scheme, flags.options.sparsity,
                    "Share of zeros");
  addBatchFlag(app, flags.options.batch);
  app.add_option("--steps", flags.options.steps, "Steps; the fastest counts")
      ->check(between(1, 100000))
      ->capture_default_str();
  addThreadsFlag(app, flags.provider);
  addCompilerFlags(app, flags.provider);
  addTunedFlags(app, flags.provider);
  app.add_flag("--no-fusion", flags.noFusion,
               "Run batch norm and sums as passes of their own");
  app.add_flag("--layers", flags.layers, "Print the times of every layer");
  app.add_option("--json", flags.json, "Write the figures as a JSON object");
}

} // namespace

std::function<void()> addBenchStep(CLI::App &bench,
                                   const ProviderFactory &makeProvider,
                                   CLI::App *&command) {
  auto flags = std::make_shared<Flags>();
  command = bench.add_subcommand(
      "step", "A whole training step on random images, split by kind");
  defineFlags(*command, *flags);
  return [flags, &makeProvider] { benchStep(*flags, makeProvider); };
}

} // namespace lacuna
