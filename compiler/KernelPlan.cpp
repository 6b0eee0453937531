//===- KernelPlan.cpp - Schedule, name and key of a kernel ----------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LoadedObject.h"

#include "lacuna/Compiler/KernelCompiler.h"
#include "lacuna/Support/Error.h"

#include "mlir/IR/Verifier.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/Support/SHA256.h"
#include "llvm/TargetParser/Host.h"

#include <algorithm>

namespace lacuna {

namespace {

std::string pairText(const Extent2d &pair) {
  return std::to_string(pair.height) + "x" + std::to_string(pair.width);
}

std::string structureName(const Structure &structure) {
  std::string name(schemeName(structure.scheme));
  if (structure.scheme == Scheme::Block)
    name += std::to_string(structure.blockRows) + "x1";
  if (structure.scheme == Scheme::Pattern)
    name += std::to_string(structure.patterns.size());
  return name;
}

/// op_dtype_structure_OxIxKHxKW_HxW_sS_pP[_fusion...]_level (docs/kernels.md).
std::string kernelName(const KernelRequest &request, const Schedule &schedule) {
  const Geometry &g = request.geometry;
  std::string operation(operationName(request.operation));
  std::replace(operation.begin(), operation.end(), '-', '_');
  std::string name = g.kind == LayerKind::Conv2d ? "conv2d_" : "linear_";
  name += operation + "_f32_" + structureName(request.structure) + "_" +
          std::to_string(g.outChannels) + "x" + std::to_string(g.inChannels);
  if (g.kind == LayerKind::Conv2d)
    name += "x" + pairText(g.kernel) + "_" + pairText(g.input) + "_s" +
            pairText(g.stride) + "_p" + pairText(g.padding);
  const Fusion &fusion = request.fusion;
  if (fusion.bias)
    name += "_bias";
  if (fusion.normalise)
    name += "_normalise";
  if (fusion.statistics)
    name += "_statistics";
  if (fusion.accumulate)
    name += "_accumulate";
  if (fusion.normGradient)
    name += fusion.normResidual ? "_normresidual" : "_normgradient";
  return name + "_" + levelName(schedule.level);
}

std::string canonicalText(const KernelRequest &request, const Schedule &s,
                          const Target &target) {
  std::string text = "lacuna kernel\nabi " +
                     std::to_string(LACUNA_KERNEL_ABI_VERSION) + "\ncompiler " +
                     compilerBuildId() + "\nllvm " LLVM_VERSION_STRING "\n" +
                     target.canonicalText() + kernelName(request, s) + "\n";
  for (const KernelPattern &pattern : request.structure.patterns) {
    text += "pattern";
    for (uint8_t tap : pattern)
      text += " " + std::to_string(tap);
    text += "\n";
  }
  text += "schedule";
  Schedule::forEach(s, [&](const char *, int64_t choice) {
    text += " " + std::to_string(choice);
  });
  return text + "\n";
}

void verifyRequest(const KernelRequest &request) {
  request.geometry.verify();
  request.structure.verify(request.geometry);
  verifyInvariant(
      request.fusion.suits(request.operation, request.geometry.kind),
      "a kernel is asked to fuse what its operation cannot");
}

/// Throws InternalError for a schedule that cannot serve the request.
bool unrollsTooMuch(const KernelRequest &request, const Schedule &schedule) {
  StreamLayout layout(request.operation, request.geometry, request.structure,
                      schedule);
  return unrolledMultiplyAdds(layout, request.fusion) >
         kMaxUnrolledMultiplyAdds;
}

KernelPlan planOf(const KernelRequest &request, const Target &target,
                  const Schedule &schedule) {
  KernelPlan plan;
  plan.request = request;
  plan.schedule = schedule;
  plan.text = canonicalText(request, schedule, target);
  llvm::SHA256 hash;
  hash.update(plan.text);
  plan.key = llvm::toHex(hash.final(), /*LowerCase=*/true);
  plan.name = kernelName(request, schedule) + "_" + plan.key.substr(0, 8);
  return plan;
}

/// The build id in one note segment of a loaded object; empty if there is none.
std::string buildIdIn(const dl_phdr_info &object, const ElfW(Phdr) & segment) {
  const char *at =
      reinterpret_cast<const char *>(object.dlpi_addr + segment.p_vaddr);
  const char *end = at + segment.p_memsz;
  auto aligned = [](size_t size) { return (size + 3) & ~size_t(3); };
  while (at + sizeof(ElfW(Nhdr)) <= end) {
    auto *note = reinterpret_cast<const ElfW(Nhdr) *>(at);
    const char *name = at + sizeof(ElfW(Nhdr));
    const char *content = name + aligned(note->n_namesz);
    if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4)
      return llvm::toHex(llvm::StringRef(content, note->n_descsz), true);
    at = content + aligned(note->n_descsz);
  }
  return {};
}

/// The build id of the loaded object that holds an address.
std::string buildIdAt(uintptr_t address) {
  std::string id;
  visitLoadedObject(address, [&](const dl_phdr_info &object) {
    for (const ElfW(Phdr) &segment : segmentsOf(object))
      if (segment.p_type == PT_NOTE && id.empty())
        id = buildIdIn(object, segment);
  });
  return id;
}

} // namespace

std::string compilerBuildId() {
  static const std::string id = [] {
    // A library that is updated in place emits other code under one version.
    std::string all;
    for (uintptr_t address :
         {reinterpret_cast<uintptr_t>(&compilerBuildId),
          reinterpret_cast<uintptr_t>(&llvm::sys::getHostCPUName),
          reinterpret_cast<uintptr_t>(&mlir::verify)}) {
      std::string one = buildIdAt(address);
      if (one.empty())
        return std::string();
      all += (all.empty() ? "" : "-") + one;
    }
    return all;
  }();
  return id;
}

KernelPlan planKernel(const KernelRequest &request, const Target &target) {
  if (request.schedule)
    return planKernel(request, target, *request.schedule);
  auto choose = [&](Level level) {
    return chooseSchedule(request.operation, request.geometry,
                          request.structure, level, target.description);
  };
  verifyRequest(request);
  Schedule schedule = choose(request.level);
  if (unrollsTooMuch(request, schedule))
    schedule = choose(Level::Stream);
  return planOf(request, target, schedule);
}

KernelPlan planKernel(const KernelRequest &request, const Target &target,
                      const Schedule &schedule) {
  verifyRequest(request);
  verifyInvariant(schedule.lanes == target.description.lanes,
                  "a schedule has other lanes than its target");
  verifyInvariant(!unrollsTooMuch(request, schedule),
                  "a schedule unrolls more than code may");
  return planOf(request, target, schedule);
}

} // namespace lacuna
