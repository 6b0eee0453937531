//===- Options.h - Options out of range -------------------------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_SUPPORT_OPTIONS_H
#define LACUNA_SUPPORT_OPTIONS_H

#include <string>

namespace lacuna {

/// Throws UserError "`option`: is `value`, must be `rule`" unless it `holds`.
/// Options are named as the flags of `lacuna train`.
void requireOption(bool holds, const char *option, double value,
                   const std::string &rule);

} // namespace lacuna

#endif // LACUNA_SUPPORT_OPTIONS_H
