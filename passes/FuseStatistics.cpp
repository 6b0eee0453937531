//===- FuseStatistics.cpp - Channel sums in the epilogue ------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Operations.h"

#include "lacuna/Passes/Passes.h"

using namespace mlir;

namespace lacuna::ir {

#define GEN_PASS_DEF_FUSESTATISTICS
#include "lacuna/Passes/Passes.h.inc"

namespace {

class FuseStatisticsPass : public impl::FuseStatisticsBase<FuseStatisticsPass> {
public:
  void runOnOperation() override {
    for (auto sums : operationsBelow<ChannelSumsOp>(getOperation()))
      fuse(sums);
  }

private:
  void fuse(ChannelSumsOp sums) {
    auto conv = sums.getInput().getDefiningOp<Conv2dOp>();
    if (!conv)
      return;
    if (!conv.getStatistics())
      conv = withStatistics(conv, sums.getType());
    sums.getResult().replaceAllUsesWith(conv.getStatistics());
    sums.erase();
    ++statisticsFused;
  }

  /// Replaces the convolution by one that has a second result.
  static Conv2dOp withStatistics(Conv2dOp conv, Type sums) {
    OpBuilder builder(conv);
    auto fused = Conv2dOp::create(
        builder, conv.getLoc(), conv.getResult().getType(), sums,
        conv.getInput(), conv.getWeights(), conv.getBias(), conv.getScale(),
        conv.getShift(), conv.getStructure(), conv.getStrides(),
        conv.getPadding(), conv.getScheduleAttr());
    fused->setDiscardableAttrs(conv->getDiscardableAttrDictionary());
    conv.getResult().replaceAllUsesWith(fused.getResult());
    conv.erase();
    return fused;
  }
};

} // namespace
} // namespace lacuna::ir
