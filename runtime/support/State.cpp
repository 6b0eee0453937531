//===- State.cpp - What a run needs to go on bit for bit ------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Runtime/State.h"

#include "lacuna/Support/Error.h"

#include <charconv>

namespace lacuna {

std::string_view stateTypeName(StateType type) {
  switch (type) {
  case StateType::U8:
    return "U8";
  case StateType::U32:
    return "U32";
  case StateType::I32:
    return "I32";
  case StateType::U64:
    return "U64";
  case StateType::I64:
    return "I64";
  case StateType::F32:
    return "F32";
  case StateType::F64:
    return "F64";
  }
  throw InternalError("unknown type of state");
}

int64_t stateTypeBytes(StateType type) {
  switch (type) {
  case StateType::U8:
    return 1;
  case StateType::U32:
  case StateType::I32:
  case StateType::F32:
    return 4;
  case StateType::U64:
  case StateType::I64:
  case StateType::F64:
    return 8;
  }
  throw InternalError("unknown type of state");
}

StateVisitor::Scope::Scope(StateVisitor &state, const std::string &part)
    : state(state), outer(state.prefix.size()) {
  state.prefix += part + ".";
}

std::string StateVisitor::formatReal(double value) {
  char text[32];
  std::to_chars_result end = std::to_chars(text, text + sizeof text, value);
  return std::string(text, end.ptr);
}

template <typename T>
void StateVisitor::visitNumber(const std::string &name, T &value,
                               const char *kind) {
  std::string text;
  if (!loading()) {
    if constexpr (std::is_same_v<T, double>)
      text = formatReal(value);
    else
      text = std::to_string(value);
  }
  visitText(prefix + name, text);
  if (!loading())
    return;
  const char *last = text.data() + text.size();
  std::from_chars_result end = std::from_chars(text.data(), last, value);
  if (end.ec != std::errc() || end.ptr != last)
    fail(prefix + name, "is '" + text.substr(0, 40) + "', must be " + kind);
}

void StateVisitor::visitInteger(const std::string &name, int64_t &value,
                                int64_t least, int64_t greatest) {
  visitNumber(name, value, "an integer");
  if (value < least || value > greatest)
    fail(prefix + name, "is " + std::to_string(value) + ", must be between " +
                            std::to_string(least) + " and " +
                            std::to_string(greatest));
}

void StateVisitor::visitUnsigned(const std::string &name, uint64_t &value) {
  visitNumber(name, value, "an unsigned integer");
}

void StateVisitor::visitReal(const std::string &name, double &value) {
  visitNumber(name, value, "a number");
}

} // namespace lacuna
