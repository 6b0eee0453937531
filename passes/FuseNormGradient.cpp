//===- FuseNormGradient.cpp - Batch norm's gradient in the epilogue -------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Operations.h"

#include "lacuna/Passes/Passes.h"

using namespace mlir;

namespace lacuna::ir {

#define GEN_PASS_DEF_FUSENORMGRADIENT
#include "lacuna/Passes/Passes.h.inc"

namespace {

class FuseNormGradientPass
    : public impl::FuseNormGradientBase<FuseNormGradientPass> {
public:
  void runOnOperation() override {
    for (auto norm : operationsBelow<NormGradientOp>(getOperation()))
      fuse(norm);
  }

private:
  /// The fused operation stands where the batch norm's gradient stood, so that
  /// all its operands are known there.
  void fuse(NormGradientOp norm) {
    auto layer = norm.getGradient().getDefiningOp<Conv2dGradInputOp>();
    // Whoever else reads the gradient wants it as it was before the ReLU.
    if (!layer || layer.getNormInput() || !layer->hasOneUse())
      return;
    // In a loop around the norm alone the layer would run many times.
    if (layer->getBlock() != norm->getBlock())
      return;
    OpBuilder builder(norm);
    auto fused = Conv2dGradInputOp::create(
        builder, norm.getLoc(), norm.getResult().getType(),
        norm.getSums().getType(), layer.getGradient(), layer.getWeights(),
        layer.getAddend(), norm.getInput(), norm.getMean(), norm.getScale(),
        norm.getShift(), norm.getOutput(), layer.getStructure(),
        layer.getStrides(), layer.getPadding(), layer.getScheduleAttr());
    fused->setDiscardableAttrs(layer->getDiscardableAttrDictionary());
    norm.getResult().replaceAllUsesWith(fused.getResult());
    norm.getSums().replaceAllUsesWith(fused.getSums());
    norm.erase();
    layer.erase();
    ++normGradientsFused;
  }
};

} // namespace
} // namespace lacuna::ir
