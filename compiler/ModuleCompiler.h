//===- ModuleCompiler.h - From MLIR to objects ------------------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_COMPILER_MODULECOMPILER_H
#define LACUNA_COMPILER_MODULECOMPILER_H

#include "lacuna/Compiler/KernelCompiler.h"
#include "lacuna/Support/Error.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/raw_ostream.h"

#include <string>

namespace lacuna {

/// Writes stages to files that are named by their order.
class StageDump {
public:
  StageDump(std::string directory, std::string name)
      : directory(std::move(directory)), name(std::move(name)) {}

  bool enabled() const { return !directory.empty(); }

  template <typename Print> void write(llvm::StringRef suffix, Print print) {
    if (!enabled())
      return;
    std::string path = directory + "/" + name + "." + std::to_string(stage++) +
                       "-" + suffix.str();
    std::error_code error;
    llvm::raw_fd_ostream out(path, error);
    if (!error)
      print(out);
    out.close();
    if (error || out.has_error()) {
      out.clear_error();
      throw EnvironmentError("--dump-ir: cannot write " + path);
    }
  }

private:
  std::string directory, name;
  int stage = 0;
};

/// Compiles one module: a context of its own, so that nothing grows from module
/// to module, the passes, and the way from loops to machine code.
class ModuleCompiler {
public:
  /// With a non-empty `dumpDirectory`, stages are written there under `name`.
  ModuleCompiler(const Target &target, const std::string &dumpDirectory,
                 const std::string &name);

  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;

  /// Verifies what was built, lowers it to loops by the pipeline that `build`
  /// makes, and from there to `output`. Throws InternalError with the
  /// diagnostics; call it once.
  void lower(llvm::function_ref<void(mlir::OpPassManager &)> build);
  std::string emit(KernelOutput output);

private:
  void run(llvm::function_ref<void(mlir::OpPassManager &)> build);
  void print(llvm::raw_ostream &out) { module->print(out); }

  const Target &target;
  std::string name, diagnostics;
  mlir::ScopedDiagnosticHandler handler;
  StageDump dump;
};

} // namespace lacuna

#endif // LACUNA_COMPILER_MODULECOMPILER_H
