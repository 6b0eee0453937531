//===- TrainResume.cpp - The flags a run is resumed with ------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TrainResume.h"

#include "lacuna/Support/Error.h"

#include <nlohmann/json.hpp>

#include <cstdlib>
#include <map>
#include <set>

namespace lacuna {

namespace {

using Json = nlohmann::json;
using Flags = std::map<std::string, std::vector<std::string>>;

/// Flags that may differ between a run and its resumption: none of them changes
/// a bit of the result, but for the CPU, which may change with the machine too.
/// Data is compared by content, not by folder.
const std::set<std::string> kFree = {
    "cache-dir",     "cache-limit", "cpu",         "data",
    "dump-ir",       "image-cache", "metrics",     "quiet",
    "no-disk-cache", "resume",      "save",        "save-every",
    "save-steps",    "threads",     "weights-hash"};

/// Not taken over from the first run.
const std::set<std::string> kOfOneRun = {"init", "resume", "save"};

Flags givenFlags(const CLI::App &app) {
  Flags flags;
  for (const CLI::Option *option : app.get_options())
    if (option->count() > 0)
      flags[option->get_single_name()] = option->results();
  return flags;
}

bool sameValue(const std::string &a, const std::string &b) {
  if (a == b)
    return true;
  char *endOfA = nullptr, *endOfB = nullptr;
  double left = std::strtod(a.c_str(), &endOfA);
  double right = std::strtod(b.c_str(), &endOfB);
  return !a.empty() && !b.empty() && *endOfA == 0 && *endOfB == 0 &&
         left == right;
}

bool sameValues(const std::vector<std::string> &a,
                const std::vector<std::string> &b) {
  bool same = a.size() == b.size();
  for (size_t i = 0; same && i < a.size(); ++i)
    same = sameValue(a[i], b[i]);
  return same;
}

std::string joined(const std::vector<std::string> &words) {
  std::string text;
  for (const std::string &word : words)
    text += (text.empty() ? "" : " ") + word;
  return text;
}

Flags parseRecord(const std::string &record, const std::string &where) {
  Json root = Json::parse(record, nullptr, /*allow_exceptions=*/false);
  try {
    return root.get<Flags>();
  } catch (const Json::exception &) {
    throw UserError(where + ": is not a record of flags");
  }
}

} // namespace

std::string recordFlags(const CLI::App &app) {
  return Json(givenFlags(app))
      .dump(-1, ' ', true, Json::error_handler_t::replace);
}

std::vector<std::string> resumedFlags(const std::string &record,
                                      const std::string &where,
                                      const CLI::App &given) {
  Flags flags = parseRecord(record, where);
  for (const std::string &name : kOfOneRun)
    flags.erase(name);
  for (const auto &[name, values] : givenFlags(given)) {
    auto recorded = flags.find(name);
    if (kFree.count(name) == 0) {
      std::vector<std::string> before =
          recorded != flags.end()
              ? recorded->second
              : std::vector<std::string>{
                    given.get_option("--" + name)->get_default_str()};
      if (!sameValues(before, values))
        throw UserError(where + ": " + name + ": is " +
                        (before == std::vector<std::string>{""}
                             ? "not given"
                             : "'" + joined(before) + "'") +
                        " there, this command line says '" + joined(values) +
                        "'; leave the flag out, or start a new run");
    }
    flags[name] = values;
  }
  std::vector<std::string> words;
  for (const auto &[name, values] : flags) {
    const CLI::Option *option = given.get_option_no_throw("--" + name);
    if (!option)
      throw UserError(where + ": " + name + ": this Lacuna has no such flag");
    // A flag may have been given a value: --nesterov=false.
    bool isFlag = option->get_expected_max() == 0 && !values.empty();
    words.push_back("--" + name + (isFlag ? "=" + values.back() : ""));
    if (!isFlag)
      words.insert(words.end(), values.begin(), values.end());
  }
  return words;
}

} // namespace lacuna
