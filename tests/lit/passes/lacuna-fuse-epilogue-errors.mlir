// RUN: lacuna-opt %s > %t.before
// RUN: lacuna-opt %s --lacuna-fuse-epilogue > %t.after
// RUN: diff %t.before %t.after
// RUN: FileCheck %s < %t.after

// Sums that would change what others read are left as they are.

// CHECK-LABEL: func.func @two_uses(
// CHECK: arith.addf
func.func @two_uses(%x: tensor<?x2xf32>) -> (tensor<?x2xf32>, tensor<?x2xf32>) {
  %z = lacuna.frozen_layer %x structure(#lacuna.unstructured<active = [0]>) values([1.0]) bias([1.0, 2.0])
      : tensor<?x2xf32> -> tensor<?x2xf32>
  %s = arith.addf %z, %x : tensor<?x2xf32>
  return %z, %s : tensor<?x2xf32>, tensor<?x2xf32>
}

// The ReLU came before the sum.
// CHECK-LABEL: func.func @rectified(
// CHECK: arith.addf
func.func @rectified(%x: tensor<?x2xf32>) -> tensor<?x2xf32> {
  %z = lacuna.frozen_layer %x structure(#lacuna.unstructured<active = [0]>) values([1.0]) bias([1.0, 2.0]) relu
      : tensor<?x2xf32> -> tensor<?x2xf32>
  %s = arith.addf %z, %x : tensor<?x2xf32>
  return %s : tensor<?x2xf32>
}

// CHECK-LABEL: func.func @second_sum(
// CHECK: arith.addf
func.func @second_sum(%x: tensor<?x2xf32>) -> tensor<?x2xf32> {
  %z = lacuna.frozen_layer %x residual(%x : tensor<?x2xf32>) structure(#lacuna.unstructured<active = [0]>) values([1.0]) bias([1.0, 2.0])
      : tensor<?x2xf32> -> tensor<?x2xf32>
  %s = arith.addf %z, %x : tensor<?x2xf32>
  return %s : tensor<?x2xf32>
}

// A layer does not run anew in each iteration.
// CHECK-LABEL: func.func @loop(
// CHECK: arith.addf
func.func @loop(%x: tensor<?x2xf32>, %count: index) -> tensor<?x2xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %z = lacuna.frozen_layer %x structure(#lacuna.unstructured<active = [0]>) values([1.0]) bias([1.0, 2.0])
      : tensor<?x2xf32> -> tensor<?x2xf32>
  %last = scf.for %i = %c0 to %count step %c1 iter_args(%sum = %x) -> (tensor<?x2xf32>) {
    %s = arith.addf %z, %sum : tensor<?x2xf32>
    scf.yield %s : tensor<?x2xf32>
  }
  return %last : tensor<?x2xf32>
}
