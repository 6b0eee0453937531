//===- ScheduleSearch.h - The schedule that is fastest here -----*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_BENCHMARKS_SCHEDULESEARCH_H
#define LACUNA_BENCHMARKS_SCHEDULESEARCH_H

#include "lacuna/Runtime/KernelProvider.h"
#include "lacuna/Runtime/ThreadPool.h"

#include <functional>
#include <optional>
#include <vector>

namespace lacuna::benchmarks {

struct ScheduleSearchOptions {
  double sparsity = 0.9;
  int64_t batch = 64;
  double seconds = 10;  ///< After which no further schedules are tried.
  double margin = 0.03; ///< Part of the time that another schedule must save.
  /// The schedules to try from one: none may be wrong for the request.
  std::function<std::vector<Schedule>(const Schedule &)> neighbours;
  /// What an earlier search found, to begin with.
  std::optional<Schedule> earlier;
};

struct ScheduleSearchResult {
  Schedule chosen; ///< The compiler's own.
  Schedule best;   ///< The same unless another won.
  bool improved = false;
  int tried = 0; ///< Schedules timed besides the chosen one.
  /// Medians of the rounds that decided, both sides taking turns; 0 when no
  /// schedule came so far.
  double chosenSeconds = 0, bestSeconds = 0;
};

/// Climbs from the compiler's choice: times its neighbours in turns with it,
/// goes on from the fastest, and stops at a schedule no neighbour of which is
/// faster, or when time is up. What it arrives at must then beat the choice in
/// rounds of turns: by the margin at the median, and in nearly all of them.
/// Throws InternalError when the winner computes something else.
ScheduleSearchResult searchSchedule(const KernelRequest &request,
                                    const ScheduleSearchOptions &options,
                                    KernelProvider &provider, ThreadPool &pool);

} // namespace lacuna::benchmarks

#endif // LACUNA_BENCHMARKS_SCHEDULESEARCH_H
