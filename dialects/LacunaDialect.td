//===- LacunaDialect.td - The lacuna dialect ---------------*- tablegen -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_DIALECT_TD
#define LACUNA_DIALECT_TD

include "mlir/IR/OpBase.td"

def Lacuna_Dialect : Dialect {
  let name = "lacuna";
  let cppNamespace = "::lacuna::ir";
  let summary = "Sparse layers and their gradients, at tensor level";
  let description = [{
    The `lacuna` dialect holds one operation for each thing that a training
    step asks of a sparse layer: its output, the gradient to its input, the
    gradient to its weights. Sparsity is an attribute, the *structure*; a dense
    layer is one whose structure is `#lacuna.dense`, and takes the same path.

    Tensors are logical: activations `[batch, channels, height, width]` or
    `[batch, features]` with a dynamic batch, weights
    `[out, in, height, width]` or `[out, in]` with zeros at inactive places.
    `lacuna-lower-to-loops` replaces them by the blocked activations and packed
    streams of the kernel ABI.
  }];
  let useDefaultAttributePrinterParser = 1;
  let dependentDialects = ["::mlir::tensor::TensorDialect"];
}

#endif // LACUNA_DIALECT_TD
