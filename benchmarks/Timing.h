//===- Timing.h - Clocks and the peak of the core ---------------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_BENCHMARKS_TIMING_H
#define LACUNA_BENCHMARKS_TIMING_H

#include <functional>
#include <vector>

namespace lacuna::benchmarks {

/// Seconds on a monotonic clock.
double now();

/// Runs the sides in turn, `rounds` times, and returns the best time of each in
/// seconds. Taking turns exposes all sides to the same noise of a shared
/// machine, and the minimum is its steadiest figure. A turn is a few runs, so
/// that a side also meets the caches as it leaves them itself.
std::vector<double> bestInTurns(const std::vector<std::function<void()>> &sides,
                                int rounds);

/// Fused multiply-adds from registers only, on one core, in GFLOP/s, with the
/// widest vectors this CPU has. 0 where it is not known how to ask.
double fmaPeakGflops();

} // namespace lacuna::benchmarks

#endif // LACUNA_BENCHMARKS_TIMING_H
