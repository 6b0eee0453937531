//===- JsonFields.h - Untrusted JSON, read field by field -------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every error is a UserError that names the file and the field's path.
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_RUNTIME_FORMATS_JSONFIELDS_H
#define LACUNA_RUNTIME_FORMATS_JSONFIELDS_H

#include "lacuna/Support/Error.h"

#include <nlohmann/json.hpp>

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace lacuna {

/// The text as JSON, cut to a length that fits a message.
std::string quotedText(std::string_view text);

inline constexpr size_t kMaxJsonValues = 1 << 16;

struct JsonDocument {
  nlohmann::json root;
  /// The long integer lists of the root object; in `root` they are empty.
  std::map<std::string, std::vector<uint32_t>> lists;
};

/// Parses an object. The fields of the root named in `lists` must be arrays of
/// integers in [0, 2^32): they go straight into vectors, as a tree of millions
/// of nodes would multiply the memory an untrusted text costs. Everything else
/// is limited in depth, and in number to `maxValues`. Duplicate keys are
/// errors.
JsonDocument parseJson(std::string_view text, const std::string &where,
                       const std::set<std::string> &lists,
                       size_t maxValues = kMaxJsonValues);

/// The fields of one object, each asked for by name and type.
class JsonFields {
public:
  /// `path` is that of the object, empty for the root.
  JsonFields(const nlohmann::json &object, const std::string &where,
             const std::string &path)
      : tree(object), where(where), path(path) {}

  /// The field, whatever its type. Throws when it is missing.
  const nlohmann::json &present(const std::string &name);
  bool isString(const std::string &name);
  std::string string(const std::string &name);
  int64_t integer(const std::string &name);
  std::vector<int64_t> integers(const std::string &name);
  std::vector<double> numbers(const std::string &name);
  /// An array of arrays of integers in [0, 255].
  std::vector<std::vector<uint8_t>> byteLists(const std::string &name);
  bool boolean(const std::string &name);
  std::vector<std::string> strings(const std::string &name);
  JsonFields object(const std::string &name);
  /// The entries of an array of objects.
  std::vector<JsonFields> objects(const std::string &name);
  /// The keys of this object.
  std::vector<std::string> names() const;

  /// Throws naming a field nobody asked for.
  void refuseUnread() const;
  [[noreturn]] void fail(const std::string &name,
                         const std::string &message) const;
  /// Runs a check that names a field of this object in its UserError.
  template <typename Check> void verifying(Check check) const {
    try {
      check();
    } catch (const UserError &error) {
      throw UserError(where + ": " + prefix() + error.what());
    }
  }

private:
  std::string prefix() const { return path.empty() ? "" : path + "."; }
  int64_t toInteger(const nlohmann::json &value, const std::string &name) const;
  const nlohmann::json &array(const std::string &name);

  const nlohmann::json &tree;
  std::string where;
  std::string path;
  std::set<std::string> read;
};

} // namespace lacuna

#endif // LACUNA_RUNTIME_FORMATS_JSONFIELDS_H
