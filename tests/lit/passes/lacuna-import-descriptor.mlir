// RUN: split-file %s %t
// RUN: lacuna-opt %t/module.mlir --lacuna-import-descriptor="descriptor=%t/linear.json bias=true" | FileCheck %s --check-prefix=LINEAR
// RUN: lacuna-opt %t/module.mlir --lacuna-import-descriptor="descriptor=%t/linear.json operation=grad-weight name=dw" | FileCheck %s --check-prefix=WEIGHT
// RUN: lacuna-opt %t/module.mlir --lacuna-import-descriptor=descriptor=%t/conv.json | FileCheck %s --check-prefix=CONV
// RUN: lacuna-opt %t/module.mlir --lacuna-import-descriptor="descriptor=%t/conv.json operation=grad-input" | FileCheck %s --check-prefix=INPUT
// RUN: lacuna-opt %t/module.mlir --lacuna-import-descriptor=descriptor=%t/dense.json --lacuna-import-descriptor="descriptor=%t/linear.json name=second" | FileCheck %s --check-prefix=TWO

// LINEAR: func.func @kernel(%[[X:.*]]: tensor<?x8xf32>, %[[W:.*]]: tensor<4x8xf32>, %[[B:.*]]: tensor<4xf32>) -> tensor<?x4xf32> {
// LINEAR-NEXT: %[[Y:.*]] = lacuna.linear %[[X]], %[[W]] bias(%[[B]] : tensor<4xf32>) structure(#lacuna.unstructured<active = [0, 9, 31]>) : tensor<?x8xf32>, tensor<4x8xf32> -> tensor<?x4xf32>
// LINEAR-NEXT: return %[[Y]]

// WEIGHT: func.func @dw(%[[X:.*]]: tensor<?x8xf32>, %[[DY:.*]]: tensor<?x4xf32>) -> tensor<4x8xf32> {
// WEIGHT-NEXT: lacuna.linear_grad_weight %[[X]], %[[DY]]

// CONV: func.func @kernel(%[[X:.*]]: tensor<?x2x5x7xf32>, %[[W:.*]]: tensor<4x2x3x3xf32>) -> tensor<?x4x3x7xf32> {
// CONV-NEXT: lacuna.conv2d %[[X]], %[[W]] structure(#lacuna.pattern<library = {{\[\[}}0, 4], [1]], active = [1, 6], ids = [0, 1]>) strides([2, 1]) padding([1, 1])

// INPUT: func.func @kernel(%[[DY:.*]]: tensor<?x4x3x7xf32>, %[[W:.*]]: tensor<4x2x3x3xf32>) -> tensor<?x2x5x7xf32> {
// INPUT-NEXT: lacuna.conv2d_grad_input %[[DY]], %[[W]]

// TWO: func.func @kernel(
// TWO: structure(#lacuna.dense)
// TWO: func.func @second(

//--- module.mlir
module {
}

//--- linear.json
{
  "version": 1, "op": "linear", "dtype": "f32",
  "geometry": {"in_features": 8, "out_features": 4},
  "scheme": "unstructured", "active": [0, 9, 31]
}

//--- dense.json
{
  "version": 1, "op": "linear", "dtype": "f32",
  "geometry": {"in_features": 8, "out_features": 4},
  "scheme": "dense"
}

//--- conv.json
{
  "version": 1, "op": "conv2d", "dtype": "f32",
  "geometry": {
    "in_channels": 2, "out_channels": 4, "height": 5, "width": 7,
    "kernel": [3, 3], "stride": [2, 1], "padding": [1, 1]
  },
  "scheme": "pattern", "patterns": [[0, 4], [1]],
  "active": [1, 6], "pattern_ids": [0, 1]
}
