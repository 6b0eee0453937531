//===- YamlRatios.cpp - Sparsities in YAML profiles -----------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "YamlRatios.h"

#include "lacuna/Support/Error.h"

#include <yaml-cpp/yaml.h>

namespace lacuna {

std::vector<std::pair<std::string, double>>
yamlRatios(const std::string &text, const std::string &source) {
  std::vector<std::pair<std::string, double>> result;
  try {
    YAML::Node ratios = YAML::Load(text)["prune_ratios"];
    if (!ratios || !ratios.IsMap())
      throw UserError(source +
                      ": has no map prune_ratios of sparsities by weight");
    for (const auto &entry : ratios)
      result.emplace_back(entry.first.as<std::string>(),
                          entry.second.as<double>());
  } catch (const YAML::Exception &error) {
    throw UserError(source + ": is not a valid profile: " + error.what());
  }
  return result;
}

} // namespace lacuna
