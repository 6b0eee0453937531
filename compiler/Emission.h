//===- Emission.h - From LLVM IR to files -----------------------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_COMPILER_EMISSION_H
#define LACUNA_COMPILER_EMISSION_H

#include "lacuna/Compiler/Target.h"

#include "llvm/IR/Module.h"
#include "llvm/Support/CodeGen.h"
#include "llvm/Target/TargetMachine.h"

#include <memory>
#include <string>

namespace lacuna {

/// LLVM's back end for a triple. Registers all back ends first. Thread-safe.
/// Throws EnvironmentError when this LLVM has none for it.
const llvm::Target &backendFor(const std::string &triple);

std::unique_ptr<llvm::TargetMachine> createMachine(const Target &target);

/// Emits an object or assembly. Changes the module.
std::string emit(llvm::Module &module, llvm::TargetMachine &machine,
                 llvm::CodeGenFileType type);

} // namespace lacuna

#endif // LACUNA_COMPILER_EMISSION_H
