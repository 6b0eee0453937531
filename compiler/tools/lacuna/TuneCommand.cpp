//===- TuneCommand.cpp - lacuna tune: the fastest schedules ---------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TuneCommand.h"

#include "CommandLine.h"
#include "JsonReport.h"
#include "KernelBenchmark.h"
#include "RandomData.h"
#include "ScheduleSearch.h"
#include "Timing.h"

#include "lacuna/Compiler/KernelCache.h"
#include "lacuna/Compiler/ScheduleNeighbours.h"
#include "lacuna/Runtime/Models.h"
#include "lacuna/Support/Error.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <set>

namespace lacuna {

namespace {

using namespace benchmarks;
using Json = nlohmann::ordered_json;

constexpr char kDescription[] =
    "Times other schedules of kernels beside the one that the compiler "
    "chooses, and keeps those that are faster for every later command.";

constexpr char kFooter[] = R"(
Schedules are kept in the kernel cache, for this build of Lacuna, this CPU and
these structures (docs/tools.md). Nothing else should run meanwhile.

Examples:
  taskset -c 1 lacuna tune --model resnet-32 --scheme block --sparsity 0.9
  taskset -c 1 lacuna tune --layers 128,128,8,3,1 --scheme pattern --op forward
)";

struct TuneFlags {
  std::string model, layers;
  Scheme scheme = Scheme::Block;
  std::vector<Operation> operations;
  std::string json;
  bool noFusion = false;
  ScheduleSearchOptions search;
  ProviderOptions provider;
};

void defineFlags(CLI::App &app, TuneFlags &flags) {
  auto *model = app.add_option("--model", flags.model,
                               "Tune the kernels that training it needs");
  auto *layers =
      app.add_option(
             "--layers", flags.layers,
             "Tune those of single convolutions, nothing fused: of a model, or "
             "one as C,O,H,K,S")
          ->excludes(model);
  addStructureFlags(app, flags.scheme, flags.search.sparsity,
                    "Share of zeros that is measured");
  addOperationsFlag(app, flags.operations);
  addBatchFlag(app, flags.search.batch);
  app.add_option("--seconds-per-kernel", flags.search.seconds,
                 "After which no more schedules of a kernel are tried")
      ->check(between(0.0, 86400.0))
      ->capture_default_str();
  addThreadsFlag(app, flags.provider);
  app.add_flag("--no-fusion", flags.noFusion,
               "The model runs batch norm and sums as passes of their own");
  addCompilerFlags(app, flags.provider);
  addCacheFolderFlag(app, flags.provider);
  app.add_option("--json", flags.json, "Write what was found as JSON");
  app.final_callback([model, layers] {
    if (model->count() == 0 && layers->count() == 0)
      throw CLI::RequiredError("--model or --layers");
  });
}

std::vector<KernelRequest> allRequests(const TuneFlags &flags) {
  std::vector<KernelRequest> requests;
  if (!flags.layers.empty()) {
    for (const LayerShape &shape : layerShapes("--layers", flags.layers))
      for (Operation operation : kAllOperations)
        requests.push_back({operation, shape.geometry,
                            structureFor(flags.scheme, shape.geometry)});
    return requests;
  }
  ModelInput input = usualInput(flags.model);
  Network network = makeModel(flags.model, input.shape, input.classes,
                              flags.scheme, !flags.noFusion);
  for (const SparseLayer *layer : network.weightLayers())
    for (const KernelRequest &request : layer->requests())
      requests.push_back(request);
  return requests;
}

/// Each kernel once.
std::vector<KernelRequest> distinctRequests(const TuneFlags &flags,
                                            const Target &target) {
  std::vector<KernelRequest> requests;
  std::set<std::string> keys;
  for (const KernelRequest &request : allRequests(flags)) {
    if (isWanted(request.operation, flags.operations) &&
        keys.insert(planKernel(request, target).key).second)
      requests.push_back(request);
  }
  return requests;
}

Json scheduleJson(Schedule schedule) {
  Json json;
  Schedule::forEach(schedule, [&](const char *name, const auto &choice) {
    json[name] = choice;
  });
  return json;
}

/// The choices in which two schedules differ: "tile_width 4 -> 8".
std::string changes(const Schedule &from, const Schedule &to) {
  std::string text;
  Json before = scheduleJson(from), after = scheduleJson(to);
  for (const auto &[name, choice] : after.items())
    if (choice != before[name])
      text += (text.empty() ? "" : ", ") + name + " " + before[name].dump() +
              " -> " + choice.dump();
  return text;
}

void print(const std::string &kernel, const ScheduleSearchResult &found) {
  std::printf("%s: %d tried", kernel.c_str(), found.tried);
  if (found.improved)
    std::printf(", %.0f -> %.0f us (%.1f %% less): %s",
                found.chosenSeconds * 1e6, found.bestSeconds * 1e6,
                100 * (1 - found.bestSeconds / found.chosenSeconds),
                changes(found.chosen, found.best).c_str());
  std::printf("\n");
  std::fflush(stdout);
}

Json row(const KernelPlan &plan, const ScheduleSearchResult &found) {
  Json json = {{"kernel", plan.name},
               {"op", operationName(plan.request.operation)},
               {"tried", found.tried},
               {"improved", found.improved},
               {"chosen", scheduleJson(found.chosen)}};
  if (found.improved) {
    json["tuned"] = scheduleJson(found.best);
    json["chosen_us"] = found.chosenSeconds * 1e6;
    json["tuned_us"] = found.bestSeconds * 1e6;
  }
  return json;
}

class Tuner {
public:
  Tuner(const TuneFlags &flags, const ProviderFactory &makeProvider)
      : flags(flags), target(targetFor(flags.provider.cpu)),
        cache(flags.provider.cacheDirectory.empty()
                  ? KernelCache::defaultDirectory()
                  : flags.provider.cacheDirectory),
        report(flags.json) {
    if (!cache.writable())
      throw EnvironmentError(
          "--cache-dir: cannot keep schedules: " +
          (cache.usable() ? "the folder cannot be written" : cache.problem()));
    ProviderOptions options = flags.provider;
    // Most schedules are tried once, and all start from the compiler's choice.
    options.recompile = options.noTuned = true;
    provider = makeProvider(options);
    pool = std::make_unique<ThreadPool>(options.threads);
  }

