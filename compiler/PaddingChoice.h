//===- PaddingChoice.h - Whether a kernel leaves padding out ----*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_COMPILER_PADDINGCHOICE_H
#define LACUNA_COMPILER_PADDINGCHOICE_H

#include "KernelTraits.h"

namespace lacuna {

/// Whether to leave out the padding around small planes: a third of the
/// multiply-adds of a 3x3 kernel at 4x4, more than half at 2x2. Each tap or
/// pattern is then a body of its own, whose run must be long enough to make up
/// for a branch that is not foreseen.
bool skipsPadding(const KernelTraits &kernel);

} // namespace lacuna

#endif // LACUNA_COMPILER_PADDINGCHOICE_H
