// RUN: lacuna-opt %s > %t.before
// RUN: lacuna-opt %s --lacuna-fold-affine > %t.after
// RUN: diff %t.before %t.after
// RUN: FileCheck %s < %t.after

// Maps that weights cannot take are left as they are.

// CHECK-LABEL: func.func @no_layer(
// CHECK: lacuna.affine
func.func @no_layer(%x: tensor<?x2xf32>) -> tensor<?x2xf32> {
  %y = lacuna.affine %x scale([2.0, 3.0]) shift([5.0, 0.0]) : tensor<?x2xf32> -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// Another reader wants the result without the map.
// CHECK-LABEL: func.func @two_uses(
// CHECK: lacuna.affine
func.func @two_uses(%x: tensor<?x2xf32>) -> (tensor<?x2xf32>, tensor<?x2xf32>) {
  %z = lacuna.frozen_layer %x structure(#lacuna.unstructured<active = [0]>) values([1.0]) bias([1.0, 2.0])
      : tensor<?x2xf32> -> tensor<?x2xf32>
  %y = lacuna.affine %z scale([2.0, 3.0]) shift([5.0, 0.0]) : tensor<?x2xf32> -> tensor<?x2xf32>
  return %z, %y : tensor<?x2xf32>, tensor<?x2xf32>
}

// CHECK-LABEL: func.func @rectified(
// CHECK: lacuna.affine
func.func @rectified(%x: tensor<?x2xf32>) -> tensor<?x2xf32> {
  %z = lacuna.frozen_layer %x structure(#lacuna.unstructured<active = [0]>) values([1.0]) bias([1.0, 2.0]) relu
      : tensor<?x2xf32> -> tensor<?x2xf32>
  %y = lacuna.affine %z scale([2.0, 3.0]) shift([5.0, 0.0]) : tensor<?x2xf32> -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// CHECK-LABEL: func.func @with_residual(
// CHECK: lacuna.affine
func.func @with_residual(%x: tensor<?x2xf32>) -> tensor<?x2xf32> {
  %z = lacuna.frozen_layer %x residual(%x : tensor<?x2xf32>) structure(#lacuna.unstructured<active = [0]>) values([1.0]) bias([1.0, 2.0])
      : tensor<?x2xf32> -> tensor<?x2xf32>
  %y = lacuna.affine %z scale([2.0, 3.0]) shift([5.0, 0.0]) : tensor<?x2xf32> -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}
