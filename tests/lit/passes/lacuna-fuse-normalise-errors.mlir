// RUN: lacuna-opt %s > %t.before
// RUN: lacuna-opt %s --lacuna-fuse-normalise > %t.after
// RUN: diff %t.before %t.after
// RUN: FileCheck %s < %t.after

// What no kernel can take along is left as it is.

// CHECK-LABEL: func.func @no_layer(
// CHECK: lacuna.normalise
func.func @no_layer(%x: tensor<?x6x8x8xf32>, %scale: tensor<6xf32>, %shift: tensor<6xf32>) -> tensor<?x6x8x8xf32> {
  %a = lacuna.normalise %x, %scale, %shift : tensor<?x6x8x8xf32>, tensor<6xf32>
  return %a : tensor<?x6x8x8xf32>
}

// The source of grad-input is an output gradient.
// CHECK-LABEL: func.func @grad_input(
// CHECK: lacuna.normalise
func.func @grad_input(%dy: tensor<?x8x8x8xf32>, %w: tensor<8x6x3x3xf32>, %scale: tensor<8xf32>, %shift: tensor<8xf32>) -> tensor<?x6x8x8xf32> {
  %a = lacuna.normalise %dy, %scale, %shift : tensor<?x8x8x8xf32>, tensor<8xf32>
  %dx = lacuna.conv2d_grad_input %a, %w structure(#lacuna.unstructured) strides([1, 1]) padding([1, 1])
      : tensor<?x8x8x8xf32>, tensor<8x6x3x3xf32> -> tensor<?x6x8x8xf32>
  return %dx : tensor<?x6x8x8xf32>
}

// CHECK-LABEL: func.func @addend(
// CHECK: lacuna.normalise
func.func @addend(%dy: tensor<?x8x8x8xf32>, %w: tensor<8x6x3x3xf32>, %x: tensor<?x6x8x8xf32>, %scale: tensor<6xf32>, %shift: tensor<6xf32>) -> tensor<?x6x8x8xf32> {
  %a = lacuna.normalise %x, %scale, %shift : tensor<?x6x8x8xf32>, tensor<6xf32>
  %dx = lacuna.conv2d_grad_input %dy, %w accumulate(%a : tensor<?x6x8x8xf32>)
      structure(#lacuna.unstructured) strides([1, 1]) padding([1, 1])
      : tensor<?x8x8x8xf32>, tensor<8x6x3x3xf32> -> tensor<?x6x8x8xf32>
  return %dx : tensor<?x6x8x8xf32>
}

// Only the input is packed through a normalise, not the output gradient.
// CHECK-LABEL: func.func @grad_weight_gradient(
// CHECK: lacuna.normalise
func.func @grad_weight_gradient(%x: tensor<?x6x8x8xf32>, %dy: tensor<?x8x8x8xf32>, %scale: tensor<8xf32>, %shift: tensor<8xf32>) -> tensor<8x6x3x3xf32> {
  %a = lacuna.normalise %dy, %scale, %shift : tensor<?x8x8x8xf32>, tensor<8xf32>
  %dw = lacuna.conv2d_grad_weight %x, %a structure(#lacuna.unstructured) strides([1, 1]) padding([1, 1])
      : tensor<?x6x8x8xf32>, tensor<?x8x8x8xf32> -> tensor<8x6x3x3xf32>
  return %dw : tensor<8x6x3x3xf32>
}

// CHECK-LABEL: func.func @has_one_already(
// CHECK: lacuna.normalise
func.func @has_one_already(%x: tensor<?x6x8x8xf32>, %w: tensor<8x6x3x3xf32>, %s0: tensor<6xf32>, %t0: tensor<6xf32>, %s1: tensor<6xf32>, %t1: tensor<6xf32>) -> tensor<?x8x8x8xf32> {
  %a = lacuna.normalise %x, %s0, %t0 : tensor<?x6x8x8xf32>, tensor<6xf32>
  %y = lacuna.conv2d %a, %w normalise(%s1, %t1 : tensor<6xf32>, tensor<6xf32>)
      structure(#lacuna.unstructured) strides([1, 1]) padding([1, 1])
      : tensor<?x6x8x8xf32>, tensor<8x6x3x3xf32> -> tensor<?x8x8x8xf32>
  return %y : tensor<?x8x8x8xf32>
}
