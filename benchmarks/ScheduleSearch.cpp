//===- ScheduleSearch.cpp - The schedule that is fastest here -------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ScheduleSearch.h"

#include "KernelProblem.h"
#include "Timing.h"

#include "lacuna/Support/Error.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace lacuna::benchmarks {

namespace {

/// Rounds that tell a promising schedule from others, and those that decide.
constexpr int kScreeningRounds = 4;
constexpr int kDecidingRounds = 21;
/// Of the deciding rounds, those that the winner must win.
constexpr int kRoundsToWin = 17;
/// Sums in another order differ by rounding only.
constexpr double kTolerance = 1e-5;
/// The kernels add up long rows of these in single precision.
constexpr double kSumTolerance = 1e-4;

/// Whether the relative error, in the L2 norm, is within a tolerance.
bool close(const std::vector<double> &got, const std::vector<double> &expected,
           double tolerance) {
  double error = 0, norm = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    error += (got[i] - expected[i]) * (got[i] - expected[i]);
    norm += expected[i] * expected[i];
  }
  // Not finite is not close either.
  return std::sqrt(error) <= tolerance * std::sqrt(norm);
}

using Bound = std::unique_ptr<BoundKernel>;

class Search {
public:
  Search(const KernelRequest &request, const ScheduleSearchOptions &options,
         KernelProvider &provider, ThreadPool &pool)
      : options(options), provider(provider), pool(pool),
        problem(request, options.sparsity, options.batch, provider.lanes()) {}

  ScheduleSearchResult run() {
    Bound chosen = bind(problem.request);
    result.chosen = result.best = chosen->schedule();
    Bound best = climb(*chosen);
    if (best)
      decide(*chosen, *best);
    return result;
  }

private:
  Bound bind(const KernelRequest &request) {
    return std::make_unique<BoundKernel>(problem, provider.get(request), pool);
  }

  Bound bind(const Schedule &schedule) {
    KernelRequest request = problem.request;
    request.schedule = schedule;
    return bind(request);
  }

  /// Returns where the climb ends, or null where it began.
  Bound climb(BoundKernel &chosen) {
    Bound reached;
    std::vector<Schedule> next = options.neighbours(chosen.schedule());
    if (options.earlier)
      next.insert(next.begin(), *options.earlier);
    deadline = now() + options.seconds;
    while (Bound better = bestOf(next, reached ? *reached : chosen)) {
      next = options.neighbours(better->schedule());
      reached = std::move(better);
    }
    return reached;
  }

  /// Of the schedules there is time for, the fastest; null if `current` is.
  Bound bestOf(const std::vector<Schedule> &schedules, BoundKernel &current) {
    Bound best;
    double bestRatio = 1;
    for (const Schedule &schedule : schedules) {
      if (now() >= deadline)
        break;
      Bound candidate = bind(schedule);
      ++result.tried;
      std::vector<double> times =
          bestInTurns({[&] { current.run(); }, [&] { candidate->run(); }},
                      kScreeningRounds);
      double ratio = times[1] / times[0];
      // A step that saves less than a third of the margin is noise.
      if (ratio < std::min(bestRatio, 1 - options.margin / 3)) {
        bestRatio = ratio;
        best = std::move(candidate);
      }
    }
    return best;
  }

  void decide(BoundKernel &chosen, BoundKernel &best) {
    std::vector<double> before, after, ratios;
    for (int round = 0; round < kDecidingRounds; ++round) {
      std::vector<double> times =
          bestInTurns({[&] { chosen.run(); }, [&] { best.run(); }}, 1);
      before.push_back(times[0]);
      after.push_back(times[1]);
      ratios.push_back(times[1] / times[0]);
    }
    std::sort(ratios.begin(), ratios.end());
    result.chosenSeconds = median(before);
    result.bestSeconds = median(after);
    if (ratios[kDecidingRounds / 2] > 1 - options.margin ||
        ratios[kRoundsToWin - 1] >= 1)
      return;
    verify(chosen, best);
    result.best = best.schedule();
    result.improved = true;
  }

  static double median(std::vector<double> values) {
    auto middle = values.begin() + static_cast<long>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
  }

  KernelResults resultsOf(BoundKernel &kernel) {
    problem.resetResult();
    kernel.run();
    return kernel.results();
  }

  void verify(BoundKernel &chosen, BoundKernel &best) {
    KernelResults expected = resultsOf(chosen), got = resultsOf(best);
    if (!close(got.values, expected.values, kTolerance) ||
        !close(got.sums, expected.sums, kSumTolerance))
      throw InternalError(chosen.name() + " and " + best.name() +
                          " differ in their schedules only, but give "
                          "different results");
  }

  const ScheduleSearchOptions &options;
  KernelProvider &provider;
  ThreadPool &pool;
  KernelProblem problem;
  double deadline = 0;
  ScheduleSearchResult result;
};

} // namespace

ScheduleSearchResult searchSchedule(const KernelRequest &request,
                                    const ScheduleSearchOptions &options,
                                    KernelProvider &provider,
                                    ThreadPool &pool) {
  return Search(request, options, provider, pool).run();
}

} // namespace lacuna::benchmarks
