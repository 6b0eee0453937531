// RUN: lacuna-opt %s > %t.before
// RUN: lacuna-opt %s --lacuna-fuse-statistics > %t.after
// RUN: diff %t.before %t.after
// RUN: FileCheck %s < %t.after

// Sums of what no forward kernel writes are left as they are.

// CHECK-LABEL: func.func @argument(
// CHECK: lacuna.channel_sums
func.func @argument(%x: tensor<?x6x8x8xf32>) -> tensor<6x2xf32> {
  %s = lacuna.channel_sums %x : tensor<?x6x8x8xf32> -> tensor<6x2xf32>
  return %s : tensor<6x2xf32>
}

// CHECK-LABEL: func.func @grad_input(
// CHECK: lacuna.channel_sums
func.func @grad_input(%dy: tensor<?x8x8x8xf32>, %w: tensor<8x6x3x3xf32>) -> tensor<6x2xf32> {
  %dx = lacuna.conv2d_grad_input %dy, %w structure(#lacuna.unstructured) strides([1, 1]) padding([1, 1])
      : tensor<?x8x8x8xf32>, tensor<8x6x3x3xf32> -> tensor<?x6x8x8xf32>
  %s = lacuna.channel_sums %dx : tensor<?x6x8x8xf32> -> tensor<6x2xf32>
  return %s : tensor<6x2xf32>
}

// The sums of the input are not those of the output.
// CHECK-LABEL: func.func @of_the_input(
// CHECK: lacuna.channel_sums
func.func @of_the_input(%x: tensor<?x6x8x8xf32>, %w: tensor<6x6x3x3xf32>) -> (tensor<?x6x8x8xf32>, tensor<6x2xf32>) {
  %y = lacuna.conv2d %x, %w structure(#lacuna.unstructured) strides([1, 1]) padding([1, 1])
      : tensor<?x6x8x8xf32>, tensor<6x6x3x3xf32> -> tensor<?x6x8x8xf32>
  %s = lacuna.channel_sums %x : tensor<?x6x8x8xf32> -> tensor<6x2xf32>
  return %y, %s : tensor<?x6x8x8xf32>, tensor<6x2xf32>
}

// Something stands between the convolution and the sums.
// CHECK-LABEL: func.func @normalised(
// CHECK: lacuna.channel_sums
func.func @normalised(%x: tensor<?x6x8x8xf32>, %w: tensor<6x6x3x3xf32>, %scale: tensor<6xf32>, %shift: tensor<6xf32>) -> tensor<6x2xf32> {
  %y = lacuna.conv2d %x, %w structure(#lacuna.unstructured) strides([1, 1]) padding([1, 1])
      : tensor<?x6x8x8xf32>, tensor<6x6x3x3xf32> -> tensor<?x6x8x8xf32>
  %a = lacuna.normalise %y, %scale, %shift : tensor<?x6x8x8xf32>, tensor<6xf32>
  %s = lacuna.channel_sums %a : tensor<?x6x8x8xf32> -> tensor<6x2xf32>
  return %s : tensor<6x2xf32>
}
