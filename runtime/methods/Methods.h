//===- Methods.h - One factory a method ----------------------- -*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_RUNTIME_METHODS_METHODS_H
#define LACUNA_RUNTIME_METHODS_METHODS_H

#include "lacuna/Runtime/Method.h"

namespace lacuna {

std::unique_ptr<Method> makeDense(const MethodOptions &options);
std::unique_ptr<Method> makeStatic(const MethodOptions &options);
std::unique_ptr<Method> makeMest(const MethodOptions &options);
std::unique_ptr<Method> makeMestEm(const MethodOptions &options);
std::unique_ptr<Method> makeMestEms(const MethodOptions &options);
std::unique_ptr<Method> makeMestEmsReadme(const MethodOptions &options);

} // namespace lacuna

#endif // LACUNA_RUNTIME_METHODS_METHODS_H
