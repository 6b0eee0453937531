//===- Pipelines.cpp - The Halide pipelines, by number of lanes -----------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Pipelines.h"

#include "lacuna/Runtime/CpuFeatures.h"
#include "lacuna/Runtime/Operators.h"
#include "lacuna/Support/Error.h"

#ifdef LACUNA_LANES_16
#include "PipelinesV16.h"
#endif
#ifdef LACUNA_LANES_8
#include "PipelinesV8.h"
#endif
#ifdef LACUNA_LANES_4
#include "PipelinesV4.h"
#endif

#include <iterator>
#include <string>

namespace lacuna::operators {

namespace {

#ifdef LACUNA_LANES_16
#define LACUNA_PIPELINE_ENTRY(name, parameters) lacuna_##name##_v16,
constexpr Pipelines kPipelines16 = {LACUNA_PIPELINES(LACUNA_PIPELINE_ENTRY)};
#undef LACUNA_PIPELINE_ENTRY

bool cpuRuns16() {
  return cpuHasFeature("avx512f") && cpuHasFeature("avx512dq") &&
         cpuHasFeature("avx512bw") && cpuHasFeature("avx512vl") &&
         cpuHasFeature("avx512cd");
}
#endif

#ifdef LACUNA_LANES_8
#define LACUNA_PIPELINE_ENTRY(name, parameters) lacuna_##name##_v8,
constexpr Pipelines kPipelines8 = {LACUNA_PIPELINES(LACUNA_PIPELINE_ENTRY)};
#undef LACUNA_PIPELINE_ENTRY

#if defined(__x86_64__)
constexpr const char *kNeeds8 = "AVX2 and FMA";
bool cpuRuns8() { return cpuHasFeature("avx2") && cpuHasFeature("fma"); }
#else
constexpr const char *kNeeds8 = "SVE registers of 256 bits";
bool cpuRuns8() { return cpuHasFeature("sve-256"); }
#endif
#endif

#ifdef LACUNA_LANES_4
#define LACUNA_PIPELINE_ENTRY(name, parameters) lacuna_##name##_v4,
constexpr Pipelines kPipelines4 = {LACUNA_PIPELINES(LACUNA_PIPELINE_ENTRY)};
#undef LACUNA_PIPELINE_ENTRY

// Advanced SIMD is part of the base of 64-bit ARM.
bool cpuRuns4() { return true; }
#endif

struct LaneSet {
  int64_t lanes;
  const char *needs;
  const Pipelines *pipelines;
  bool (*cpuRuns)();
};

/// Widest first.
constexpr LaneSet kLaneSets[] = {
#ifdef LACUNA_LANES_16
    {16, "AVX-512 F, CD, DQ, BW and VL", &kPipelines16, cpuRuns16},
#endif
#ifdef LACUNA_LANES_8
    {8, kNeeds8, &kPipelines8, cpuRuns8},
#endif
#ifdef LACUNA_LANES_4
    {4, "Advanced SIMD", &kPipelines4, cpuRuns4},
#endif
};

std::string builtLanes() {
  std::string text;
  for (const LaneSet &set : kLaneSets)
    text += (text.empty() ? "" : ", ") + std::to_string(set.lanes);
  return text;
}

} // namespace

const Pipelines &pipelinesFor(int64_t lanes) {
  for (const LaneSet &set : kLaneSets) {
    if (set.lanes != lanes)
      continue;
    if (!set.cpuRuns())
      throw EnvironmentError("operators: vectors of " + std::to_string(lanes) +
                             " lanes need " + set.needs +
                             ", which this CPU lacks; choose a target with "
                             "fewer lanes");
    return *set.pipelines;
  }
  throw EnvironmentError(
      "operators: vectors of " + std::to_string(lanes) +
      " lanes are not compiled in (this build has " + builtLanes() +
      "); choose one of these, or build Lacuna for this machine");
}

bool lanesSupported(int64_t lanes) {
  for (const LaneSet &set : kLaneSets)
    if (set.lanes == lanes)
      return set.cpuRuns();
  return false;
}

int64_t hostLanes() {
  for (const LaneSet &set : kLaneSets)
    if (set.cpuRuns())
      return set.lanes;
  throw EnvironmentError(std::string("operators: this CPU lacks what even the "
                                     "narrowest vectors compiled in need (") +
                         std::rbegin(kLaneSets)->needs +
                         "); run on a newer machine, or build Lacuna for this "
                         "one");
}

} // namespace lacuna::operators
