//===- ModuleCompiler.cpp - From MLIR to objects --------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ModuleCompiler.h"

#include "Emission.h"

#include "lacuna/Passes/Passes.h"
#include "lacuna/Support/Error.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/DiagnosticPrinter.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Transforms/Utils/Cloning.h"

namespace lacuna {

namespace {

/// A short list of our own. The default pipelines are quadratic on the long
/// blocks of unrolled bodies (docs/rationale.md), and loop vectorisation or
/// unrolling would only undo the schedule.
constexpr llvm::StringLiteral kOptimisationPasses =
#include "OptimisationPasses.inc"
    ;

/// Keeps what the backend refuses, so that it can be thrown outside LLVM.
class DiagnosticCollector : public llvm::DiagnosticHandler {
public:
  explicit DiagnosticCollector(std::string &text) : text(text) {}

  bool handleDiagnostics(const llvm::DiagnosticInfo &info) override {
    if (info.getSeverity() == llvm::DS_Error) {
      llvm::raw_string_ostream out(text);
      llvm::DiagnosticPrinterRawOStream printer(out);
      info.print(printer);
      out << "\n";
    }
    return true;
  }

private:
  std::string &text;
};

void optimise(llvm::Module &module, llvm::TargetMachine &machine) {
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager callGraph;
  llvm::ModuleAnalysisManager modules;
  llvm::PassBuilder builder(&machine);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(callGraph);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, callGraph, modules);
  llvm::ModulePassManager passes;
  if (llvm::Error error =
          builder.parsePassPipeline(passes, kOptimisationPasses))
    throw InternalError("the pass list does not parse: " +
                        llvm::toString(std::move(error)));
  passes.run(module, modules);
}

template <typename Print> std::string printed(Print print) {
  std::string text;
  llvm::raw_string_ostream out(text);
  print(out);
  return text;
}

} // namespace

ModuleCompiler::ModuleCompiler(const Target &target,
                               const std::string &dumpDirectory,
                               const std::string &name)
    : context(mlir::MLIRContext::Threading::DISABLED), target(target),
      name(name), handler(&context,
                          [this](mlir::Diagnostic &diagnostic) {
                            diagnostics += diagnostic.str() + "\n";
                            return mlir::success();
                          }),
      dump(dumpDirectory, name) {
  mlir::registerBuiltinDialectTranslation(context);
  mlir::registerLLVMDialectTranslation(context);
  context.loadDialect<ir::LacunaDialect, mlir::arith::ArithDialect,
                      mlir::func::FuncDialect, mlir::tensor::TensorDialect>();
  module = mlir::ModuleOp::create(mlir::UnknownLoc::get(&context));
}

void ModuleCompiler::run(
    llvm::function_ref<void(mlir::OpPassManager &)> build) {
  mlir::PassManager manager(&context);
  build(manager);
  if (mlir::failed(manager.run(*module)))
    throw InternalError(name + " did not lower:\n" + diagnostics);
}

void ModuleCompiler::lower(
    llvm::function_ref<void(mlir::OpPassManager &)> build) {
  if (mlir::failed(mlir::verify(*module)))
    throw InternalError(name + " does not verify:\n" + diagnostics);
  auto printModule = [this](llvm::raw_ostream &out) { print(out); };
  dump.write("tensor.mlir", printModule);
  run(build);
  dump.write("kernel.mlir", printModule);
}

std::string ModuleCompiler::emit(KernelOutput output) {
  auto printModule = [this](llvm::raw_ostream &out) { print(out); };
  if (output == KernelOutput::Mlir)
    return printed(printModule);
  run(ir::buildLLVMPipeline);
  dump.write("llvm.mlir", printModule);

  std::unique_ptr<llvm::TargetMachine> machine = createMachine(target);
  llvm::LLVMContext llvmContext;
  std::string refusals;
  // Without a handler, LLVM ends the process on an error.
  llvmContext.setDiagnosticHandler(
      std::make_unique<DiagnosticCollector>(refusals));
  std::unique_ptr<llvm::Module> code =
      mlir::translateModuleToLLVMIR(*module, llvmContext, name);
  if (!code)
    throw InternalError(name + " did not translate to LLVM IR:\n" +
                        diagnostics);
  code->setTargetTriple(machine->getTargetTriple());
  code->setDataLayout(machine->createDataLayout());
  std::string vectorBits =
      std::to_string(target.description.lanes * 8 * sizeof(float));
  for (llvm::Function &function : *code) {
    function.addFnAttr("target-cpu", target.cpu);
    function.addFnAttr("target-features", target.features);
    function.addFnAttr("prefer-vector-width", vectorBits);
    if (target.sveBits > 0) {
      // Fixed vectors become SVE only where the register length is known.
      auto granules = static_cast<unsigned>(target.sveBits / 128);
      function.addFnAttr(llvm::Attribute::getWithVScaleRangeArgs(
          llvmContext, granules, granules));
    }
    function.addFnAttr(llvm::Attribute::NoUnwind);
  }
  auto printCode = [&](llvm::raw_ostream &out) { code->print(out, nullptr); };
  dump.write("llvm.ll", printCode);
  optimise(*code, *machine);
  dump.write("optimised.ll", printCode);
  if (output == KernelOutput::Llvm)
    return printed(printCode);
  if (dump.enabled()) {
    // Emitting changes the module, so the assembly comes from a copy.
    std::unique_ptr<llvm::Module> copy = llvm::CloneModule(*code);
    std::string assembly =
        lacuna::emit(*copy, *machine, llvm::CodeGenFileType::AssemblyFile);
    dump.write("assembly.s", [&](llvm::raw_ostream &out) { out << assembly; });
  }
  std::string result = lacuna::emit(*code, *machine,
                                    output == KernelOutput::Assembly
                                        ? llvm::CodeGenFileType::AssemblyFile
                                        : llvm::CodeGenFileType::ObjectFile);
  if (!refusals.empty())
    throw InternalError(name + " did not compile:\n" + refusals);
  return result;
}

} // namespace lacuna
