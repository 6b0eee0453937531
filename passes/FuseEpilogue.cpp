//===- FuseEpilogue.cpp - Sums and ReLUs where results are written --------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Passes/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace lacuna::ir {

#define GEN_PASS_DEF_FUSEEPILOGUE
#include "lacuna/Passes/Passes.h.inc"

namespace {

class FuseEpiloguePass : public impl::FuseEpilogueBase<FuseEpiloguePass> {
public:
  void runOnOperation() override {
    getOperation()->walk([&](mlir::Operation *op) {
      if (auto sum = dyn_cast<arith::AddFOp>(op)) {
        if (!fuse(sum, sum.getLhs(), sum.getRhs()))
          fuse(sum, sum.getRhs(), sum.getLhs());
      } else if (auto relu = dyn_cast<ReluOp>(op)) {
        fuse(relu);
      }
    });
  }

private:
  /// The layer moves to where the sum stood, so that the other operand is known
  /// there whichever of the two came first.
  bool fuse(arith::AddFOp sum, Value operand, Value residual) {
    auto layer = operand.getDefiningOp<FrozenLayerOp>();
    if (!layer || !layer->hasOneUse() || layer.getRelu() || layer.getResidual())
      return false;
    if (layer->getBlock() != sum->getBlock())
      return false;
    layer->moveBefore(sum);
    layer.getResidualMutable().assign(residual);
    sum.getResult().replaceAllUsesWith(layer.getResult());
    sum.erase();
    ++sumsFused;
    return true;
  }

  void fuse(ReluOp relu) {
    mlir::Operation *producer = relu.getInput().getDefiningOp();
    bool alone = producer && producer->hasOneUse();
    if (auto layer = dyn_cast_if_present<FrozenLayerOp>(producer);
        layer && alone)
      layer.setRelu(true);
    else if (auto map = dyn_cast_if_present<AffineOp>(producer); map && alone)
      map.setRelu(true);
    else
      return standAlone(relu);
    relu.getResult().replaceAllUsesWith(relu.getInput());
    relu.erase();
    ++relusFused;
  }

  void standAlone(ReluOp relu) {
    auto channels =
        static_cast<size_t>(relu.getResult().getType().getDimSize(1));
    SmallVector<float> ones(channels, 1.0f), zeros(channels, 0.0f);
    OpBuilder builder(relu);
    auto map =
        AffineOp::create(builder, relu.getLoc(), relu.getResult().getType(),
                         relu.getInput(), ones, zeros, /*relu=*/true);
    relu.getResult().replaceAllUsesWith(map.getResult());
    relu.erase();
  }
};

} // namespace
} // namespace lacuna::ir
