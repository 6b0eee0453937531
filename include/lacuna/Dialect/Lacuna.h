//===- Lacuna.h - The lacuna dialect ----------------------------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_DIALECT_LACUNA_H
#define LACUNA_DIALECT_LACUNA_H

#include "lacuna/Kernel/Fusion.h"
#include "lacuna/Kernel/Schedule.h"
#include "lacuna/Kernel/Structure.h"

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "lacuna/Dialect/LacunaDialect.h.inc"

#define GET_ATTRDEF_CLASSES
#include "lacuna/Dialect/LacunaAttributes.h.inc"

#include "lacuna/Dialect/LacunaInterfaces.h.inc"

#define GET_OP_CLASSES
#include "lacuna/Dialect/LacunaOps.h.inc"

namespace lacuna::ir {

/// Reads a structure attribute; its active set is left out.
Structure toStructure(mlir::Attribute structure);
/// Reads the active set that a structure attribute may carry.
ActiveSet toActiveSet(mlir::Attribute structure);
/// Builds the attribute; `active` may be null.
mlir::Attribute fromStructure(mlir::MLIRContext *context,
                              const Structure &structure,
                              const ActiveSet *active);

/// Reads the name of a level.
mlir::FailureOr<Level> parseLevel(mlir::AsmParser &parser);
Schedule toSchedule(ScheduleAttr attribute);
ScheduleAttr fromSchedule(mlir::MLIRContext *context, const Schedule &schedule);

} // namespace lacuna::ir

#endif // LACUNA_DIALECT_LACUNA_H
