//===- AssignScratch.cpp - A place for each tensor ------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PlaneLayout.h"

#include "lacuna/Passes/Passes.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace lacuna::ir {

#define GEN_PASS_DEF_ASSIGNSCRATCH
#include "lacuna/Passes/Passes.h.inc"

namespace {

/// Of places, in floats: a cache line.
constexpr int64_t kAlignment = 16;

class AssignScratchPass : public impl::AssignScratchBase<AssignScratchPass> {
public:
  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (function.isExternal())
      return;
    if (failed(verifyNetwork(function)))
      return signalPassFailure();
    Block &body = function.front();
    mlir::Operation *terminator = body.getTerminator();
    OpBuilder builder(function.getContext());
    SmallVector<Place> live;
    int64_t total = 0;
    for (mlir::Operation &op : body.without_terminator()) {
      llvm::erase_if(live, [&](const Place &place) {
        return !place.lastReader || place.lastReader->isBeforeInBlock(&op);
      });
      // A view of its operand.
      if (isa<tensor::CollapseShapeOp>(op))
        continue;
      mlir::Operation *last = lastReader(op.getResult(0));
      if (last == terminator)
        continue;
      int64_t floats =
          PlaneLayout::of(op.getResult(0).getType()).floats + kReadSlack;
      floats = static_cast<int64_t>(llvm::alignTo(floats, kAlignment));
      int64_t offset = firstFit(live, floats);
      live.push_back({offset, offset + floats, last});
      total = std::max(total, offset + floats);
      op.setAttr(kOffsetAttribute, builder.getI64IntegerAttr(offset));
    }
    function->setAttr(kScratchAttribute, builder.getI64IntegerAttr(total));
  }

private:
  struct Place {
    int64_t begin, end;
    mlir::Operation *lastReader;
  };

  static int64_t firstFit(SmallVector<Place> &live, int64_t floats) {
    llvm::sort(
        live, [](const Place &a, const Place &b) { return a.begin < b.begin; });
    int64_t offset = 0;
    for (const Place &place : live) {
      if (offset + floats <= place.begin)
        break;
      offset = std::max(offset, place.end);
    }
    return offset;
  }
};

} // namespace
} // namespace lacuna::ir
