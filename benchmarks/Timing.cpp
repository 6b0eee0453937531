//===- Timing.cpp - Clocks and the peak of the core -----------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Timing.h"

#include <algorithm>
#include <chrono>
#include <limits>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace lacuna::benchmarks {

namespace {

constexpr int kRunsOfTurn = 3;

} // namespace

double now() {
  return std::chrono::duration<double>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

std::vector<double> bestInTurns(const std::vector<std::function<void()>> &sides,
                                int rounds) {
  std::vector<double> best(sides.size(),
                           std::numeric_limits<double>::infinity());
  for (int round = 0; round < rounds; ++round)
    for (size_t i = 0; i < sides.size(); ++i)
      for (int run = 0; run < kRunsOfTurn; ++run) {
        double start = now();
        sides[i]();
        best[i] = std::min(best[i], now() - start);
      }
  return best;
}

namespace {

#if defined(__x86_64__)
constexpr long kTurns = 1000000;
constexpr int kChains = 10; // more than latency times ports

double gflops(int lanes, const std::function<void()> &run) {
  double seconds = bestInTurns({run}, 10).front();
  return double(kTurns) * kChains * 2 * lanes / seconds / 1e9;
}

// Assembly, so that no compiler folds the chains.
#define LACUNA_FMA_CHAINS(REGISTER)                                            \
  for (long turn = 0; turn < kTurns; ++turn)                                   \
  asm volatile(                                                                \
      "vfmadd231ps %%" REGISTER "10, %%" REGISTER "11, %%" REGISTER "0\n\t"    \
      "vfmadd231ps %%" REGISTER "10, %%" REGISTER "11, %%" REGISTER "1\n\t"    \
      "vfmadd231ps %%" REGISTER "10, %%" REGISTER "11, %%" REGISTER "2\n\t"    \
      "vfmadd231ps %%" REGISTER "10, %%" REGISTER "11, %%" REGISTER "3\n\t"    \
      "vfmadd231ps %%" REGISTER "10, %%" REGISTER "11, %%" REGISTER "4\n\t"    \
      "vfmadd231ps %%" REGISTER "10, %%" REGISTER "11, %%" REGISTER "5\n\t"    \
      "vfmadd231ps %%" REGISTER "10, %%" REGISTER "11, %%" REGISTER "6\n\t"    \
      "vfmadd231ps %%" REGISTER "10, %%" REGISTER "11, %%" REGISTER "7\n\t"    \
      "vfmadd231ps %%" REGISTER "10, %%" REGISTER "11, %%" REGISTER "8\n\t"    \
      "vfmadd231ps %%" REGISTER "10, %%" REGISTER "11, %%" REGISTER "9" ::     \
          : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7",    \
            "xmm8", "xmm9", "xmm10", "xmm11")

__attribute__((target("avx512f"))) void chains512() {
  asm volatile("vpxorq %%zmm10, %%zmm10, %%zmm10\n\t"
               "vpxorq %%zmm11, %%zmm11, %%zmm11" ::
                   : "xmm10", "xmm11");
  LACUNA_FMA_CHAINS("zmm");
}

__attribute__((target("avx2,fma"))) void chains256() {
  asm volatile("vpxor %%ymm10, %%ymm10, %%ymm10\n\t"
               "vpxor %%ymm11, %%ymm11, %%ymm11" ::
                   : "xmm10", "xmm11");
  LACUNA_FMA_CHAINS("ymm");
}
#undef LACUNA_FMA_CHAINS
#endif

} // namespace

double fmaPeakGflops() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f"))
    return gflops(16, chains512);
  if (__builtin_cpu_supports("fma"))
    return gflops(8, chains256);
#endif
  return 0;
}

} // namespace lacuna::benchmarks
