//===- Pipelines.cpp - Named pipelines ------------------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Passes/Passes.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

namespace lacuna::ir {

namespace {

/// What every pipeline asks about the target.
template <typename Options>
struct TargetOptions : public PassPipelineOptions<Options> {
  template <typename Value>
  using Option = mlir::detail::PassOptions::Option<Value>;

  Option<int64_t> lanes{*this, "lanes",
                        llvm::cl::desc("Floats in a vector register"),
                        llvm::cl::init(16)};
  Option<int64_t> vectorRegisters{
      *this, "vector-registers",
      llvm::cl::desc("Vector registers of the target"), llvm::cl::init(32)};
  Option<int64_t> l1Bytes{*this, "l1-bytes", llvm::cl::desc("L1 data cache"),
                          llvm::cl::init(49152)};
};

struct KernelPipelineOptions : public TargetOptions<KernelPipelineOptions> {
  Option<bool> laneFactors{
      *this, "lane-factors",
      llvm::cl::desc("Load weights as vectors, for FMAs that take one lane"),
      llvm::cl::init(false)};
  Option<bool> unscaledLoads{
      *this, "unscaled-loads",
      llvm::cl::desc("Load from bases that are less than 256 bytes away"),
      llvm::cl::init(false)};
  Option<bool> streamingStores{
      *this, "streaming-stores",
      llvm::cl::desc("Store large results past the caches"),
      llvm::cl::init(false)};
  Option<int64_t> multiplyAddsInFlight{
      *this, "fmas-in-flight",
      llvm::cl::desc("Latency of an FMA times the ports for it"),
      llvm::cl::init(8)};
  Option<Level> level{
      *this, "level", llvm::cl::desc("How far to specialise"),
      llvm::cl::init(Level::Specialised),
      llvm::cl::values(clEnumValN(Level::Stream, levelName(Level::Stream),
                                  "One loop over single weights"),
                       clEnumValN(Level::Specialised,
                                  levelName(Level::Specialised),
                                  "Bodies unrolled for the scheme"))};
};

struct NetworkPipelineOptions : public TargetOptions<NetworkPipelineOptions> {
  Option<int64_t> batch{*this, "batch", llvm::cl::desc("Images of a call"),
                        llvm::cl::init(1)};
  Option<int64_t> bakeLimit{
      *this, "bake-limit",
      llvm::cl::desc("Most bytes of code a baked layer may take"),
      llvm::cl::init(-1)};
};

} // namespace

void buildKernelPipeline(OpPassManager &manager,
                         const TargetDescription &target, Level level) {
  manager.addPass(createFuseNormalise());
  manager.addPass(createFuseStatistics());
  manager.addPass(createFuseAccumulate());
  manager.addPass(createFuseNormGradient());
  manager.addPass(createDropActiveSet());
  ChooseScheduleOptions schedule;
  schedule.lanes = target.lanes;
  schedule.vectorRegisters = target.vectorRegisters;
  schedule.l1Bytes = target.l1Bytes;
  schedule.streamingStores = target.instructions.streamingStores;
  schedule.level = level;
  manager.addPass(createChooseSchedule(schedule));
  LowerToLoopsOptions loops;
  loops.laneFactors = target.instructions.laneFactors;
  loops.unscaledLoads = target.instructions.unscaledLoads;
  loops.streamingStores = target.instructions.streamingStores;
  loops.multiplyAddsInFlight = target.instructions.multiplyAddsInFlight;
  manager.addPass(createLowerToLoops(loops));
  VerifyKernelOptions verify;
  verify.lanes = target.lanes;
  manager.addNestedPass<func::FuncOp>(createVerifyKernel(verify));
}

void buildNetworkPipeline(OpPassManager &manager,
                          const TargetDescription &target, int64_t batch,
                          int64_t bakeLimit) {
  manager.addPass(createFoldAffine());
  manager.addPass(createFuseEpilogue());
  AssignPlanesOptions planes;
  planes.lanes = target.lanes;
  manager.addNestedPass<func::FuncOp>(createAssignPlanes(planes));
  manager.addNestedPass<func::FuncOp>(createAssignScratch());
  LowerNetworkOptions lower;
  lower.lanes = target.lanes;
  lower.vectorRegisters = target.vectorRegisters;
  lower.l1Bytes = target.l1Bytes;
  lower.batch = batch;
  lower.bakeLimit = bakeLimit;
  manager.addPass(createLowerNetwork(lower));
}

void buildLLVMPipeline(OpPassManager &manager) {
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createCSEPass());
  manager.addPass(createSCFToControlFlowPass());
  manager.addPass(createConvertVectorToLLVMPass());
  manager.addPass(createConvertMathToLLVMPass());
  manager.addPass(createFinalizeMemRefToLLVMConversionPass());
  manager.addPass(createArithToLLVMConversionPass());
  manager.addPass(createConvertControlFlowToLLVMPass());
  ConvertFuncToLLVMPassOptions function;
  function.useBarePtrCallConv = true;
  manager.addPass(createConvertFuncToLLVMPass(function));
  manager.addPass(createReconcileUnrealizedCastsPass());
  manager.addPass(createExportKernel());
  manager.addPass(createExportNetwork());
}

void registerPipelines() {
  PassPipelineRegistration<KernelPipelineOptions>(
      "lacuna-lower-kernel", "From layer operations to checked kernel loops",
      [](OpPassManager &manager, const KernelPipelineOptions &options) {
        buildKernelPipeline(
            manager,
            {options.lanes,
             options.vectorRegisters,
             options.l1Bytes,
             {options.laneFactors, options.unscaledLoads,
              options.streamingStores, options.multiplyAddsInFlight}},
            options.level);
      });
  PassPipelineRegistration<NetworkPipelineOptions>(
      "lacuna-freeze", "From a frozen network to loops",
      [](OpPassManager &manager, const NetworkPipelineOptions &options) {
        buildNetworkPipeline(
            manager, {options.lanes, options.vectorRegisters, options.l1Bytes},
            options.batch, options.bakeLimit);
      });
  PassPipelineRegistration<>("lacuna-lower-to-llvm",
                             "From kernel loops to the LLVM dialect",
                             buildLLVMPipeline);
}

} // namespace lacuna::ir
