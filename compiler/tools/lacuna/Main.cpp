//===- Main.cpp - The lacuna command over the JIT -------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Driver.h"

#include "lacuna/Compiler/JitProvider.h"

int main(int argc, char **argv) {
  return lacuna::runDriver(argc, argv, lacuna::createJitProvider);
}
