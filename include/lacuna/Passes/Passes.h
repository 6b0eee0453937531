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

/// Marks the function of a frozen network, once lowered.
inline constexpr llvm::StringLiteral kNetworkAttribute = "lacuna.network";
/// What a function of a lowered network computes: layer, operation, and of a
/// frozen layer form (baked or tables), active and weights.
inline constexpr llvm::StringLiteral kStageAttribute = "lacuna.stage";
/// Where lacuna-assign-scratch has put the result of an operation, in floats.
inline constexpr llvm::StringLiteral kOffsetAttribute = "lacuna.offset";
/// What a network needs of scratch, in floats.
inline constexpr llvm::StringLiteral kScratchAttribute =
    "lacuna.scratch_floats";
/// Most images of a call of a network.
inline constexpr int64_t kMaxBatch = 1 << 16;

/// Builds in `module` the function `name` with one layer operation, as
/// lacuna-import-descriptor does, and the neighbours to fuse as operations of
/// their own. Its arguments are those of the layer operation, then those of the
/// neighbours. `active` may be null. Throws InternalError for a fusion that
/// does not suit the operation, before anything is built.
void buildLayerFunction(mlir::ModuleOp module, llvm::StringRef name,
                        Operation operation, const Geometry &geometry,
                        const Structure &structure, const ActiveSet *active,
                        const Fusion &fusion);

/// Tensor-level IR to kernel loops: fuse, drop the active set, choose the
/// schedule, lower, check.
void buildKernelPipeline(mlir::OpPassManager &manager,
                         const TargetDescription &target, Level level);
/// A frozen network to loops: fold, fuse, lay out, place, lower.
/// `bakeLimit`: see isBaked().
void buildNetworkPipeline(mlir::OpPassManager &manager,
                          const TargetDescription &target, int64_t batch,
                          int64_t bakeLimit);
/// Kernel loops to the LLVM dialect, entry points included.
void buildLLVMPipeline(mlir::OpPassManager &manager);
/// Registers them as `lacuna-lower-kernel`, `lacuna-freeze` and
/// `lacuna-lower-to-llvm`.
void registerPipelines();

} // namespace lacuna::ir

#endif // LACUNA_PASSES_PASSES_H
