//===- GeneratorMain.cpp - Compiles one pipeline ahead of time ------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Halide.h"

#include <iostream>

int main(int argc, char **argv) {
  return Halide::Internal::generate_filter_main(argc, argv, std::cerr);
}
