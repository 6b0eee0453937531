//===- JsonFields.cpp - Untrusted JSON, read field by field ---------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "JsonFields.h"

#include <limits>

using nlohmann::json;

namespace lacuna {

namespace {

constexpr size_t kMaxQuotedLength = 40;
constexpr int kMaxDepth = 8;

std::string clipped(std::string_view text) {
  std::string kept(text.substr(0, kMaxQuotedLength));
  return text.size() > kMaxQuotedLength ? kept + "..." : kept;
}

/// The short lists and scalars are kept in the tree, the long ones are not.
class TreeFilter {
public:
  TreeFilter(const std::string &where, const std::set<std::string> &lists,
             size_t maxValues,
             std::map<std::string, std::vector<uint32_t>> &found)
      : where(where), lists(lists), maxValues(maxValues), found(found) {}

  /// A json::parser_callback_t: returns whether the node stays in the tree.
  bool keep(int depth, json::parse_event_t event, const json &value) {
    switch (event) {
    case json::parse_event_t::object_start:
      open(depth);
      refuseUnlessList(depth);
      keys.emplace_back();
      names.emplace_back();
      return true;
    case json::parse_event_t::object_end:
      keys.pop_back();
      names.pop_back();
      return true;
    case json::parse_event_t::array_start:
      if (depth == 0)
        fail("", "must be a JSON object");
      open(depth);
      if (depth == 1 && lists.count(names.back()) > 0)
        list = &found[names.back()];
      return true;
    case json::parse_event_t::array_end:
      if (depth == 1)
        list = nullptr;
      return true;
    case json::parse_event_t::key:
      enterField(value.get_ref<const std::string &>());
      return true;
    case json::parse_event_t::value:
      if (list && depth == 2) {
        list->push_back(toIndex(value));
        return false;
      }
      refuseUnlessList(depth);
      countValue();
      return true;
    }
    throw InternalError("unknown JSON event");
  }

private:
  [[noreturn]] void fail(const std::string &field,
                         const std::string &message) const {
    throw UserError(where + ": " + (field.empty() ? "" : field + ": ") +
                    message);
  }

  std::string path() const {
    std::string text;
    for (const std::string &name : names)
      text += (text.empty() ? "" : ".") + name;
    return text;
  }

  void open(int depth) {
    if (depth >= kMaxDepth)
      fail(path(),
           "is nested deeper than " + std::to_string(kMaxDepth) + " levels");
    if (list)
      fail(element(), "must be an integer");
    countValue();
  }

  void countValue() {
    if (++values > maxValues)
      fail(path(), "the text has more than " + std::to_string(maxValues) +
                       " values besides its lists");
  }

  void enterField(const std::string &name) {
    names.back() = quotedText(name).substr(1);
    names.back().pop_back();
    if (!keys.back().insert(name).second)
      fail(path(), "is a duplicate key");
  }

  std::string element() const {
    return names.back() + "[" + std::to_string(list->size()) + "]";
  }

  void refuseUnlessList(int depth) const {
    if (depth == 1 && lists.count(names.back()) > 0)
      fail(path(), "must be an array of integers");
  }

  uint32_t toIndex(const json &value) const {
    constexpr uint64_t kLimit = std::numeric_limits<uint32_t>::max();
    if (!value.is_number_unsigned() || value.get<uint64_t>() > kLimit)
      fail(element(), "is " + clipped(value.dump(-1, ' ', true)) +
                          ", must be an integer between 0 and " +
                          std::to_string(kLimit));
    return static_cast<uint32_t>(value.get<uint64_t>());
  }

