//===- KernelCompiler.cpp - From a request to an object file --------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Compiler/KernelCompiler.h"

#include "Emission.h"

#include "lacuna/Passes/Passes.h"
#include "lacuna/Support/Error.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/DiagnosticPrinter.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Transforms/Utils/Cloning.h"

namespace lacuna {

namespace {

/// A short list of our own. The default pipelines are quadratic on the long
/// blocks of unrolled bodies (docs/rationale.md), and loop vectorisation or
/// unrolling would only undo the schedule.
constexpr llvm::StringLiteral kOptimisationPasses =
    "function(sroa,early-cse<memssa>,instcombine<no-verify-fixpoint>,"
    "simplifycfg,loop-mssa(licm),early-cse<memssa>,"
    "instcombine<no-verify-fixpoint>,simplifycfg)";

/// Writes stages to files that are named by their order.
class StageDump {
public:
  StageDump(std::string directory, std::string name)
      : directory(std::move(directory)), name(std::move(name)) {
    if (enabled() && llvm::sys::fs::create_directories(this->directory))
      throw EnvironmentError("--dump-ir: cannot create the folder " +
                             this->directory);
  }

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

void runMLIR(mlir::ModuleOp module, const std::string &diagnostics,
             llvm::function_ref<void(mlir::OpPassManager &)> build) {
  mlir::PassManager manager(module.getContext());
  build(manager);
  if (mlir::failed(manager.run(module)))
    throw InternalError("a kernel did not lower:\n" + diagnostics);
}

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

std::string compileKernel(const KernelPlan &plan, const Target &target,
                          const std::string &dumpDirectory,
                          KernelOutput output) {
  std::unique_ptr<llvm::TargetMachine> machine = createMachine(target);
  StageDump dump(dumpDirectory, plan.name);

  // A context for each kernel: nothing grows from mutation to mutation.
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  mlir::registerBuiltinDialectTranslation(context);
  mlir::registerLLVMDialectTranslation(context);
  context.loadDialect<ir::LacunaDialect, mlir::arith::ArithDialect,
                      mlir::func::FuncDialect>();
  std::string diagnostics;
  mlir::ScopedDiagnosticHandler handler(
      &context, [&](mlir::Diagnostic &diagnostic) {
        diagnostics += diagnostic.str() + "\n";
        return mlir::success();
      });

  const KernelRequest &request = plan.request;
  mlir::OwningOpRef<mlir::ModuleOp> module(
      mlir::ModuleOp::create(mlir::UnknownLoc::get(&context)));
  ir::buildLayerFunction(*module, plan.name, request.operation,
                         request.geometry, request.structure, nullptr,
                         request.fusion);
  module->walk([&](ir::LayerOpInterface layer) {
    layer.setScheduleAttribute(ir::fromSchedule(&context, plan.schedule));
  });
  if (mlir::failed(mlir::verify(*module)))
    throw InternalError("a layer operation does not verify:\n" + diagnostics);
  auto print = [&](llvm::raw_ostream &out) { module->print(out); };
  dump.write("tensor.mlir", print);
  runMLIR(*module, diagnostics, [&](mlir::OpPassManager &manager) {
    ir::buildKernelPipeline(manager, target.description, plan.schedule.level);
  });
  dump.write("kernel.mlir", print);
  if (output == KernelOutput::Mlir)
    return printed(print);
  runMLIR(*module, diagnostics, ir::buildLLVMPipeline);
  dump.write("llvm.mlir", print);

  llvm::LLVMContext llvmContext;
  std::string refusals;
  // Without a handler, LLVM ends the process on an error.
  llvmContext.setDiagnosticHandler(
      std::make_unique<DiagnosticCollector>(refusals));
  std::unique_ptr<llvm::Module> code =
      mlir::translateModuleToLLVMIR(*module, llvmContext, plan.name);
  if (!code)
    throw InternalError("a kernel did not translate to LLVM IR:\n" +
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
        emit(*copy, *machine, llvm::CodeGenFileType::AssemblyFile);
    dump.write("assembly.s", [&](llvm::raw_ostream &out) { out << assembly; });
  }
  std::string result = emit(*code, *machine,
                            output == KernelOutput::Assembly
                                ? llvm::CodeGenFileType::AssemblyFile
                                : llvm::CodeGenFileType::ObjectFile);
  if (!refusals.empty())
    throw InternalError("a kernel did not compile:\n" + refusals);
  return result;
}

} // namespace lacuna
