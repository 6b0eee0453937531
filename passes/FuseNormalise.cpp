//===- FuseNormalise.cpp - Normalise while packing ------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Passes/Passes.h"

using namespace mlir;

namespace lacuna::ir {

#define GEN_PASS_DEF_FUSENORMALISE
#include "lacuna/Passes/Passes.h.inc"

namespace {

/// Lets a layer operation that reads `normalise` as its input normalise itself.
/// Returns whether it now does.
template <typename LayerOp>
bool absorb(mlir::Operation *user, NormaliseOp normalise) {
  auto layer = dyn_cast<LayerOp>(user);
  if (!layer || layer.getScale() || layer.getInput() != normalise.getResult())
    return false;
  layer.getInputMutable().assign(normalise.getInput());
  layer.getScaleMutable().assign(normalise.getScale());
  layer.getShiftMutable().assign(normalise.getShift());
  return true;
}

class FuseNormalisePass : public impl::FuseNormaliseBase<FuseNormalisePass> {
public:
  void runOnOperation() override {
    getOperation()->walk([&](NormaliseOp normalise) {
      // A user that takes part leaves the list, with all that it reads there.
      for (mlir::Operation *user : llvm::SetVector<mlir::Operation *>(
               llvm::from_range, normalise->getUsers()))
        if (absorb<Conv2dOp>(user, normalise) ||
            absorb<Conv2dGradWeightOp>(user, normalise))
          ++normalisesFused;
      if (normalise->use_empty())
        normalise.erase();
    });
  }
};

} // namespace
} // namespace lacuna::ir
