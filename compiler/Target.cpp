//===- Target.cpp - What kernels are compiled for -------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Compiler/Target.h"

#include "Emission.h"

#include "lacuna/Runtime/CpuFeatures.h"
#include "lacuna/Support/Error.h"

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/SubtargetFeature.h"
#include "llvm/TargetParser/Triple.h"

#include <map>
#include <memory>
#include <set>
#include <unistd.h>

namespace lacuna {

namespace {

constexpr int64_t kAssumedL1Bytes = 32768;
constexpr const char *kX86 = "x86_64-unknown-linux-gnu";
constexpr const char *kAArch64 = "aarch64-unknown-linux-gnu";
constexpr const char *kApple = "arm64-apple-macosx11.0.0";
constexpr const char *kArm = "armv7-unknown-linux-gnueabihf";

int64_t hostL1Bytes() {
  long bytes = sysconf(_SC_LEVEL1_DCACHE_SIZE);
  return bytes > 0 ? bytes : kAssumedL1Bytes;
}

const KnownCpu *findCpu(llvm::StringRef name) {
  for (const KnownCpu &known : knownCpus())
    if (name == known.name)
      return &known;
  return nullptr;
}

using HasFeature = llvm::function_ref<bool(const char *)>;

/// The features, with commas, that kernels need and a CPU does not have.
std::string missingFeatures(const llvm::Triple &triple, HasFeature hasFeature) {
  std::vector<const char *> needed;
  if (triple.isX86())
    needed = {"avx2", "fma"};
  // Fused multiply-add came with VFPv4.
  if (triple.isARM())
    needed = {"neon", "vfp4"};
  std::string missing;
  for (const char *feature : needed)
    if (!hasFeature(feature))
      missing += (missing.empty() ? "" : ", ") + std::string(feature);
  return missing;
}

/// Sets what schedules depend on from the features of a CPU that has those
/// kernels need.
void describe(Target &target, HasFeature hasFeature) {
  llvm::Triple triple(target.triple);
  if (triple.isAArch64()) {
    const KnownCpu *known = findCpu(target.cpu);
    if (!hasFeature("sve"))
      target.sveBits = 0;
    target.description.lanes = target.sveBits > 0 ? target.sveBits / 32 : 4;
    target.description.vectorRegisters = 32;
    if (target.sveBits == 0)
      target.description.instructions = {/*laneFactors=*/true,
                                         known && known->unscaledLoads,
                                         /*streamingStores=*/false,
                                         /*multiplyAddsInFlight=*/16};
    return;
  }
  if (triple.isARM()) {
    target.description.lanes = 4;
    target.description.vectorRegisters = 16;
    return;
  }
  bool avx512 = hasFeature("avx512f") && hasFeature("avx512dq") &&
                hasFeature("avx512bw") && hasFeature("avx512vl");
  target.description.lanes = avx512 ? 16 : 8;
  target.description.vectorRegisters = avx512 ? 32 : 16;
  target.description.instructions.streamingStores = true;
}

/// What LLVM knows of the features of a target.
class Subtarget {
public:
  explicit Subtarget(const Target &target) {
    llvm::Triple triple(target.triple);
    const llvm::Target &backend = backendFor(target.triple);
    // LLVM would print a warning about an unknown name and go on.
    std::unique_ptr<llvm::MCSubtargetInfo> generic(
        backend.createMCSubtargetInfo(triple, "", ""));
    if (!generic->isCPUStringValid(target.cpu))
      throw UserError("cpu: LLVM knows no \"" + target.cpu + "\" of " +
                      target.triple +
                      ": `llc-22 -march=... -mcpu=help` lists the names, "
                      "`lacuna targets` those Lacuna is tested with");
    info.reset(
        backend.createMCSubtargetInfo(triple, target.cpu, target.features));
  }

