//===- Refusal.h - What a call refuses with ---------------------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_TESTS_SUPPORT_REFUSAL_H
#define LACUNA_TESTS_SUPPORT_REFUSAL_H

#include "lacuna/Support/Error.h"

#include <string>

namespace lacuna::testing {

/// The message of the UserError that a call throws, or "accepted".
template <typename Call> std::string refusal(Call call) {
  try {
    call();
  } catch (const UserError &error) {
    return error.what();
  }
  return "accepted";
}

} // namespace lacuna::testing

#endif // LACUNA_TESTS_SUPPORT_REFUSAL_H
