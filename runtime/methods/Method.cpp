//===- Method.cpp - Dynamic sparse training methods -----------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Runtime/Method.h"

#include "Growth.h"
#include "Methods.h"

#include "lacuna/Support/Error.h"

#include <cmath>
#include <sstream>

namespace lacuna {

namespace {

struct Entry {
  std::string name;
  std::unique_ptr<Method> (*make)(const MethodOptions &);
};

const std::vector<Entry> &entries() {
  static const std::vector<Entry> table{
      {"dense", makeDense},      {"static", makeStatic},
      {"mest", makeMest},        {"mest-em", makeMestEm},
      {"mest-ems", makeMestEms}, {"mest-ems-readme", makeMestEmsReadme},
  };
  return table;
}

} // namespace

Method::Method(const MethodOptions &options) : options(options) {
  auto reject = [](const char *field, double value, const char *rule) {
    std::ostringstream message;
    message << field << ": is " << value << ", must be " << rule;
    throw UserError(message.str());
  };
  if (!(options.sparsity >= 0 && options.sparsity < 1))
    reject("sparsity", options.sparsity, "at least 0 and below 1");
  if (options.epochs < 1)
    reject("epochs", options.epochs, "at least 1");
  if (!(options.lambda >= 0) || std::isinf(options.lambda))
    reject("lambda", options.lambda, "a finite number, at least 0");
}

ActiveSet Method::initialise(const SparseParameter &parameter,
                             const MutationEvent &event) const {
  RandomStream stream(event.seed, RandomPurpose::InitialMask, event.layer);
  return drawUnits(parameter, unitsAtSparsity(parameter, options.sparsity),
                   stream);
}

std::vector<double> Method::score(const SparseParameter &parameter) const {
  std::vector<int64_t> starts = parameter.unitStarts();
  std::vector<double> scores;
  scores.reserve(starts.size() - 1);
  for (size_t slot = 0; slot + 1 < starts.size(); ++slot) {
    double squares = 0;
    for (int64_t i = starts[slot]; i < starts[slot + 1]; ++i) {
      double importance =
          std::abs(double(parameter.values()[i])) +
          options.lambda * std::abs(double(parameter.gradient()[i]));
      squares += importance * importance;
    }
    scores.push_back(std::sqrt(squares));
  }
  return scores;
}

bool Method::finish(SparseParameter &parameter) const {
  int64_t target = unitsAtSparsity(parameter, finalSparsity());
  bool changed = pruneToUnits(parameter, target, score(parameter));
  verifyInvariant(parameter.activeUnits() == target,
                  "training ends at another sparsity than asked for");
  return changed;
}

std::vector<std::string> methodNames() {
  std::vector<std::string> names;
  for (const Entry &entry : entries())
    names.push_back(entry.name);
  return names;
}

std::unique_ptr<Method> makeMethod(const std::string &name,
                                   const MethodOptions &options) {
  std::string known;
  for (const Entry &entry : entries()) {
    if (entry.name == name)
      return entry.make(options);
    known += (known.empty() ? "" : ", ") + entry.name;
  }
  throw UserError("method: '" + name + "' is unknown, use one of " + known);
}

} // namespace lacuna
