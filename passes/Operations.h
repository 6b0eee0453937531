//===- Operations.h - The operations that a pass visits ---------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_PASSES_OPERATIONS_H
#define LACUNA_PASSES_OPERATIONS_H

#include "mlir/IR/Operation.h"
#include "llvm/ADT/SmallVector.h"

namespace lacuna::ir {

/// The operations of one kind below `root`. A walk breaks when the operation
/// that it comes to next is erased, which an operand may be: in a graph region,
/// such as that of a module, it need not come before its reader.
template <typename Op>
llvm::SmallVector<Op> operationsBelow(mlir::Operation *root) {
  llvm::SmallVector<Op> result;
  root->walk([&](Op op) { result.push_back(op); });
  return result;
}

} // namespace lacuna::ir

#endif // LACUNA_PASSES_OPERATIONS_H
