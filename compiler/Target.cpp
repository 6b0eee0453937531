//===- Target.cpp - What kernels are compiled for -------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Compiler/Target.h"

#include "lacuna/Support/Error.h"

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/SubtargetFeature.h"
#include "llvm/TargetParser/Triple.h"

#include <map>
#include <memory>
#include <unistd.h>

namespace lacuna {

namespace {

constexpr int64_t kAssumedL1Bytes = 32768;

int64_t hostL1Bytes() {
  long bytes = sysconf(_SC_LEVEL1_DCACHE_SIZE);
  return bytes > 0 ? bytes : kAssumedL1Bytes;
}

/// Sets what schedules depend on from the features of the CPU.
void describe(Target &target,
              llvm::function_ref<bool(const char *)> hasFeature) {
  target.description.l1Bytes = hostL1Bytes();
  llvm::Triple triple(target.triple);
  if (triple.isAArch64()) {
    target.description.lanes = 4;
    target.description.vectorRegisters = 32;
    return;
  }
  if (!triple.isX86() || !hasFeature("avx2") || !hasFeature("fma"))
    throw EnvironmentError("this CPU (" + target.cpu + ", " + target.triple +
                           ") has no fused multiply-add vectors that Lacuna "
                           "knows: it needs x86-64 with AVX2 and FMA, or "
                           "64-bit ARM");
  bool avx512 = hasFeature("avx512f") && hasFeature("avx512dq") &&
                hasFeature("avx512bw") && hasFeature("avx512vl");
  target.description.lanes = avx512 ? 16 : 8;
  target.description.vectorRegisters = avx512 ? 32 : 16;
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
  describe(target, [&](const char *name) { return detected.lookup(name); });
  return target;
}

Target targetFor(const std::string &cpu) {
  if (cpu.empty())
    return hostTarget();
  Target target;
  target.triple = llvm::sys::getDefaultTargetTriple();
  target.cpu = cpu;

  llvm::InitializeNativeTarget();
  std::string problem;
  llvm::Triple triple(target.triple);
  const llvm::Target *known =
      llvm::TargetRegistry::lookupTarget(triple, problem);
  if (!known)
    throw EnvironmentError("this LLVM cannot emit code for " + target.triple +
                           ": " + problem);
  // LLVM would print a warning about an unknown name and go on.
  std::unique_ptr<llvm::MCSubtargetInfo> generic(
      known->createMCSubtargetInfo(triple, "", ""));
  if (!generic->isCPUStringValid(cpu))
    throw UserError("cpu: LLVM knows no \"" + cpu + "\" of " + target.triple +
                    ": `llc-22 -mcpu=help` lists the names, \"\" means this "
                    "machine");
  std::unique_ptr<llvm::MCSubtargetInfo> subtarget(
      known->createMCSubtargetInfo(triple, cpu, ""));
  auto has = [&](const std::string &name) {
    return subtarget->checkFeatures("+" + name);
  };
  for (const auto &feature : llvm::sys::getHostCPUFeatures())
    if (!feature.getValue() && has(feature.getKey().str()))
      throw EnvironmentError("cpu: this machine cannot run code for " + cpu +
                             ": it lacks " + feature.getKey().str());
  describe(target, has);
  return target;
}

} // namespace lacuna
