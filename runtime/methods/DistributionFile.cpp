//===- DistributionFile.cpp - Sparsities of layers from a file ------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Runtime/Distribution.h"

#include "../formats/JsonFields.h"
#include "YamlRatios.h"

#include "lacuna/Support/Endings.h"
#include "lacuna/Support/Error.h"
#include "lacuna/Support/Files.h"

#include <cmath>
#include <regex>
#include <sstream>

namespace lacuna {

namespace {

constexpr int64_t kMaxBytes = int64_t(1) << 20;
/// std::regex takes some of the stack for each character.
constexpr size_t kMaxProfileName = 256;

void add(SparsityDistribution &distribution, const std::string &entry,
         const std::string &layer, double sparsity) {
  if (!(sparsity >= 0 && sparsity < 1)) {
    std::ostringstream message;
    message << distribution.source << ": " << entry << ": is " << sparsity
            << ", must be at least 0 and below 1";
    throw UserError(message.str());
  }
  if (!distribution.sparsities.emplace(layer, sparsity).second)
    throw UserError(distribution.source + ": " + entry + ": layer " + layer +
                    " is named twice");
}

void readJson(SparsityDistribution &distribution, const std::string &text) {
  JsonDocument document = parseJson(text, distribution.source, {});
  for (const auto &[name, value] : document.root.items()) {
    if (!value.is_number())
      throw UserError(distribution.source + ": " + name + ": must be a number");
    add(distribution, name, name, value.get<double>());
  }
}

/// Lacuna's name of a weight in a profile.
std::string layerNamed(std::string name) {
  if (endsWith(name, ".weight"))
    name = withoutEnding(name, ".weight");
  static const std::regex block(R"((?:module\.)?layer(\d+)\.(\d{1,4})\.(\w+))");
  std::smatch match;
  if (name.size() <= kMaxProfileName && std::regex_match(name, match, block))
    return "stage" + match[1].str() + ".block" +
           std::to_string(std::stoi(match[2].str()) + 1) + "." + match[3].str();
  return name;
}

void readYaml(SparsityDistribution &distribution, const std::string &text) {
  for (const auto &[name, ratio] : yamlRatios(text, distribution.source))
    add(distribution, name, layerNamed(name), ratio);
}

} // namespace

SparsityDistribution parseDistribution(const std::string &text) {
  SparsityDistribution distribution;
  using Kind = SparsityDistribution::Kind;
  if (text == "uniform")
    return distribution;
  distribution.kind = text == "er"    ? Kind::ErdosRenyi
                      : text == "erk" ? Kind::ErdosRenyiKernel
                                      : Kind::Explicit;
  if (distribution.kind != Kind::Explicit)
    return distribution;
  bool json = endsWith(text, ".json");
  if (!json && !endsWith(text, ".yaml") && !endsWith(text, ".yml"))
    throw UserError("distribution: '" + text +
                    "' is unknown, use one of uniform, er, erk, or a file "
                    "named *.json, *.yaml or *.yml");
  distribution.source = text;
  std::string content = readFile(text, kMaxBytes);
  json ? readJson(distribution, content) : readYaml(distribution, content);
  return distribution;
}

} // namespace lacuna
