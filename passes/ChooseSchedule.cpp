//===- ChooseSchedule.cpp - Tile, chunk and panel of each layer -----------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Passes/Passes.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace lacuna::ir {

#define GEN_PASS_DEF_CHOOSESCHEDULE
#include "lacuna/Passes/Passes.h.inc"

namespace {

/// Beyond what any target has; schedules stay representable.
constexpr int64_t kMaxLanes = 64;
constexpr int64_t kMaxL1Bytes = 1 << 22;

class ChooseSchedulePass : public impl::ChooseScheduleBase<ChooseSchedulePass> {
public:
  using ChooseScheduleBase::ChooseScheduleBase;

  void runOnOperation() override {
    if (lanes < 1 || lanes > kMaxLanes || !llvm::isPowerOf2_64(lanes) ||
        vectorRegisters < 1 || l1Bytes < 1 || l1Bytes > kMaxL1Bytes) {
      getOperation()->emitError()
          << "lanes must be a power of two up to " << kMaxLanes
          << ", vector-registers positive, l1-bytes between 1 and "
          << kMaxL1Bytes;
      return signalPassFailure();
    }
    TargetDescription target{lanes, vectorRegisters, l1Bytes};
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
