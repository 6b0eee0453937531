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
    for (LLVM::LLVMFuncOp kernel : kernels)
      if (failed(exportKernel(kernel)))
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

  LogicalResult exportKernel(LLVM::LLVMFuncOp kernel) {
    if (kernel.getNumArguments() != kFields + 2)
      return kernel.emitOpError()
             << "is no kernel: it has " << kernel.getNumArguments()
             << " arguments, not " << kFields + 2;
    std::string name = kernel.getName().str();
    kernel.setName(name + "_body");
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
