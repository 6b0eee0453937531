// RUN: lacuna-opt %s --lacuna-fuse-epilogue --split-input-file | FileCheck %s

// The layer moves behind what is added to it.
// CHECK-LABEL: func.func @block(
// CHECK-NEXT: %[[S:.*]] = lacuna.affine %arg0
// CHECK-NEXT: %[[Y:.*]] = lacuna.frozen_layer %arg0 residual(%[[S]] : tensor<?x2xf32>) {{.*}} relu
// CHECK-NEXT: return %[[Y]]
func.func @block(%x: tensor<?x2xf32>) -> tensor<?x2xf32> {
  %z = lacuna.frozen_layer %x structure(#lacuna.unstructured<active = [0]>) values([1.0]) bias([1.0, 2.0])
      : tensor<?x2xf32> -> tensor<?x2xf32>
  %r = lacuna.affine %x scale([2.0, 3.0]) shift([5.0, 0.0]) : tensor<?x2xf32> -> tensor<?x2xf32>
  %s = arith.addf %z, %r : tensor<?x2xf32>
  %y = lacuna.relu %s : tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// -----

// CHECK-LABEL: func.func @right_operand(
// CHECK-NEXT: %[[Y:.*]] = lacuna.frozen_layer %arg0 residual(%arg0 : tensor<?x2xf32>)
// CHECK-NOT: relu
// CHECK: return %[[Y]]
func.func @right_operand(%x: tensor<?x2xf32>) -> tensor<?x2xf32> {
  %z = lacuna.frozen_layer %x structure(#lacuna.unstructured<active = [0]>) values([1.0]) bias([1.0, 2.0])
      : tensor<?x2xf32> -> tensor<?x2xf32>
  %s = arith.addf %x, %z : tensor<?x2xf32>
  return %s : tensor<?x2xf32>
}

// -----

// CHECK-LABEL: func.func @into_a_map(
// CHECK-NEXT: lacuna.affine %arg0 scale([2.000000e+00, 3.000000e+00]) shift([5.000000e+00, 0.000000e+00]) relu
// CHECK-NEXT: return
func.func @into_a_map(%x: tensor<?x2xf32>) -> tensor<?x2xf32> {
  %z = lacuna.affine %x scale([2.0, 3.0]) shift([5.0, 0.0]) : tensor<?x2xf32> -> tensor<?x2xf32>
  %y = lacuna.relu %z : tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// -----

// CHECK-LABEL: func.func @alone(
// CHECK-NEXT: lacuna.affine %arg0 scale([1.000000e+00, 1.000000e+00]) shift([0.000000e+00, 0.000000e+00]) relu
// CHECK-NEXT: return
func.func @alone(%x: tensor<?x2xf32>) -> tensor<?x2xf32> {
  %y = lacuna.relu %x : tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}
