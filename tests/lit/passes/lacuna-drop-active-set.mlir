// RUN: lacuna-opt %s --lacuna-drop-active-set | FileCheck %s

// Whatever is active, the same structure is left.

// CHECK-LABEL: func.func @one_mask(
// CHECK: lacuna.linear_grad_weight {{.*}} structure(#lacuna.block<rows = 2>) :
func.func @one_mask(%x: tensor<?x8xf32>, %dy: tensor<?x4xf32>) -> tensor<4x8xf32> {
  %dw = lacuna.linear_grad_weight %x, %dy structure(#lacuna.block<rows = 2, active = [9]>)
      : tensor<?x8xf32>, tensor<?x4xf32> -> tensor<4x8xf32>
  return %dw : tensor<4x8xf32>
}

// CHECK-LABEL: func.func @another_mask(
// CHECK: lacuna.linear_grad_weight {{.*}} structure(#lacuna.block<rows = 2>) :
func.func @another_mask(%x: tensor<?x8xf32>, %dy: tensor<?x4xf32>) -> tensor<4x8xf32> {
  %dw = lacuna.linear_grad_weight %x, %dy structure(#lacuna.block<rows = 2, active = [0, 3]>)
      : tensor<?x8xf32>, tensor<?x4xf32> -> tensor<4x8xf32>
  return %dw : tensor<4x8xf32>
}

// CHECK-LABEL: func.func @others(
// CHECK: lacuna.linear {{.*}} structure(#lacuna.unstructured) :
// CHECK: lacuna.linear {{.*}} structure(#lacuna.channel) :
// CHECK: lacuna.linear {{.*}} structure(#lacuna.pattern<library = {{\[\[}}0]]>) :
// CHECK: lacuna.linear {{.*}} structure(#lacuna.dense) schedule(
func.func @others(%x: tensor<?x8xf32>, %w: tensor<4x8xf32>) {
  %0 = lacuna.linear %x, %w structure(#lacuna.unstructured<active = [1]>)
      : tensor<?x8xf32>, tensor<4x8xf32> -> tensor<?x4xf32>
  %1 = lacuna.linear %x, %w structure(#lacuna.channel<active = [3]>)
      : tensor<?x8xf32>, tensor<4x8xf32> -> tensor<?x4xf32>
  %2 = lacuna.linear %x, %w structure(#lacuna.pattern<library = [[0]], active = [5], ids = [0]>)
      : tensor<?x8xf32>, tensor<4x8xf32> -> tensor<?x4xf32>
  %3 = lacuna.linear %x, %w structure(#lacuna.dense)
      schedule(<lanes = 8, tile = [1, 1, 1], chunk = 4, panel = [1, 1], taps = 1, unroll = 1, level = stream>)
      : tensor<?x8xf32>, tensor<4x8xf32> -> tensor<?x4xf32>
  return
}