  bool has(const std::string &feature) const {
    return info->checkFeatures("+" + feature);
  }

private:
  std::unique_ptr<llvm::MCSubtargetInfo> info;
};

Target namedTarget(const std::string &triple, const std::string &cpu) {
  Target target;
  target.triple = triple;
  target.cpu = cpu;
  target.description.l1Bytes = kAssumedL1Bytes;
  // LLVM does not take NEON for granted on 32-bit ARM, Lacuna does.
  if (llvm::Triple(triple).isARM())
    target.features = "+neon";
  if (const KnownCpu *known = findCpu(cpu)) {
    target.description.l1Bytes = known->l1Bytes;
    target.sveBits = known->sveBits;
  }
  Subtarget subtarget(target);
  auto hasFeature = [&](const char *name) { return subtarget.has(name); };
  std::string missing = missingFeatures(llvm::Triple(triple), hasFeature);
  if (!missing.empty())
    throw UserError("cpu: \"" + cpu + "\" of " + triple + " lacks " + missing +
                    ", which kernels need; `lacuna targets` lists CPUs that "
                    "have what it takes");
  // What cannot be asked of a machine (CpuFeatures.h) must not be relied on.
  if (llvm::Triple(triple).isX86() && hasFeature("egpr"))
    throw UserError("cpu: \"" + cpu +
                    "\" has APX, which the runtime cannot ask a machine for; "
                    "give a CPU without it, such as znver5");
  describe(target, hasFeature);
  return target;
}

/// The triple of a CPU that is to run here: that which offline compiles for it
/// use, if it says the same, so that both share schedules.
std::string hostTripleOf(const std::string &cpu) {
  std::string host = llvm::sys::getDefaultTargetTriple();
  const KnownCpu *known = findCpu(cpu);
  if (!known)
    return host;
  llvm::Triple ours(llvm::Triple::normalize(host)), theirs(known->triple);
  bool same = ours.getArch() == theirs.getArch() &&
              ours.getOS() == theirs.getOS() &&
              ours.getEnvironment() == theirs.getEnvironment();
  return same ? known->triple : host;
}

/// Whether a normalised triple names a system, as far as it says one. Vendors
/// may be any: distributions put their names there.
bool namesSystem(const llvm::Triple &triple) {
  llvm::StringRef system = triple.getOSName(),
                  environment = triple.getEnvironmentName();
  bool bare = system == "none" || system == "unknown" ||
              (system.empty() && triple.getVendorName().empty());
  bool isFormat = environment == "elf" || environment == "macho";
  return (bare || triple.getOS() != llvm::Triple::UnknownOS) &&
         (environment.empty() || isFormat ||
          triple.getEnvironment() != llvm::Triple::UnknownEnvironment);
}

/// The names and triples that Lacuna is tested with.
std::string testedTargets() {
  std::string names;
  std::set<std::string> triples;
  for (const KnownCpu &known : knownCpus()) {
    names += (names.empty() ? "" : ", ") + std::string(known.name);
    triples.insert(known.triple);
  }
  return names + ", or a triple as " + llvm::join(triples, ", ");
}

/// The least CPU of a triple that Lacuna has kernels for.
const char *leastCpu(const llvm::Triple &triple) {
  if (triple.isX86())
    return "x86-64-v3";
  return triple.isARM() ? "cortex-a15" : "generic";
}

} // namespace

std::string Target::canonicalText() const {
  return "triple " + triple + "\ncpu " + cpu + "\nfeatures " + features +
         "\nsve " + std::to_string(sveBits) + "\nlanes " +
         std::to_string(description.lanes) + "\nregisters " +
         std::to_string(description.vectorRegisters) + "\nl1 " +
         std::to_string(description.l1Bytes) + "\nlane factors " +
         std::to_string(description.instructions.laneFactors) +
         "\nunscaled loads " +
         std::to_string(description.instructions.unscaledLoads) +
         "\nstreaming stores " +
         std::to_string(description.instructions.streamingStores) +
         "\nFMAs in flight " +
         std::to_string(description.instructions.multiplyAddsInFlight) + "\n";
}

Target hostTarget() {
  Target target;
  target.triple = llvm::sys::getDefaultTargetTriple();
  target.cpu = llvm::sys::getHostCPUName().str();
  target.description.l1Bytes = hostL1Bytes();
  llvm::StringMap<bool> detected = llvm::sys::getHostCPUFeatures();
  // Sorted, so that the text, and with it every kernel key, is always the same.
  std::map<std::string, bool> sorted;
  for (const auto &feature : detected)
    sorted[feature.getKey().str()] = feature.getValue();
  llvm::SubtargetFeatures features;
  for (const auto &[name, present] : sorted)
    features.AddFeature(name, present);
  target.features = features.getString();
  const KnownCpu *known = findCpu(target.cpu);
  if (known && cpuHasFeature("sve-" + std::to_string(known->sveBits)))
    target.sveBits = known->sveBits;
  auto hasFeature = [&](const char *name) { return detected.lookup(name); };
  llvm::Triple triple(target.triple);
  std::string missing = missingFeatures(triple, hasFeature);
  if (!missing.empty() || architectureOf(target.triple).empty())
    throw EnvironmentError(
        "this machine (" + target.cpu + ", " + target.triple + ")" +
        (missing.empty() ? "" : " lacks " + missing) +
        ": Lacuna needs x86-64 with AVX2 and FMA, 64-bit ARM, or ARMv7 with "
        "NEON and VFPv4");
  describe(target, hasFeature);
  return target;
}

Target targetFor(const std::string &cpu) {
  if (cpu.empty())
    return hostTarget();
  Target target = namedTarget(hostTripleOf(cpu), cpu);
  // As for bundles. What LLVM detects is of no use in emulators: on ARM it
  // reads /proc/cpuinfo, which describes the machine below.
  for (const std::string &feature : requiredFeatures(target))
    if (!cpuHasFeature(feature))
      throw EnvironmentError("cpu: this machine cannot run code for " + cpu +
                             ": it lacks " + feature);
  return target;
}

const std::vector<KnownCpu> &knownCpus() {
  constexpr int64_t kKiB = 1024;
  static const std::vector<KnownCpu> known = {
      {"x86-64-v3", kX86, 32 * kKiB, 0, false,
       "AVX2 and FMA: Haswell and later, Zen"},
      {"x86-64-v4", kX86, 32 * kKiB, 0, false,
       "AVX-512: Skylake server, Zen 4"},
      {"znver5", kX86, 48 * kKiB, 0, false, "AMD Zen 5"},
      {"cortex-a55", kAArch64, 32 * kKiB, 0, false, "small cores"},
      {"cortex-a76", kAArch64, 64 * kKiB, 0, true, "Raspberry Pi 5"},
      {"neoverse-n1", kAArch64, 64 * kKiB, 0, true, "Graviton 2, Ampere Altra"},
      {"neoverse-v1", kAArch64, 64 * kKiB, 256, false,
       "Graviton 3; SVE registers of 256 bits"},
      {"neoverse-v2", kAArch64, 64 * kKiB, 0, true,
       "Graviton 4, Grace; its SVE registers are NEON's 128 bits, so NEON "
       "code"},
      {"apple-m1", kApple, 128 * kKiB, 0, false,
       "Mach-O: no --emit=shared without Apple's linker"},
      {"cortex-a15", kArm, 32 * kKiB, 0, false,
       "ARMv7 with NEON and VFPv4; the runtime has no operators for it yet"},
  };
  return known;
}

Target crossTarget(const std::string &wantedTriple, const std::string &cpu) {
  if (wantedTriple.empty() && cpu.empty())
    return hostTarget();
  if (const KnownCpu *known = findCpu(wantedTriple)) {
    if (!cpu.empty() && cpu != wantedTriple)
      throw UserError("target: \"" + wantedTriple +
                      "\" is a CPU, and cpu says "
                      "\"" +
                      cpu + "\"; give a triple, or one name");
    return namedTarget(known->triple, known->name);
  }
  std::string triple = wantedTriple;
  if (triple.empty()) {
    const KnownCpu *known = findCpu(cpu);
    triple = known ? known->triple : llvm::sys::getDefaultTargetTriple();
  }
  llvm::Triple parsed(llvm::Triple::normalize(triple));
  if (architectureOf(triple).empty() || !parsed.isLittleEndian())
    throw UserError("target: Lacuna has no kernels for \"" + triple +
                    "\": `lacuna targets` lists what it has");
  if (!namesSystem(parsed))
    throw UserError("target: \"" + triple +
                    "\" names no system that LLVM knows; give one of " +
                    testedTargets());
  if (!parsed.isOSBinFormatELF() && !parsed.isOSBinFormatMachO())
    throw UserError("target: Lacuna writes ELF and Mach-O objects, not those "
                    "of \"" +
                    triple + "\"");
  return namedTarget(parsed.str(), cpu.empty() ? leastCpu(parsed) : cpu);
}

std::vector<std::string> requiredFeatures(const Target &target) {
  Subtarget subtarget(target);
  std::vector<std::string> required;
  for (const std::string &feature :
       knownCpuFeatures(architectureOf(target.triple)))
    if (target.sveBits > 0 &&
        feature == "sve-" + std::to_string(target.sveBits))
      required.push_back(feature);
    else if (feature.rfind("sve-", 0) != 0 && subtarget.has(feature))
      required.push_back(feature);
  return required;
}

} // namespace lacuna
