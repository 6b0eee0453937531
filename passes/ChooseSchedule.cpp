//===- ChooseSchedule.cpp - Tile, chunk and panel of each layer -----------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TargetOptions.h"

#include "lacuna/Passes/Passes.h"

using namespace mlir;

namespace lacuna::ir {

#define GEN_PASS_DEF_CHOOSESCHEDULE
#include "lacuna/Passes/Passes.h.inc"

namespace {

class ChooseSchedulePass : public impl::ChooseScheduleBase<ChooseSchedulePass> {
public:
  using ChooseScheduleBase::ChooseScheduleBase;

  void runOnOperation() override {
    TargetDescription target{lanes, vectorRegisters, l1Bytes};
    if (!isTarget(target)) {
      emitTargetError(getOperation())
          << "; they are " << target.lanes << ", " << target.vectorRegisters
          << " and " << target.l1Bytes;
      return signalPassFailure();
    }
    target.instructions.streamingStores = streamingStores;
    getOperation()->walk([&](LayerOpInterface layer) {
      if (layer.getScheduleAttribute())
        return;
      layer.setScheduleAttribute(fromSchedule(
          &getContext(),
          chooseSchedule(layer.getKernelOperation(), layer.getGeometry(),
                         toStructure(layer.getStructureAttribute()), level,
                         target)));
    });
  }
};

} // namespace
} // namespace lacuna::ir
