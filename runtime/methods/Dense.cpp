//===- Dense.cpp - The baseline: every weight is active -------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Methods.h"

namespace lacuna {

namespace {

class Dense : public Method {
public:
  explicit Dense(const MethodOptions &options) : Method(options) {}
  std::string name() const override { return "dense"; }
  bool isSparse() const override { return false; }
  void initialise(MethodContext & /*context*/) override {}
  void finish(MethodContext & /*context*/) override {}
};

} // namespace

std::unique_ptr<Method> makeDense(const MethodOptions &options) {
  return std::make_unique<Dense>(options);
}

} // namespace lacuna
