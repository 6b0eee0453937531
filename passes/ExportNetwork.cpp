//===- ExportNetwork.cpp - Entry points that C calls ----------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Passes/Passes.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;

namespace lacuna::ir {

#define GEN_PASS_DEF_EXPORTNETWORK
#include "lacuna/Passes/Passes.h.inc"

namespace {

class ExportNetworkPass : public impl::ExportNetworkBase<ExportNetworkPass> {
public:
  void runOnOperation() override {
    SmallVector<LLVM::LLVMFuncOp> networks;
    for (auto function : getOperation().getOps<LLVM::LLVMFuncOp>())
      if (function->hasAttr(kNetworkAttribute))
        networks.push_back(function);
    for (LLVM::LLVMFuncOp network : networks)
      if (failed(exportNetwork(network)))
        return signalPassFailure();
  }

private:
  LogicalResult exportNetwork(LLVM::LLVMFuncOp network) {
    auto pointer = LLVM::LLVMPointerType::get(&getContext());
    auto type = LLVM::LLVMFunctionType::get(
        LLVM::LLVMVoidType::get(&getContext()), {pointer, pointer, pointer});
    if (network.isExternal() || network.getFunctionType() != type)
      return network.emitOpError()
             << "is no network: it must be a definition of type " << type;
    std::string name = (network.getName() + "_run").str();
    if (mlir::Operation *taken = SymbolTable::lookupSymbolIn(
            getOperation(), StringAttr::get(&getContext(), name))) {
      InFlightDiagnostic problem = network.emitOpError()
                                   << "needs an entry point @" << name
                                   << ": the module has another";
      problem.attachNote(taken->getLoc()) << "which is this";
      return problem;
    }
    network.setLinkage(LLVM::Linkage::Internal);
    network->removeAttr(kNetworkAttribute);

    OpBuilder builder(network->getContext());
    builder.setInsertionPointAfter(network);
    Location loc = network.getLoc();
    Type i32 = builder.getI32Type();
    auto entry = LLVM::LLVMFuncOp::create(
        builder, loc, name,
        LLVM::LLVMFunctionType::get(i32, network.getArgumentTypes()));
    Block *start = entry.addEntryBlock(builder);
    Block *run = builder.createBlock(&entry.getBody());
    Block *refuse = builder.createBlock(&entry.getBody());

    builder.setInsertionPointToStart(start);
    Value anyNull;
    Value null =
        LLVM::ZeroOp::create(builder, loc, start->getArgument(0).getType());
    for (Value pointer : start->getArguments()) {
      Value isNull = LLVM::ICmpOp::create(builder, loc, LLVM::ICmpPredicate::eq,
                                          pointer, null);
      anyNull =
          anyNull
              ? LLVM::OrOp::create(builder, loc, anyNull, isNull).getResult()
              : isNull;
    }
    LLVM::CondBrOp::create(builder, loc, anyNull, refuse, run);

    auto answer = [&](int32_t code) {
      Value value = LLVM::ConstantOp::create(builder, loc, i32,
                                             builder.getI32IntegerAttr(code));
      LLVM::ReturnOp::create(builder, loc, value);
    };
    builder.setInsertionPointToStart(run);
    LLVM::CallOp::create(builder, loc, network, start->getArguments());
    answer(0);
    builder.setInsertionPointToStart(refuse);
    answer(1);
    return success();
  }
};

} // namespace
} // namespace lacuna::ir
