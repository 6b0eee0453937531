// RUN: lacuna-opt %s > %t.before
// RUN: lacuna-opt %s --lacuna-fuse-accumulate > %t.after
// RUN: diff %t.before %t.after
// RUN: FileCheck %s < %t.after

// Sums that would cost a second kernel, or lose a value, are left as they are.

// The gradient has another reader, who wants it without the addend.
// CHECK-LABEL: func.func @two_uses(
// CHECK: arith.addf
func.func @two_uses(%dy: tensor<?x8x8x8xf32>, %w: tensor<8x6x3x3xf32>, %other: tensor<?x6x8x8xf32>) -> (tensor<?x6x8x8xf32>, tensor<?x6x8x8xf32>) {
  %g = lacuna.conv2d_grad_input %dy, %w structure(#lacuna.unstructured) strides([1, 1]) padding([1, 1])
      : tensor<?x8x8x8xf32>, tensor<8x6x3x3xf32> -> tensor<?x6x8x8xf32>
  %s = arith.addf %g, %other : tensor<?x6x8x8xf32>
  return %g, %s : tensor<?x6x8x8xf32>, tensor<?x6x8x8xf32>
}

// The other reader is the sum itself.
// CHECK-LABEL: func.func @doubled(
// CHECK: arith.addf
func.func @doubled(%dy: tensor<?x8x8x8xf32>, %w: tensor<8x6x3x3xf32>) -> tensor<?x6x8x8xf32> {
  %g = lacuna.conv2d_grad_input %dy, %w structure(#lacuna.unstructured) strides([1, 1]) padding([1, 1])
      : tensor<?x8x8x8xf32>, tensor<8x6x3x3xf32> -> tensor<?x6x8x8xf32>
  %s = arith.addf %g, %g : tensor<?x6x8x8xf32>
  return %s : tensor<?x6x8x8xf32>
}

// CHECK-LABEL: func.func @has_an_addend(
// CHECK: arith.addf
func.func @has_an_addend(%dy: tensor<?x8x8x8xf32>, %w: tensor<8x6x3x3xf32>, %a: tensor<?x6x8x8xf32>, %b: tensor<?x6x8x8xf32>) -> tensor<?x6x8x8xf32> {
  %g = lacuna.conv2d_grad_input %dy, %w accumulate(%a : tensor<?x6x8x8xf32>)
      structure(#lacuna.unstructured) strides([1, 1]) padding([1, 1])
      : tensor<?x8x8x8xf32>, tensor<8x6x3x3xf32> -> tensor<?x6x8x8xf32>
  %s = arith.addf %g, %b : tensor<?x6x8x8xf32>
  return %s : tensor<?x6x8x8xf32>
}

// Forward kernels overwrite their result.
// CHECK-LABEL: func.func @forward(
// CHECK: arith.addf
func.func @forward(%x: tensor<?x6x8x8xf32>, %w: tensor<8x6x3x3xf32>, %other: tensor<?x8x8x8xf32>) -> tensor<?x8x8x8xf32> {
  %y = lacuna.conv2d %x, %w structure(#lacuna.unstructured) strides([1, 1]) padding([1, 1])
      : tensor<?x6x8x8xf32>, tensor<8x6x3x3xf32> -> tensor<?x8x8x8xf32>
  %s = arith.addf %y, %other : tensor<?x8x8x8xf32>
  return %s : tensor<?x8x8x8xf32>
}

// CHECK-LABEL: func.func @linear(
// CHECK: arith.addf
func.func @linear(%dy: tensor<?x4xf32>, %w: tensor<4x8xf32>, %other: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %g = lacuna.linear_grad_input %dy, %w structure(#lacuna.dense)
      : tensor<?x4xf32>, tensor<4x8xf32> -> tensor<?x8xf32>
  %s = arith.addf %g, %other : tensor<?x8xf32>
  return %s : tensor<?x8xf32>
}

// A gradient is not computed anew in each iteration.
// CHECK-LABEL: func.func @loop(
// CHECK: arith.addf
func.func @loop(%dy: tensor<?x8x8x8xf32>, %w: tensor<8x6x3x3xf32>, %first: tensor<?x6x8x8xf32>, %count: index) -> tensor<?x6x8x8xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %g = lacuna.conv2d_grad_input %dy, %w structure(#lacuna.unstructured) strides([1, 1]) padding([1, 1])
      : tensor<?x8x8x8xf32>, tensor<8x6x3x3xf32> -> tensor<?x6x8x8xf32>
  %last = scf.for %i = %c0 to %count step %c1 iter_args(%sum = %first) -> (tensor<?x6x8x8xf32>) {
    %s = arith.addf %g, %sum : tensor<?x6x8x8xf32>
    scf.yield %s : tensor<?x6x8x8xf32>
  }
  return %last : tensor<?x6x8x8xf32>
}

// Fused, the addend would be added before the ReLU instead of after it.
// CHECK-LABEL: func.func @through_a_norm(
// CHECK: arith.addf
func.func @through_a_norm(%dy: tensor<?x8x8x8xf32>, %w: tensor<8x6x3x3xf32>, %x: tensor<?x6x8x8xf32>, %mean: tensor<6xf32>, %other: tensor<?x6x8x8xf32>) -> tensor<?x6x8x8xf32> {
  %g, %t = lacuna.conv2d_grad_input %dy, %w norm_gradient(%x, %mean : tensor<?x6x8x8xf32>, tensor<6xf32>) output(%x : tensor<?x6x8x8xf32>)
      structure(#lacuna.unstructured) strides([1, 1]) padding([1, 1])
      : tensor<?x8x8x8xf32>, tensor<8x6x3x3xf32> -> tensor<?x6x8x8xf32>, tensor<6x2xf32>
  %s = arith.addf %g, %other : tensor<?x6x8x8xf32>
  return %s : tensor<?x6x8x8xf32>
}
