//===- Target.cpp - What kernels are compiled for -------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Compiler/Target.h"

#include "lacuna/Support/Error.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/SubtargetFeature.h"
#include "llvm/TargetParser/Triple.h"

#include <map>
#include <unistd.h>

namespace lacuna {

namespace {

constexpr int64_t kAssumedL1Bytes = 32768;

int64_t hostL1Bytes() {
  long bytes = sysconf(_SC_LEVEL1_DCACHE_SIZE);
  return bytes > 0 ? bytes : kAssumedL1Bytes;
}

} // namespace

std::string Target::canonicalText() const {
  return "triple " + triple + "\ncpu " + cpu + "\nfeatures " + features +
         "\nlanes " + std::to_string(description.lanes) + "\nregisters " +
         std::to_string(description.vectorRegisters) + "\nl1 " +
         std::to_string(description.l1Bytes) + "\n";
}

Target hostTarget() {
  Target target;
  target.triple = llvm::sys::getDefaultTargetTriple();
  target.cpu = llvm::sys::getHostCPUName().str();
  llvm::StringMap<bool> detected = llvm::sys::getHostCPUFeatures();
  // Sorted, so that the text, and with it every kernel key, is always the same.
  std::map<std::string, bool> sorted;
  for (const auto &feature : detected)
    sorted[feature.getKey().str()] = feature.getValue();
  llvm::SubtargetFeatures features;
  for (const auto &[name, present] : sorted)
    features.AddFeature(name, present);
  target.features = features.getString();
  target.description.l1Bytes = hostL1Bytes();

  auto has = [&](const char *feature) { return detected.lookup(feature); };
  llvm::Triple triple(target.triple);
  if (triple.isAArch64()) {
    target.description.lanes = 4;
    target.description.vectorRegisters = 32;
    return target;
  }
  if (!triple.isX86() || !has("avx2") || !has("fma"))
    throw EnvironmentError("this CPU (" + target.cpu + ", " + target.triple +
                           ") has no fused multiply-add vectors that Lacuna "
                           "knows: it needs x86-64 with AVX2 and FMA, or "
                           "64-bit ARM");
  bool avx512 =
      has("avx512f") && has("avx512dq") && has("avx512bw") && has("avx512vl");
  target.description.lanes = avx512 ? 16 : 8;
  target.description.vectorRegisters = avx512 ? 32 : 16;
  return target;
}

} // namespace lacuna
