//===- LayerRules.cpp - What verifiers of layers share --------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LayerRules.h"

#include "lacuna/Support/Error.h"

using namespace mlir;

namespace lacuna::ir {

FailureOr<int64_t> verifyRules(mlir::Operation *op, const Geometry &geometry,
                               Attribute structureAttribute) {
  std::string rule;
  try {
    geometry.verify();
    Structure structure = toStructure(structureAttribute);
    structure.verify(geometry);
    ActiveSet active = toActiveSet(structureAttribute);
    active.verify(geometry, structure);
    return active.values(geometry, structure);
  } catch (const Error &error) {
    rule = error.what();
  }
  return op->emitOpError() << rule;
}

} // namespace lacuna::ir
