//===- JsonReport.h - The file that --json asks for ----------- -*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_COMPILER_TOOLS_LACUNA_JSONREPORT_H
#define LACUNA_COMPILER_TOOLS_LACUNA_JSONREPORT_H

#include <nlohmann/json.hpp>

#include <string>

namespace lacuna {

/// Indented. Where a path has bytes that are no UTF-8, which JSON cannot hold,
/// there is U+FFFD.
std::string jsonText(const nlohmann::ordered_json &content);

/// What a command has measured, as a file that is there whole or not at all.
class JsonReport {
public:
  /// Refuses a path that cannot be written before minutes go into its content.
  /// Throws EnvironmentError, and UserError where it is a folder. An empty path
  /// makes a report that goes nowhere.
  explicit JsonReport(const std::string &path);

  /// Throws EnvironmentError.
  void write(const nlohmann::ordered_json &content) const;

private:
  std::string path;
};

} // namespace lacuna

#endif // LACUNA_COMPILER_TOOLS_LACUNA_JSONREPORT_H
