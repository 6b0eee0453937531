//===- KernelCompiler.cpp - From a request to an object file --------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Compiler/KernelCompiler.h"

#include "ModuleCompiler.h"

#include "lacuna/Passes/Passes.h"

namespace lacuna {

std::string compileKernel(const KernelPlan &plan, const Target &target,
                          const std::string &dumpDirectory,
                          KernelOutput output) {
  ModuleCompiler compiler(target, dumpDirectory, plan.name);
  const KernelRequest &request = plan.request;
  ir::buildLayerFunction(*compiler.module, plan.name, request.operation,
                         request.geometry, request.structure, nullptr,
                         request.fusion);
  compiler.module->walk([&](ir::LayerOpInterface layer) {
    layer.setScheduleAttribute(
        ir::fromSchedule(&compiler.context, plan.schedule));
  });
  compiler.lower([&](mlir::OpPassManager &manager) {
    ir::buildKernelPipeline(manager, target.description, plan.schedule.level);
  });
  return compiler.emit(output);
}

} // namespace lacuna
