//===- FuseStatistics.cpp - Channel sums in the epilogue ------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Passes/Passes.h"

using namespace mlir;

namespace lacuna::ir {

#define GEN_PASS_DEF_FUSESTATISTICS
#include "lacuna/Passes/Passes.h.inc"

namespace {

class FuseStatisticsPass : public impl::FuseStatisticsBase<FuseStatisticsPass> {
public:
  void runOnOperation() override {
    getOperation()->walk([&](ChannelSumsOp sums) {
      auto conv = sums.getInput().getDefiningOp<Conv2dOp>();
      if (!conv)
        return;
      if (!conv.getStatistics()) {
        OpBuilder builder(conv);
        auto fused = Conv2dOp::create(
            builder, conv.getLoc(), conv.getResult().getType(), sums.getType(),
            conv.getInput(), conv.getWeights(), conv.getBias(), conv.getScale(),
            conv.getShift(), conv.getStructure(), conv.getStrides(),
            conv.getPadding(), conv.getScheduleAttr());
        conv.getResult().replaceAllUsesWith(fused.getResult());
        conv.erase();
        conv = fused;
      }
      sums.getResult().replaceAllUsesWith(conv.getStatistics());
      sums.erase();
      ++statisticsFused;
    });
  }
};

} // namespace
} // namespace lacuna::ir
