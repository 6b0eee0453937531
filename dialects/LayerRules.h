//===- LayerRules.h - What verifiers of layers share ------------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_DIALECTS_LAYERRULES_H
#define LACUNA_DIALECTS_LAYERRULES_H

#include "lacuna/Dialect/Lacuna.h"

namespace lacuna::ir {

inline mlir::RankedTensorType typeOf(mlir::Value value) {
  return mlir::cast<mlir::RankedTensorType>(value.getType());
}

/// Rules that a kernel geometry, a structure and its active set state
/// themselves, as user errors; no exception may reach MLIR. Gives the number of
/// active weights.
mlir::FailureOr<int64_t> verifyRules(mlir::Operation *op,
                                     const Geometry &geometry,
                                     mlir::Attribute structure);

} // namespace lacuna::ir

#endif // LACUNA_DIALECTS_LAYERRULES_H