  const std::string &where;
  const std::set<std::string> &lists;
  size_t maxValues;
  std::map<std::string, std::vector<uint32_t>> &found;
  /// One entry an open object: the keys seen, and the one being read.
  std::vector<std::set<std::string>> keys;
  std::vector<std::string> names;
  std::vector<uint32_t> *list = nullptr;
  size_t values = 0;
};

} // namespace

std::string quotedText(std::string_view text) {
  return json(clipped(text))
      .dump(-1, ' ', true, json::error_handler_t::replace);
}

JsonDocument parseJson(std::string_view text, const std::string &where,
                       const std::set<std::string> &lists, size_t maxValues) {
  JsonDocument document;
  TreeFilter filter(where, lists, maxValues, document.lists);
  auto callback = [&](int depth, json::parse_event_t event, json &value) {
    return filter.keep(depth, event, value);
  };
  try {
    document.root = json::parse(text.begin(), text.end(), callback);
  } catch (const json::parse_error &error) {
    std::string reason = error.what();
    reason.erase(0, reason.find("] ") + 2);
    throw UserError(where + ": offset " + std::to_string(error.byte) +
                    ": is not valid JSON: " + reason);
  } catch (const json::exception &error) {
    throw UserError(where + ": is not valid JSON: " + error.what());
  }
  if (!document.root.is_object())
    throw UserError(where + ": must be a JSON object");
  return document;
}

const json &JsonFields::present(const std::string &name) {
  auto field = tree.find(name);
  if (field == tree.end())
    fail(name, "is missing");
  read.insert(name);
  return *field;
}

bool JsonFields::isString(const std::string &name) {
  return present(name).is_string();
}

std::string JsonFields::string(const std::string &name) {
  if (!isString(name))
    fail(name, "must be a string");
  return present(name).get<std::string>();
}

int64_t JsonFields::toInteger(const json &value,
                              const std::string &name) const {
  constexpr uint64_t kLimit = std::numeric_limits<int64_t>::max();
  if (!value.is_number_integer() ||
      (value.is_number_unsigned() && value.get<uint64_t>() > kLimit))
    fail(name, "must be an integer of 64 bits");
  return value.get<int64_t>();
}

int64_t JsonFields::integer(const std::string &name) {
  return toInteger(present(name), name);
}

const json &JsonFields::array(const std::string &name) {
  const json &field = present(name);
  if (!field.is_array())
    fail(name, "must be an array");
  return field;
}

std::vector<int64_t> JsonFields::integers(const std::string &name) {
  std::vector<int64_t> result;
  for (const json &value : array(name))
    result.push_back(
        toInteger(value, name + "[" + std::to_string(result.size()) + "]"));
  return result;
}

std::vector<double> JsonFields::numbers(const std::string &name) {
  std::vector<double> result;
  for (const json &value : array(name)) {
    if (!value.is_number())
      fail(name + "[" + std::to_string(result.size()) + "]",
           "must be a number");
    result.push_back(value.get<double>());
  }
  return result;
}

std::vector<std::vector<uint8_t>>
JsonFields::byteLists(const std::string &name) {
  std::vector<std::vector<uint8_t>> result;
  for (const json &list : array(name)) {
    std::string listName = name + "[" + std::to_string(result.size()) + "]";
    if (!list.is_array())
      fail(listName, "must be an array");
    std::vector<uint8_t> bytes;
    for (const json &value : list) {
      std::string entry = listName + "[" + std::to_string(bytes.size()) + "]";
      int64_t integer = toInteger(value, entry);
      if (integer < 0 || integer > std::numeric_limits<uint8_t>::max())
        fail(entry,
             "is " + std::to_string(integer) + ", must be between 0 and 255");
      bytes.push_back(static_cast<uint8_t>(integer));
    }
    result.push_back(std::move(bytes));
  }
  return result;
}

JsonFields JsonFields::object(const std::string &name) {
  const json &field = present(name);
  if (!field.is_object())
    fail(name, "must be an object");
  return JsonFields(field, where, prefix() + name);
}

bool JsonFields::boolean(const std::string &name) {
  const json &field = present(name);
  if (!field.is_boolean())
    fail(name, "must be true or false");
  return field.get<bool>();
}

std::vector<std::string> JsonFields::strings(const std::string &name) {
  std::vector<std::string> result;
  for (const json &value : array(name)) {
    if (!value.is_string())
      fail(name + "[" + std::to_string(result.size()) + "]",
           "must be a string");
    result.push_back(value.get<std::string>());
  }
  return result;
}

std::vector<JsonFields> JsonFields::objects(const std::string &name) {
  std::vector<JsonFields> result;
  for (const json &value : array(name)) {
    std::string entry = name + "[" + std::to_string(result.size()) + "]";
    if (!value.is_object())
      fail(entry, "must be an object");
    result.push_back(JsonFields(value, where, prefix() + entry));
  }
  return result;
}

std::vector<std::string> JsonFields::names() const {
  std::vector<std::string> result;
  for (const auto &field : tree.items())
    result.push_back(field.key());
  return result;
}

void JsonFields::refuseUnread() const {
  for (const auto &field : tree.items())
    if (read.count(field.key()) == 0) {
      std::string known;
      for (const std::string &name : read)
        known += (known.empty() ? "" : ", ") + name;
      std::string name = quotedText(field.key());
      fail(name.substr(1, name.size() - 2),
           "is not a field here; this object has " + known);
    }
}

void JsonFields::fail(const std::string &name,
                      const std::string &message) const {
  throw UserError(where + ": " + prefix() + name + ": " + message);
}

} // namespace lacuna
