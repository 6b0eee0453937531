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
std::unique_ptr<Method> makeSet(const MethodOptions &options);
std::unique_ptr<Method> makeRigl(const MethodOptions &options);
std::unique_ptr<Method> makeSnfs(const MethodOptions &options);
std::unique_ptr<Method> makeDsr(const MethodOptions &options);
std::unique_ptr<Method> makeDeepR(const MethodOptions &options);
std::unique_ptr<Method> makeDst(const MethodOptions &options);
std::unique_ptr<Method> makeSnip(const MethodOptions &options);
std::unique_ptr<Method> makeGrasp(const MethodOptions &options);
std::unique_ptr<Method> makeLottery(const MethodOptions &options);
std::unique_ptr<Method> makeGradual(const MethodOptions &options);

} // namespace lacuna

#endif // LACUNA_RUNTIME_METHODS_METHODS_H
