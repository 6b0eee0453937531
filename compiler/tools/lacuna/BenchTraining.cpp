//===- BenchTraining.cpp - lacuna bench memory and mutation ---------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "BenchTraining.h"

#include "CommandLine.h"
#include "JsonReport.h"
#include "MemoryBenchmark.h"
#include "MutationBenchmark.h"

#include <nlohmann/json.hpp>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

namespace lacuna {

namespace {

using namespace benchmarks;
using Json = nlohmann::ordered_json;

struct Flags {
  std::string model = "resnet-32";
  std::vector<std::string> methods{"mest-em"};
  std::vector<Scheme> schemes{Scheme::Block};
  std::string json;
  ProviderOptions provider;
};

struct MemoryFlags : Flags {
  MemoryBenchmarkOptions options;
};

struct MutationFlags : Flags {
  MutationBenchmarkOptions options;
};

void define(CLI::App &app, Flags &flags, double &sparsity) {
  app.add_option("--model", flags.model, "The model")->capture_default_str();
  app.add_option("--method", flags.methods, "Methods, such as mest-em,static")
      ->delimiter(',')
      ->capture_default_str();
  addChoices(app, "--scheme", flags.schemes, sparseSchemes(),
             "Schemes, such as block,pattern")
      ->default_str("block");
  app.add_option("--sparsity", sparsity, "Share of zeros")
      ->check(isSparsity())
      ->capture_default_str();
  app.add_option("--json", flags.json, "Write the rows as a JSON array");
  addThreadsFlag(app, flags.provider);
  addCompilerFlags(app, flags.provider);
  addCacheFlags(app, flags.provider);
}

/// The kernels of all rows come from one provider, which is no part of what is
/// measured.
template <typename Run>
void forEachRow(const Flags &flags, const ProviderFactory &makeProvider,
                Run run) {
  JsonReport report(flags.json);
  ThreadPool pool(flags.provider.threads);
  std::unique_ptr<KernelProvider> provider = makeProvider(flags.provider);
  Json rows = Json::array();
  for (const std::string &method : flags.methods)
    for (Scheme scheme : flags.schemes) {
      rows.push_back(run(method, scheme, *provider, pool));
      std::fflush(stdout);
    }
  report.write(rows);
}

double megabytes(int64_t bytes) { return double(bytes) / 1e6; }

Json formulaJson(const MemoryFormula &formula) {
  return {{"weights", formula.weights},
          {"indices", formula.indices},
          {"gradients", formula.gradients},
          {"optimiser", formula.optimiser},
          {"total", formula.total()}};
}

void printFormula(const char *what, const MemoryFormula &formula) {
  std::printf("  %-10s %11.2f %11.2f %11.2f %11.2f %11s  sum %.2f\n", what,
              megabytes(formula.weights), megabytes(formula.indices),
              megabytes(formula.gradients), megabytes(formula.optimiser), "",
              megabytes(formula.total()));
}

Json memoryRow(const MemoryFlags &flags, const std::string &method,
               Scheme scheme, KernelProvider &provider, ThreadPool &pool) {
  MemoryBenchmarkOptions options = flags.options;
  options.model = flags.model;
  options.method = method;
  options.scheme = scheme;
  MemoryReport report = measureMemory(options, provider, pool);
  const MemoryUsage &usage = report.measured;
  auto peak = [&](MemoryKind kind) { return usage.peak[size_t(kind)]; };
  std::printf("%s, %s, %s: %.3f of %.3f million weights at the peak\n",
              flags.model.c_str(), method.c_str(),
              std::string(schemeName(scheme)).c_str(),
              double(report.peakActive) / 1e6,
              double(report.totalWeights) / 1e6);
  std::printf("  %-10s %11s %11s %11s %11s %11s  MB\n", "", "weights",
              "indices", "gradients", "optimiser", "streams");
  std::printf("  %-10s %11.2f %11.2f %11.2f %11.2f %11.2f", "measured",
              megabytes(peak(MemoryKind::Weights)),
              megabytes(peak(MemoryKind::Indices)),
              megabytes(peak(MemoryKind::Gradients)),
              megabytes(peak(MemoryKind::Optimiser)),
              megabytes(peak(MemoryKind::Streams)));
  Json measured;
  for (size_t kind = 0; kind < kMemoryKinds; ++kind) {
    auto k = static_cast<MemoryKind>(kind);
    measured[std::string(memoryKindName(k))] = usage.peak[kind];
    bool inTable = k == MemoryKind::Weights || k == MemoryKind::Indices ||
                   k == MemoryKind::Gradients || k == MemoryKind::Optimiser ||
                   k == MemoryKind::Streams || k == MemoryKind::Data;
    if (!inTable)
      std::printf("  %s %.2f", std::string(memoryKindName(k)).c_str(),
                  megabytes(usage.peak[kind]));
  }
  std::printf("\n");
  printFormula("formula", report.formula);
  printFormula("dense", report.dense);
  std::printf(
      "  largest buffer %.3f MB, largest sparse layer as dense %.3f MB: "
      "%s dense buffer\n",
      megabytes(report.largestBuffer), megabytes(report.largestDenseLayer),
      report.holdsDenseBuffer() ? "holds a" : "never holds a");
  return {{"model", flags.model},
          {"method", method},
          {"scheme", schemeName(scheme)},
          {"sparsity", options.sparsity},
          {"batch", options.batch},
          {"weights_total", report.totalWeights},
          {"weights_active_at_peak", report.peakActive},
          {"measured_bytes", measured},
          {"measured_peak_bytes", usage.totalPeak},
          {"largest_buffer_bytes", report.largestBuffer},
          {"largest_dense_layer_bytes", report.largestDenseLayer},
          {"holds_dense_buffer", report.holdsDenseBuffer()},
          {"formula_bytes", formulaJson(report.formula)},
          {"dense_formula_bytes", formulaJson(report.dense)}};
}

Json mutationRow(const MutationFlags &flags, const std::string &method,
                 Scheme scheme, KernelProvider &provider, ThreadPool &pool) {
  MutationBenchmarkOptions options = flags.options;
  options.model = flags.model;
  options.method = method;
  options.scheme = scheme;
  MutationTiming timing = timeMutations(options, provider, pool);
  std::printf("%-10s %-18s %-13s ", flags.model.c_str(), method.c_str(),
              std::string(schemeName(scheme)).c_str());
  if (timing.mutations == 0)
    std::printf("makes no mutations\n");
  else
    std::printf(
        "%7.2f ms (median %7.2f)  repack %7.2f ms (median %7.2f)  %lld "
        "layers, %.2f of %.2f million weights\n",
        timing.best * 1e3, timing.median * 1e3, timing.bestRepack * 1e3,
        timing.medianRepack * 1e3, static_cast<long long>(timing.sparseLayers),
        double(timing.activeWeights) / 1e6, double(timing.sparseWeights) / 1e6);
  return {{"model", flags.model},
          {"method", method},
          {"scheme", schemeName(scheme)},
          {"sparsity", options.sparsity},
          {"mutations", timing.mutations},
          {"sparse_layers", timing.sparseLayers},
          {"sparse_weights", timing.sparseWeights},
          {"active_weights", timing.activeWeights},
          {"mutation_ms", timing.best * 1e3},
          {"median_mutation_ms", timing.median * 1e3},
          {"repack_ms", timing.bestRepack * 1e3},
          {"median_repack_ms", timing.medianRepack * 1e3}};
}

} // namespace

std::function<void()> addBenchMemory(CLI::App &bench,
                                     const ProviderFactory &makeProvider,
                                     CLI::App *&command) {
  auto flags = std::make_shared<MemoryFlags>();
  command = bench.add_subcommand(
      "memory", "Peak memory of training by kind, beside the formula");
  define(*command, *flags, flags->options.sparsity);
  addBatchFlag(*command, flags->options.batch);
  command->add_option("--epochs", flags->options.epochs, "Epochs")
      ->check(between(1, 1000))
      ->capture_default_str();
  command->add_option("--steps", flags->options.steps, "Steps an epoch")
      ->check(between(1, 100000))
      ->capture_default_str();
  command
      ->add_option("--update-period", flags->options.updatePeriod,
                   "Steps between mutations, for methods that count them")
      ->check(between(1, 100000))
      ->capture_default_str();
  return [flags, &makeProvider] {
    forEachRow(*flags, makeProvider,
               [&](const std::string &method, Scheme scheme,
                   KernelProvider &provider, ThreadPool &pool) {
                 return memoryRow(*flags, method, scheme, provider, pool);
               });
  };
}

std::function<void()> addBenchMutation(CLI::App &bench,
                                       const ProviderFactory &makeProvider,
                                       CLI::App *&command) {
  auto flags = std::make_shared<MutationFlags>();
  command = bench.add_subcommand(
      "mutation", "Time of a mutation of all layers, without training");
  define(*command, *flags, flags->options.sparsity);
  command
      ->add_option("--rounds", flags->options.rounds,
                   "Mutations; the fastest and the median are printed")
      ->check(between(1, 1000))
      ->capture_default_str();
  return [flags, &makeProvider] {
    forEachRow(*flags, makeProvider,
               [&](const std::string &method, Scheme scheme,
                   KernelProvider &provider, ThreadPool &pool) {
                 return mutationRow(*flags, method, scheme, provider, pool);
               });
  };
}

} // namespace lacuna