  void run() {
    double start = now();
    std::vector<KernelRequest> requests = distinctRequests(flags, target);
    Json rows = Json::array();
    int improved = 0;
    for (const KernelRequest &request : requests) {
      KernelPlan plan = planKernel(request, target);
      ScheduleSearchResult found = tune(plan);
      print(plan.name, found);
      rows.push_back(row(plan, found));
      improved += found.improved;
    }
    std::printf("%d of %zu kernels got another schedule, in %.0f s\n", improved,
                requests.size(), now() - start);
    report.write({{"cpu", target.cpu},
                  {"scheme", schemeName(flags.scheme)},
                  {"sparsity", flags.search.sparsity},
                  {"batch", flags.search.batch},
                  {"threads", pool->threads()},
                  {"seconds", now() - start},
                  {"kernels", rows}});
  }

private:
  /// Searches, and leaves in the cache what was found.
  ScheduleSearchResult tune(const KernelPlan &plan) {
    ScheduleSearchOptions search = flags.search;
    search.neighbours = [&](const Schedule &from) {
      return neighbouringSchedules(plan.request, target, from);
    };
    KernelPlan earlier;
    if (cache.readTuned(plan, target, earlier) == KernelCache::Lookup::Hit)
      search.earlier = earlier.schedule;
    ScheduleSearchResult found =
        searchSchedule(plan.request, search, *provider, *pool);
    if (!(found.improved ? cache.writeTuned(plan, found.best)
                         : cache.removeTuned(plan)))
      throw EnvironmentError("--cache-dir: cannot keep the schedule of " +
                             plan.name +
                             ": the folder can no longer be "
                             "written");
    return found;
  }

  const TuneFlags &flags;
  Target target;
  KernelCache cache;
  JsonReport report;
  std::unique_ptr<KernelProvider> provider;
  std::unique_ptr<ThreadPool> pool;
};

} // namespace

int runTune(int argc, char **argv, const ProviderFactory &makeProvider) {
  CLI::App app(kDescription, "lacuna tune");
  app.footer(kFooter);
  TuneFlags flags;
  defineFlags(app, flags);
  return runCommand(app, argc, argv, [&] { Tuner(flags, makeProvider).run(); });
}

} // namespace lacuna
