//===- JsonReport.cpp - The file that --json asks for ---------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "JsonReport.h"

#include "lacuna/Support/Error.h"
#include "lacuna/Support/Files.h"

#include <functional>

namespace lacuna {

/// Names the flag in what `action` throws.
static void ofFlag(const std::function<void()> &action) {
  constexpr char kFlag[] = "--json: ";
  try {
    action();
  } catch (const UserError &error) {
    throw UserError(kFlag + std::string(error.what()));
  } catch (const EnvironmentError &error) {
    throw EnvironmentError(kFlag + std::string(error.what()));
  }
}

std::string jsonText(const nlohmann::ordered_json &content) {
  return content.dump(2, ' ', /*ensure_ascii=*/false,
                      nlohmann::ordered_json::error_handler_t::replace);
}

JsonReport::JsonReport(const std::string &path) : path(path) {
  if (!path.empty())
    ofFlag([&] { verifyWritable(path); });
}

void JsonReport::write(const nlohmann::ordered_json &content) const {
  if (!path.empty())
    ofFlag([&] { writeFileAtomically(path, {jsonText(content) + "\n"}); });
}

} // namespace lacuna
