//===- Passes.h - Passes and pipelines of the lacuna compiler ---*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_PASSES_PASSES_H
#define LACUNA_PASSES_PASSES_H

#include "lacuna/Compiler/ScheduleChoice.h"
#include "lacuna/Dialect/Lacuna.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassManager.h"

namespace lacuna::ir {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "lacuna/Passes/Passes.h.inc"

/// Marks functions that are kernels of the ABI.
inline constexpr llvm::StringLiteral kKernelAttribute = "lacuna.kernel";

/// Builds in `module` the function `name` with one layer operation, as
/// lacuna-import-descriptor does, and the neighbours to fuse as operations of
/// their own. Its arguments are those of the layer operation, then those of the
/// neighbours. `active` may be null.
void buildLayerFunction(mlir::ModuleOp module, llvm::StringRef name,
                        Operation operation, const Geometry &geometry,
                        const Structure &structure, const ActiveSet *active,
                        const Fusion &fusion);

/// Tensor-level IR to kernel loops: fuse, drop the active set, choose the
/// schedule, lower, check.
void buildKernelPipeline(mlir::OpPassManager &manager,
                         const TargetDescription &target, Level level);
/// Kernel loops to the LLVM dialect, entry points included.
void buildLLVMPipeline(mlir::OpPassManager &manager);
/// Registers both as `lacuna-lower-kernel` and `lacuna-lower-to-llvm`.
void registerPipelines();

} // namespace lacuna::ir

#endif // LACUNA_PASSES_PASSES_H
