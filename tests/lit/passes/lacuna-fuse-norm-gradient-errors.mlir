// RUN: lacuna-opt %s > %t.before
// RUN: lacuna-opt %s --lacuna-fuse-norm-gradient > %t.after
// RUN: diff %t.before %t.after
// RUN: FileCheck %s < %t.after

// Gradients that somebody else reads, or no kernel makes, are left as they are.

// The gradient has another reader, who wants it as it was before the ReLU.
// CHECK-LABEL: func.func @two_uses(
// CHECK: lacuna.norm_gradient
func.func @two_uses(%dy: tensor<?x8x8x8xf32>, %w: tensor<8x6x3x3xf32>, %x: tensor<?x6x8x8xf32>, %mean: tensor<6xf32>) -> (tensor<?x6x8x8xf32>, tensor<?x6x8x8xf32>, tensor<6x2xf32>) {
  %g = lacuna.conv2d_grad_input %dy, %w structure(#lacuna.unstructured) strides([1, 1]) padding([1, 1])
      : tensor<?x8x8x8xf32>, tensor<8x6x3x3xf32> -> tensor<?x6x8x8xf32>
  %dz, %s = lacuna.norm_gradient %g, %x, %mean output(%x : tensor<?x6x8x8xf32>)
      : tensor<?x6x8x8xf32>, tensor<6xf32> -> tensor<6x2xf32>
  return %g, %dz, %s : tensor<?x6x8x8xf32>, tensor<?x6x8x8xf32>, tensor<6x2xf32>
}

// A kernel goes through one batch norm: the next one's gradient stays.
// CHECK-LABEL: func.func @second(
// CHECK: lacuna.norm_gradient
func.func @second(%dy: tensor<?x8x8x8xf32>, %w: tensor<8x6x3x3xf32>, %x: tensor<?x6x8x8xf32>, %mean: tensor<6xf32>) -> (tensor<?x6x8x8xf32>, tensor<6x2xf32>) {
  %g, %t = lacuna.conv2d_grad_input %dy, %w norm_gradient(%x, %mean : tensor<?x6x8x8xf32>, tensor<6xf32>) output(%x : tensor<?x6x8x8xf32>)
      structure(#lacuna.unstructured) strides([1, 1]) padding([1, 1])
      : tensor<?x8x8x8xf32>, tensor<8x6x3x3xf32> -> tensor<?x6x8x8xf32>, tensor<6x2xf32>
  %dz, %s = lacuna.norm_gradient %g, %x, %mean output(%x : tensor<?x6x8x8xf32>)
      : tensor<?x6x8x8xf32>, tensor<6xf32> -> tensor<6x2xf32>
  return %dz, %s : tensor<?x6x8x8xf32>, tensor<6x2xf32>
}

// A sum is no kernel: lacuna-fuse-accumulate comes first.
// CHECK-LABEL: func.func @sum(
// CHECK: lacuna.norm_gradient
func.func @sum(%dy: tensor<?x8x8x8xf32>, %w: tensor<8x6x3x3xf32>, %x: tensor<?x6x8x8xf32>, %mean: tensor<6xf32>) -> (tensor<?x6x8x8xf32>, tensor<6x2xf32>) {
  %g = lacuna.conv2d_grad_input %dy, %w structure(#lacuna.unstructured) strides([1, 1]) padding([1, 1])
      : tensor<?x8x8x8xf32>, tensor<8x6x3x3xf32> -> tensor<?x6x8x8xf32>
  %sum = arith.addf %g, %x : tensor<?x6x8x8xf32>
  %dz, %s = lacuna.norm_gradient %sum, %x, %mean output(%x : tensor<?x6x8x8xf32>)
      : tensor<?x6x8x8xf32>, tensor<6xf32> -> tensor<6x2xf32>
  return %dz, %s : tensor<?x6x8x8xf32>, tensor<6x2xf32>
}

// A gradient is not computed anew in each iteration.
// CHECK-LABEL: func.func @loop(
// CHECK: lacuna.norm_gradient
func.func @loop(%dy: tensor<?x8x8x8xf32>, %w: tensor<8x6x3x3xf32>, %x: tensor<?x6x8x8xf32>, %mean: tensor<6xf32>, %count: index) -> tensor<?x6x8x8xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %g = lacuna.conv2d_grad_input %dy, %w structure(#lacuna.unstructured) strides([1, 1]) padding([1, 1])
      : tensor<?x8x8x8xf32>, tensor<8x6x3x3xf32> -> tensor<?x6x8x8xf32>
  %last = scf.for %i = %c0 to %count step %c1 iter_args(%z = %x) -> (tensor<?x6x8x8xf32>) {
    %dz, %s = lacuna.norm_gradient %g, %x, %mean output(%z : tensor<?x6x8x8xf32>)
        : tensor<?x6x8x8xf32>, tensor<6xf32> -> tensor<6x2xf32>
    scf.yield %dz : tensor<?x6x8x8xf32>
  }
  return %last : tensor<?x6x8x8xf32>
}
