// RUN: lacuna-opt %s --lacuna-fuse-accumulate --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @left(
// CHECK-NEXT: %[[S:.*]] = lacuna.conv2d_grad_input %arg0, %arg1 accumulate(%arg2 : tensor<?x6x8x8xf32>) structure(#lacuna.block<rows = 4, active = [3]>) strides([1, 1]) padding([1, 1]) schedule(<lanes = 8, tile = [1, 2, 2], chunk = 8, panel = [1, 4], taps = 9, unroll = 1, level = specialised>) :
// CHECK-NEXT: return %[[S]]
func.func @left(%dy: tensor<?x8x8x8xf32>, %w: tensor<8x6x3x3xf32>, %other: tensor<?x6x8x8xf32>) -> tensor<?x6x8x8xf32> {
  %g = lacuna.conv2d_grad_input %dy, %w structure(#lacuna.block<rows = 4, active = [3]>) strides([1, 1]) padding([1, 1])
      schedule(<lanes = 8, tile = [1, 2, 2], chunk = 8, panel = [1, 4], taps = 9, unroll = 1, level = specialised>)
      : tensor<?x8x8x8xf32>, tensor<8x6x3x3xf32> -> tensor<?x6x8x8xf32>
  %s = arith.addf %g, %other : tensor<?x6x8x8xf32>
  return %s : tensor<?x6x8x8xf32>
}

// -----

// CHECK-LABEL: func.func @right(
// CHECK-NEXT: %[[S:.*]] = lacuna.conv2d_grad_input %arg0, %arg1 accumulate(%arg2 : tensor<?x6x8x8xf32>)
// CHECK-NEXT: return %[[S]]
func.func @right(%dy: tensor<?x8x4x4xf32>, %w: tensor<8x6x1x1xf32>, %other: tensor<?x6x8x8xf32>) -> tensor<?x6x8x8xf32> {
  %g = lacuna.conv2d_grad_input %dy, %w structure(#lacuna.dense) strides([2, 2]) padding([0, 0])
      : tensor<?x8x4x4xf32>, tensor<8x6x1x1xf32> -> tensor<?x6x8x8xf32>
  %s = arith.addf %other, %g : tensor<?x6x8x8xf32>
  return %s : tensor<?x6x8x8xf32>
}

// -----

// The addend is made after the gradient: what is fused stands after both.
// CHECK-LABEL: func.func @addend_later(
// CHECK-NEXT: %[[O:.*]] = arith.negf %arg2
// CHECK-NEXT: %[[S:.*]] = lacuna.conv2d_grad_input %arg0, %arg1 accumulate(%[[O]] : tensor<?x6x8x8xf32>)
// CHECK-NEXT: %[[N:.*]] = arith.negf %[[S]]
// CHECK-NEXT: return %[[N]]
func.func @addend_later(%dy: tensor<?x8x8x8xf32>, %w: tensor<8x6x3x3xf32>, %other: tensor<?x6x8x8xf32>) -> tensor<?x6x8x8xf32> {
  %g = lacuna.conv2d_grad_input %dy, %w structure(#lacuna.unstructured) strides([1, 1]) padding([1, 1])
      : tensor<?x8x8x8xf32>, tensor<8x6x3x3xf32> -> tensor<?x6x8x8xf32>
  %o = arith.negf %other : tensor<?x6x8x8xf32>
  %s = arith.addf %g, %o : tensor<?x6x8x8xf32>
  %n = arith.negf %s : tensor<?x6x8x8xf32>
  return %n : tensor<?x6x8x8xf32>
}

// -----

// Of two gradients one adds to the other.
// CHECK-LABEL: func.func @two_paths(
// CHECK-NEXT: %[[H:.*]] = lacuna.conv2d_grad_input %arg2, %arg3 structure
// CHECK-NEXT: %[[S:.*]] = lacuna.conv2d_grad_input %arg0, %arg1 accumulate(%[[H]] : tensor<?x6x8x8xf32>)
// CHECK-NEXT: return %[[S]]
func.func @two_paths(%dy: tensor<?x8x8x8xf32>, %w: tensor<8x6x3x3xf32>, %dz: tensor<?x4x4x4xf32>, %v: tensor<4x6x1x1xf32>) -> tensor<?x6x8x8xf32> {
  %g = lacuna.conv2d_grad_input %dy, %w structure(#lacuna.unstructured) strides([1, 1]) padding([1, 1])
      : tensor<?x8x8x8xf32>, tensor<8x6x3x3xf32> -> tensor<?x6x8x8xf32>
  %h = lacuna.conv2d_grad_input %dz, %v structure(#lacuna.dense) strides([2, 2]) padding([0, 0])
      : tensor<?x4x4x4xf32>, tensor<4x6x1x1xf32> -> tensor<?x6x8x8xf32>
  %s = arith.addf %g, %h : tensor<?x6x8x8xf32>
  return %s : tensor<?x6x8x8xf32>
}

// -----

// A kernel has one addend: a second sum stays.
// CHECK-LABEL: func.func @second_sum(
// CHECK-NEXT: %[[S:.*]] = lacuna.conv2d_grad_input %arg0, %arg1 accumulate(%arg2 : tensor<?x6x8x8xf32>)
// CHECK-NEXT: %[[T:.*]] = arith.addf %[[S]], %arg3
// CHECK-NEXT: return %[[T]]
func.func @second_sum(%dy: tensor<?x8x8x8xf32>, %w: tensor<8x6x3x3xf32>, %a: tensor<?x6x8x8xf32>, %b: tensor<?x6x8x8xf32>) -> tensor<?x6x8x8xf32> {
  %g = lacuna.conv2d_grad_input %dy, %w structure(#lacuna.unstructured) strides([1, 1]) padding([1, 1])
      : tensor<?x8x8x8xf32>, tensor<8x6x3x3xf32> -> tensor<?x6x8x8xf32>
  %s = arith.addf %g, %a : tensor<?x6x8x8xf32>
  %t = arith.addf %s, %b : tensor<?x6x8x8xf32>
  return %t : tensor<?x6x8x8xf32>
}

// -----

// The sum is also the addend of another gradient: each keeps its own.
// CHECK-LABEL: func.func @three_paths(
// CHECK-NEXT: %[[S:.*]] = lacuna.conv2d_grad_input %arg0, %arg2 accumulate(%arg3 : tensor<?x6x8x8xf32>)
// CHECK-NEXT: %[[T:.*]] = lacuna.conv2d_grad_input %arg1, %arg2 accumulate(%[[S]] : tensor<?x6x8x8xf32>)
// CHECK-NEXT: return %[[T]]
func.func @three_paths(%dy: tensor<?x8x8x8xf32>, %dz: tensor<?x8x8x8xf32>, %w: tensor<8x6x3x3xf32>, %a: tensor<?x6x8x8xf32>) -> tensor<?x6x8x8xf32> {
  %g = lacuna.conv2d_grad_input %dy, %w structure(#lacuna.unstructured) strides([1, 1]) padding([1, 1])
      : tensor<?x8x8x8xf32>, tensor<8x6x3x3xf32> -> tensor<?x6x8x8xf32>
  %h = lacuna.conv2d_grad_input %dz, %w structure(#lacuna.unstructured) strides([1, 1]) padding([1, 1])
      : tensor<?x8x8x8xf32>, tensor<8x6x3x3xf32> -> tensor<?x6x8x8xf32>
  %s = arith.addf %g, %a : tensor<?x6x8x8xf32>
  %t = arith.addf %s, %h : tensor<?x6x8x8xf32>
  return %t : tensor<?x6x8x8xf32>
}

// -----

// In a module, as in any graph region, a reader may come first. What else is
// noted of the gradient stays.
// CHECK: %[[S:.*]] = lacuna.conv2d_grad_input {{.*}} accumulate({{.*}} {test.note = 1 : i64} :
// CHECK-NOT: arith.addf
// CHECK: arith.negf %[[S]]
%a = tensor.empty(%c) : tensor<?x6x8x8xf32>
%dy = tensor.empty(%c) : tensor<?x8x8x8xf32>
%w = tensor.empty() : tensor<8x6x3x3xf32>
%s = arith.addf %g, %a : tensor<?x6x8x8xf32>
%g = lacuna.conv2d_grad_input %dy, %w structure(#lacuna.unstructured) strides([1, 1]) padding([1, 1]) {test.note = 1 : i64}
    : tensor<?x8x8x8xf32>, tensor<8x6x3x3xf32> -> tensor<?x6x8x8xf32>
%c = arith.constant 3 : index
%n = arith.negf %s : tensor<?x6x8x8xf32>
