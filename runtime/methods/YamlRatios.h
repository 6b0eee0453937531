//===- YamlRatios.h - Sparsities in YAML profiles ---------------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_RUNTIME_METHODS_YAMLRATIOS_H
#define LACUNA_RUNTIME_METHODS_YAMLRATIOS_H

#include <string>
#include <utility>
#include <vector>

namespace lacuna {

/// The map `prune_ratios` of a profile. Throws UserError naming `source` for
/// other texts, EnvironmentError in builds without yaml-cpp.
std::vector<std::pair<std::string, double>>
yamlRatios(const std::string &text, const std::string &source);

} // namespace lacuna

#endif // LACUNA_RUNTIME_METHODS_YAMLRATIOS_H
