//===- ExportKernel.cpp - Entry points of the kernel ABI ------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Kernel/KernelAbi.h"
#include "lacuna/Passes/Passes.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

#include <cstddef>

using namespace mlir;

namespace lacuna::ir {

#define GEN_PASS_DEF_EXPORTKERNEL
#include "lacuna/Passes/Passes.h.inc"

namespace {

/// Fields of lacuna_kernel_operands in the order of a kernel's arguments.
constexpr unsigned kFields = 16;
static_assert(sizeof(lacuna_kernel_operands) ==
                  (kFields - 1) * sizeof(void *) + sizeof(int64_t),
              "the kernel ABI and its entry points disagree");

class ExportKernelPass : public impl::ExportKernelBase<ExportKernelPass> {
public:
  void runOnOperation() override {
    if (failed(verifyLowered()))
      return signalPassFailure();
    SmallVector<LLVM::LLVMFuncOp> kernels;
    for (auto function : getOperation().getOps<LLVM::LLVMFuncOp>())
      if (function->hasAttr(kKernelAttribute))
        kernels.push_back(function);
    SymbolTable symbols(getOperation());
    for (LLVM::LLVMFuncOp kernel : kernels)
      if (failed(exportKernel(kernel, symbols)))
        return signalPassFailure();
  }

private:
  /// Conversions pass by what they do not know.
  LogicalResult verifyLowered() {
    WalkResult result = getOperation()->walk([](mlir::Operation *op) {
      if (!isa_and_nonnull<LacunaDialect>(op->getDialect()))
        return WalkResult::advance();
      op->emitOpError("is not lowered to loops: lacuna-lower-kernel, or "
                      "lacuna-freeze for networks, must run before");
      return WalkResult::interrupt();
    });
    return failure(result.wasInterrupted());
  }

  /// All fields, and the range of work items.
  LLVM::LLVMFunctionType typeOfBody() {
    SmallVector<Type> types(kFields - 1,
                            LLVM::LLVMPointerType::get(&getContext()));
    types.append(3, IntegerType::get(&getContext(), 64));
    return LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(&getContext()),
                                       types);
  }

  static std::string freeName(SymbolTable &symbols, const std::string &name) {
    auto isTaken = [&](StringRef symbol) { return symbols.lookup(symbol); };
    unsigned number = 0;
    return isTaken(name)
               ? SymbolTable::generateSymbolName<64>(name, isTaken, number)
                     .str()
                     .str()
               : name;
  }

  LogicalResult exportKernel(LLVM::LLVMFuncOp kernel, SymbolTable &symbols) {
    if (kernel.getNumArguments() != kFields + 2)
      return kernel.emitOpError()
             << "is no kernel: it has " << kernel.getNumArguments()
             << " arguments, not " << kFields + 2;
    if (kernel.isExternal() || kernel.getFunctionType() != typeOfBody())
      return kernel.emitOpError()
             << "is no kernel: it must be a definition of type "
             << typeOfBody();
    std::string name = kernel.getName().str();
    // Who calls the kernel calls its body from now on.
    if (failed(symbols.rename(kernel, freeName(symbols, name + "_body"))))
      return kernel.emitOpError() << "cannot be renamed where it is used";
    kernel.setLinkage(LLVM::Linkage::Internal);
    kernel->removeAttr(kKernelAttribute);

    OpBuilder builder(kernel->getContext());
    builder.setInsertionPointAfter(kernel);
    Location loc = kernel.getLoc();
    auto pointer = LLVM::LLVMPointerType::get(builder.getContext());
    Type i64 = builder.getI64Type();
    auto entry = LLVM::LLVMFuncOp::create(
        builder, loc, name,
        LLVM::LLVMFunctionType::get(
            LLVM::LLVMVoidType::get(builder.getContext()),
            {pointer, i64, i64}));
    symbols.insert(entry);
    builder.setInsertionPointToStart(entry.addEntryBlock(builder));

    SmallVector<Type> fields(kFields - 1, pointer);
    fields.push_back(i64);
    auto record =
        LLVM::LLVMStructType::getLiteral(builder.getContext(), fields);
    SmallVector<Value> arguments;
    for (unsigned field = 0; field < kFields; ++field) {
      Value address = LLVM::GEPOp::create(
          builder, loc, pointer, record, entry.getArgument(0),
          ArrayRef<LLVM::GEPArg>{0, static_cast<int32_t>(field)});
      arguments.push_back(
          LLVM::LoadOp::create(builder, loc, fields[field], address));
    }
    arguments.push_back(entry.getArgument(1));
    arguments.push_back(entry.getArgument(2));
    LLVM::CallOp::create(builder, loc, kernel, arguments);
    LLVM::ReturnOp::create(builder, loc, ValueRange());
    return success();
  }
};

} // namespace
} // namespace lacuna::ir
