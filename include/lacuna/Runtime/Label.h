//===- Label.h - The class of an image --------------------------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_RUNTIME_LABEL_H
#define LACUNA_RUNTIME_LABEL_H

#include <cstdint>

namespace lacuna {

/// Classes are numbered from 0.
using Label = uint16_t;

} // namespace lacuna

#endif // LACUNA_RUNTIME_LABEL_H
