//===- VerifyKernel.cpp - What kernels promise ----------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Passes/Passes.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Interfaces/CallInterfaces.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;

namespace lacuna::ir {

#define GEN_PASS_DEF_VERIFYKERNEL
#include "lacuna/Passes/Passes.h.inc"

namespace {

class VerifyKernelPass : public impl::VerifyKernelBase<VerifyKernelPass> {
public:
  using VerifyKernelBase::VerifyKernelBase;

  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (!function->hasAttr(kKernelAttribute))
      return;
    if (llvm::any_of(function.getArgumentTypes(), llvm::IsaPred<TensorType>)) {
      refuse(function, "a kernel must hold no tensor");
      return signalPassFailure();
    }
    int64_t multiplyAdds = 0;
    WalkResult result = function.walk([&](mlir::Operation *op) {
      if (isa<CallOpInterface>(op))
        return refuse(op, "a kernel must not call");
      if (auto effects = dyn_cast<MemoryEffectOpInterface>(op);
          effects && effects.hasEffect<MemoryEffects::Allocate>())
        return refuse(op, "a kernel must not allocate");
      for (Type type : op->getResultTypes())
        if (isa<TensorType>(type))
          return refuse(op, "a kernel must hold no tensor");
      if (!isa<math::FmaOp, vector::LoadOp, vector::StoreOp>(op))
        return WalkResult::advance();
      if (isa<math::FmaOp>(op))
        ++multiplyAdds;
      Value data =
          isa<vector::StoreOp>(op) ? op->getOperand(0) : op->getResult(0);
      auto vector = dyn_cast<VectorType>(data.getType());
      if (!vector || vector.getNumElements() != lanes)
        return refuse(op, "a kernel must compute on whole vectors of " +
                              Twine(lanes) + " lanes");
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      return signalPassFailure();
    if (multiplyAdds > maxMultiplyAdds) {
      function.emitOpError()
          << "unrolls " << multiplyAdds << " multiply-adds, the limit is "
          << int64_t(maxMultiplyAdds) << ": use the stream level";
      signalPassFailure();
    }
  }

private:
  WalkResult refuse(mlir::Operation *op, const Twine &rule) {
    op->emitOpError() << "breaks a promise: " << rule;
    return WalkResult::interrupt();
  }
};

} // namespace
} // namespace lacuna::ir
