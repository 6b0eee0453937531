//===- LacunaDialect.cpp - Registration of the dialect --------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Dialect/Lacuna.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

#include "lacuna/Dialect/LacunaDialect.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "lacuna/Dialect/LacunaAttributes.cpp.inc"

#include "lacuna/Dialect/LacunaInterfaces.cpp.inc"

#define GET_OP_CLASSES
#include "lacuna/Dialect/LacunaOps.cpp.inc"

void lacuna::ir::LacunaDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "lacuna/Dialect/LacunaOps.cpp.inc"
      >();
  addAttributes<
#define GET_ATTRDEF_LIST
#include "lacuna/Dialect/LacunaAttributes.cpp.inc"
      >();
}
