//===- Options.cpp - Options out of range ---------------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Support/Options.h"

#include "lacuna/Support/Error.h"

#include <sstream>

namespace lacuna {

void requireOption(bool holds, const char *option, double value,
                   const std::string &rule) {
  if (holds)
    return;
  std::ostringstream message;
  message << option << ": is " << value << ", must be " << rule;
  throw UserError(message.str());
}

} // namespace lacuna
