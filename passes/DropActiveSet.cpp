//===- DropActiveSet.cpp - Keep the structure, drop what is active --------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Passes/Passes.h"

using namespace mlir;

namespace lacuna::ir {

#define GEN_PASS_DEF_DROPACTIVESET
#include "lacuna/Passes/Passes.h.inc"

namespace {

class DropActiveSetPass : public impl::DropActiveSetBase<DropActiveSetPass> {
public:
  void runOnOperation() override {
    getOperation()->walk([&](LayerOpInterface layer) {
      Attribute structure = layer.getStructureAttribute();
      unitsDropped += toActiveSet(structure).units.size();
      layer.setStructureAttribute(
          fromStructure(&getContext(), toStructure(structure), nullptr));
    });
  }
};

} // namespace
} // namespace lacuna::ir
