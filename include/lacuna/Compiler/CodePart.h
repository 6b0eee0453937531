//===- CodePart.h - What a folder of compiled code holds --------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_COMPILER_CODEPART_H
#define LACUNA_COMPILER_CODEPART_H

#include <set>

namespace lacuna {

/// A file of each kernel, or of the network, for the first four; one library
/// for the others.
enum class CodePart { Mlir, Llvm, Assembly, Object, Archive, Shared };

using CodeParts = std::set<CodePart>;

} // namespace lacuna

#endif // LACUNA_COMPILER_CODEPART_H
