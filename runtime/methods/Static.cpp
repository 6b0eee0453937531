//===- Static.cpp - A random mask that stays ------------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Methods.h"

namespace lacuna {

namespace {

class Static : public Method {
public:
  explicit Static(const MethodOptions &options) : Method(options) {}
  std::string name() const override { return "static"; }
};

} // namespace

std::unique_ptr<Method> makeStatic(const MethodOptions &options) {
  return std::make_unique<Static>(options);
}

} // namespace lacuna
