//===- CpuFeatures.h - What this machine's CPU can do -----------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_RUNTIME_CPUFEATURES_H
#define LACUNA_RUNTIME_CPUFEATURES_H

#include <string>
#include <string_view>
#include <vector>

namespace lacuna {

/// "x86_64", "aarch64" or "arm": what this code was compiled for.
std::string_view hostArchitecture();

/// The architecture of a target triple, by the names of hostArchitecture();
/// empty when it is none of them.
std::string_view architectureOf(std::string_view triple);

/// The features of an architecture that can be asked for at run time, by LLVM's
/// names: those that a compiler may use in kernels. "sve-N" is an SVE register
/// of exactly N bits.
const std::vector<std::string> &knownCpuFeatures(std::string_view architecture);

/// Whether this machine has a feature, by the names of knownCpuFeatures(), from
/// cpuid or the auxiliary vector. False for names it does not know.
bool cpuHasFeature(std::string_view feature);

} // namespace lacuna

#endif // LACUNA_RUNTIME_CPUFEATURES_H
