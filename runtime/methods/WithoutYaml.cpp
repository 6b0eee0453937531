//===- WithoutYaml.cpp - Builds without yaml-cpp --------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "YamlRatios.h"

#include "lacuna/Support/Error.h"

namespace lacuna {

std::vector<std::pair<std::string, double>>
yamlRatios(const std::string &, const std::string &source) {
  throw EnvironmentError(source + ": this build of Lacuna reads no YAML "
                                  "(LACUNA_WITH_CODECS is off); write the "
                                  "sparsities as JSON");
}

} // namespace lacuna
