//===- FuseAccumulate.cpp - Gradients of two paths in one -----------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Operations.h"

#include "lacuna/Passes/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace lacuna::ir {

#define GEN_PASS_DEF_FUSEACCUMULATE
#include "lacuna/Passes/Passes.h.inc"

namespace {

class FuseAccumulatePass : public impl::FuseAccumulateBase<FuseAccumulatePass> {
public:
  void runOnOperation() override {
    for (auto sum : operationsBelow<arith::AddFOp>(getOperation()))
      if (!fuse(sum, sum.getLhs(), sum.getRhs()))
        fuse(sum, sum.getRhs(), sum.getLhs());
  }

private:
  /// The fused operation stands where the sum stood, so that the addend is
  /// known there whichever of the two came first.
  bool fuse(arith::AddFOp sum, Value gradient, Value addend) {
    auto layer = gradient.getDefiningOp<Conv2dGradInputOp>();
    // A gradient that went through a ReLU is not what the sum is of.
    if (!layer || layer.getAddend() || layer.getNormInput() ||
        !layer->hasOneUse())
      return false;
    // In a loop around the sum alone the gradient would be computed many times.
    if (layer->getBlock() != sum->getBlock())
      return false;
    OpBuilder builder(sum);
    auto fused = Conv2dGradInputOp::create(
        builder, sum.getLoc(), layer.getResult().getType(), /*sums=*/Type(),
        layer.getGradient(), layer.getWeights(), addend, /*normInput=*/Value(),
        /*mean=*/Value(), /*scale=*/Value(), /*shift=*/Value(),
        /*normOutput=*/Value(), layer.getStructure(), layer.getStrides(),
        layer.getPadding(), layer.getScheduleAttr());
    fused->setDiscardableAttrs(layer->getDiscardableAttrDictionary());
    sum.getResult().replaceAllUsesWith(fused.getResult());
    sum.erase();
    layer.erase();
    ++sumsFused;
    return true;
  }
};

} // namespace
} // namespace lacuna::ir
