//===- FoldAffine.cpp - Batch norms folded into weights -------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Passes/Passes.h"

using namespace mlir;

namespace lacuna::ir {

#define GEN_PASS_DEF_FOLDAFFINE
#include "lacuna/Passes/Passes.h.inc"

namespace {

class FoldAffinePass : public impl::FoldAffineBase<FoldAffinePass> {
public:
  void runOnOperation() override {
    getOperation()->walk([&](AffineOp map) { fold(map); });
  }

private:
  void fold(AffineOp map) {
    auto layer = map.getInput().getDefiningOp<FrozenLayerOp>();
    if (!layer || !layer->hasOneUse() || layer.getRelu() || layer.getResidual())
      return;
    // A map may write other planes than it reads.
    if (map.getResult().getType() != layer.getResult().getType())
      return;
    Geometry geometry = layer.getGeometry();
    std::vector<uint32_t> positions =
        toActiveSet(layer.getStructure())
            .positions(geometry, toStructure(layer.getStructure()));
    ArrayRef<float> scale = map.getScale(), shift = map.getShift();
    SmallVector<float> values(layer.getValues()), bias(layer.getBias());
    for (auto [value, position] : llvm::zip_equal(values, positions))
      value *= scale[position / geometry.columns()];
    for (size_t o = 0; o < bias.size(); ++o)
      bias[o] = bias[o] * scale[o] + shift[o];
    layer.setValues(values);
    layer.setBias(bias);
    layer.setRelu(map.getRelu());
    map.getResult().replaceAllUsesWith(layer.getResult());
    map.erase();
    ++mapsFolded;
  }
};

} // namespace
} // namespace lacuna::ir
