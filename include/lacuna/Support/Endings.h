//===- Endings.h - Names told apart by how they end ------------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_SUPPORT_ENDINGS_H
#define LACUNA_SUPPORT_ENDINGS_H

#include <string>
#include <string_view>

namespace lacuna {

/// Whether a name ends so, and does not only consist of that.
inline bool endsWith(std::string_view name, std::string_view ending) {
  return name.size() > ending.size() &&
         name.substr(name.size() - ending.size()) == ending;
}

/// What comes before an ending that the name has.
inline std::string withoutEnding(const std::string &name,
                                 std::string_view ending) {
  return name.substr(0, name.size() - ending.size());
}

} // namespace lacuna

#endif // LACUNA_SUPPORT_ENDINGS_H
