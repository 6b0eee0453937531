// RUN: lacuna-opt %s --lacuna-fuse-normalise --split-input-file | FileCheck %s --implicit-check-not=lacuna.normalise

// The convolution reads what the normalise read.
// CHECK-LABEL: func.func @forward(
// CHECK-SAME: %[[X:.*]]: tensor<?x6x8x8xf32>, %[[W:.*]]: tensor<8x6x3x3xf32>, %[[SCALE:.*]]: tensor<6xf32>, %[[SHIFT:.*]]: tensor<6xf32>)
// CHECK-NEXT: %[[Y:.*]] = lacuna.conv2d %[[X]], %[[W]] normalise(%[[SCALE]], %[[SHIFT]] : tensor<6xf32>, tensor<6xf32>) structure(#lacuna.unstructured) strides([2, 1]) padding([1, 0]) :
// CHECK-NEXT: return %[[Y]]
func.func @forward(%x: tensor<?x6x8x8xf32>, %w: tensor<8x6x3x3xf32>, %scale: tensor<6xf32>, %shift: tensor<6xf32>) -> tensor<?x8x4x6xf32> {
  %a = lacuna.normalise %x, %scale, %shift : tensor<?x6x8x8xf32>, tensor<6xf32>
  %y = lacuna.conv2d %a, %w structure(#lacuna.unstructured) strides([2, 1]) padding([1, 0])
      : tensor<?x6x8x8xf32>, tensor<8x6x3x3xf32> -> tensor<?x8x4x6xf32>
  return %y : tensor<?x8x4x6xf32>
}

// -----

// Bias, statistics and schedule stay what they were.
// CHECK-LABEL: func.func @rest_stays(
// CHECK-SAME: %[[X:[^:]*]]: tensor<?x6x8x8xf32>, %[[W:[^:]*]]: tensor<8x6x1x1xf32>, %[[B:[^:]*]]: tensor<8xf32>, %[[SCALE:[^:]*]]: tensor<6xf32>, %[[SHIFT:[^:]*]]: tensor<6xf32>)
// CHECK-NEXT: %[[Y:.*]], %[[S:.*]] = lacuna.conv2d %[[X]], %[[W]] bias(%[[B]] : tensor<8xf32>) normalise(%[[SCALE]], %[[SHIFT]] : tensor<6xf32>, tensor<6xf32>) structure(#lacuna.block<rows = 4, active = [3]>) strides([1, 1]) padding([0, 0]) schedule(<lanes = 8, tile = [1, 2, 2], chunk = 6, panel = [4, 2], taps = 1, unroll = 1, level = specialised>) :
// CHECK-NEXT: return %[[Y]], %[[S]]
func.func @rest_stays(%x: tensor<?x6x8x8xf32>, %w: tensor<8x6x1x1xf32>, %b: tensor<8xf32>, %scale: tensor<6xf32>, %shift: tensor<6xf32>) -> (tensor<?x8x8x8xf32>, tensor<8x2xf32>) {
  %a = lacuna.normalise %x, %scale, %shift : tensor<?x6x8x8xf32>, tensor<6xf32>
  %y, %s = lacuna.conv2d %a, %w bias(%b : tensor<8xf32>) structure(#lacuna.block<rows = 4, active = [3]>)
      strides([1, 1]) padding([0, 0])
      schedule(<lanes = 8, tile = [1, 2, 2], chunk = 6, panel = [4, 2], taps = 1, unroll = 1, level = specialised>)
      : tensor<?x6x8x8xf32>, tensor<8x6x1x1xf32> -> tensor<?x8x8x8xf32>, tensor<8x2xf32>
  return %y, %s : tensor<?x8x8x8xf32>, tensor<8x2xf32>
}

// -----

// Every layer that reads the normalised tensor as its input takes part: two
// convolutions, as in a block with a shortcut, and the gradient to the weights.
// CHECK-LABEL: func.func @several(
// CHECK-SAME: %[[X:arg0]]: tensor<?x6x8x8xf32>,
// CHECK-SAME: %[[DY:arg3]]: tensor<?x8x8x8xf32>, %[[SCALE:arg4]]: tensor<6xf32>, %[[SHIFT:arg5]]: tensor<6xf32>)
// CHECK-NEXT: lacuna.conv2d %[[X]], %arg1 normalise(%[[SCALE]], %[[SHIFT]] :
// CHECK-NEXT: lacuna.conv2d %[[X]], %arg2 normalise(%[[SCALE]], %[[SHIFT]] :
// CHECK-NEXT: lacuna.conv2d_grad_weight %[[X]], %[[DY]] normalise(%[[SCALE]], %[[SHIFT]] :
// CHECK-NEXT: return
func.func @several(%x: tensor<?x6x8x8xf32>, %w: tensor<8x6x3x3xf32>, %v: tensor<8x6x1x1xf32>, %dy: tensor<?x8x8x8xf32>, %scale: tensor<6xf32>, %shift: tensor<6xf32>) -> (tensor<?x8x8x8xf32>, tensor<?x8x8x8xf32>, tensor<8x6x3x3xf32>) {
  %a = lacuna.normalise %x, %scale, %shift : tensor<?x6x8x8xf32>, tensor<6xf32>
  %y = lacuna.conv2d %a, %w structure(#lacuna.unstructured) strides([1, 1]) padding([1, 1])
      : tensor<?x6x8x8xf32>, tensor<8x6x3x3xf32> -> tensor<?x8x8x8xf32>
  %z = lacuna.conv2d %a, %v structure(#lacuna.dense) strides([1, 1]) padding([0, 0])
      : tensor<?x6x8x8xf32>, tensor<8x6x1x1xf32> -> tensor<?x8x8x8xf32>
  %dw = lacuna.conv2d_grad_weight %a, %dy structure(#lacuna.unstructured) strides([1, 1]) padding([1, 1])
      : tensor<?x6x8x8xf32>, tensor<?x8x8x8xf32> -> tensor<8x6x3x3xf32>
  return %y, %z, %dw : tensor<?x8x8x8xf32>, tensor<?x8x8x8xf32>, tensor<8x6x3x3xf32>
}

// -----

// Who else reads the normalised tensor still gets it.
// CHECK-LABEL: func.func @another_user(
// CHECK-SAME: %[[X:arg0]]: tensor<?x6x8x8xf32>,
// CHECK-NEXT: %[[A:.*]] = lacuna.normalise %[[X]], %arg2, %arg3 :
// CHECK-NEXT: %[[Y:.*]] = lacuna.conv2d %[[X]], %arg1 normalise(%arg2, %arg3 :
// CHECK-NEXT: return %[[A]], %[[Y]]
func.func @another_user(%x: tensor<?x6x8x8xf32>, %w: tensor<8x6x3x3xf32>, %scale: tensor<6xf32>, %shift: tensor<6xf32>) -> (tensor<?x6x8x8xf32>, tensor<?x8x8x8xf32>) {
  %a = lacuna.normalise %x, %scale, %shift : tensor<?x6x8x8xf32>, tensor<6xf32>
  %y = lacuna.conv2d %a, %w structure(#lacuna.unstructured) strides([1, 1]) padding([1, 1])
      : tensor<?x6x8x8xf32>, tensor<8x6x3x3xf32> -> tensor<?x8x8x8xf32>
  return %a, %y : tensor<?x6x8x8xf32>, tensor<?x8x8x8xf32>
}

// -----

// A kernel normalises once: the inner of two stays.
// CHECK-LABEL: func.func @twice(
// CHECK: %[[A:.*]] = lacuna.normalise %arg0, %arg2, %arg3 :
// CHECK-NEXT: lacuna.conv2d %[[A]], %arg1 normalise(%arg4, %arg5 :
// CHECK-NEXT: return
func.func @twice(%x: tensor<?x6x8x8xf32>, %w: tensor<8x6x3x3xf32>, %s0: tensor<6xf32>, %t0: tensor<6xf32>, %s1: tensor<6xf32>, %t1: tensor<6xf32>) -> tensor<?x8x8x8xf32> {
  %a = lacuna.normalise %x, %s0, %t0 : tensor<?x6x8x8xf32>, tensor<6xf32>
  %b = lacuna.normalise %a, %s1, %t1 : tensor<?x6x8x8xf32>, tensor<6xf32>
  %y = lacuna.conv2d %b, %w structure(#lacuna.unstructured) strides([1, 1]) padding([1, 1])
      : tensor<?x6x8x8xf32>, tensor<8x6x3x3xf32> -> tensor<?x8x8x8xf32>
  return %y : tensor<?x8x8x8xf32>
}

// -----

// As the input it is fused, as the output gradient it is not. Readers before
// and after still take part.
// CHECK-LABEL: func.func @both_operands(
// CHECK-NEXT: %[[A:.*]] = lacuna.normalise %arg0, %arg1, %arg2 :
// CHECK-NEXT: lacuna.conv2d %arg0, %arg3 normalise(%arg1, %arg2 :
// CHECK-NEXT: lacuna.conv2d_grad_weight %arg0, %[[A]] normalise(%arg1, %arg2 :
// CHECK-NEXT: lacuna.conv2d %arg0, %arg3 normalise(%arg1, %arg2 :
// CHECK-NEXT: return
func.func @both_operands(%x: tensor<?x6x8x8xf32>, %scale: tensor<6xf32>, %shift: tensor<6xf32>, %w: tensor<8x6x3x3xf32>) -> tensor<6x6x3x3xf32> {
  %a = lacuna.normalise %x, %scale, %shift : tensor<?x6x8x8xf32>, tensor<6xf32>
  %y = lacuna.conv2d %a, %w structure(#lacuna.unstructured) strides([1, 1]) padding([1, 1])
      : tensor<?x6x8x8xf32>, tensor<8x6x3x3xf32> -> tensor<?x8x8x8xf32>
  %dw = lacuna.conv2d_grad_weight %a, %a structure(#lacuna.unstructured) strides([1, 1]) padding([1, 1])
      : tensor<?x6x8x8xf32>, tensor<?x6x8x8xf32> -> tensor<6x6x3x3xf32>
  %z = lacuna.conv2d %a, %w structure(#lacuna.unstructured) strides([1, 1]) padding([1, 1])
      : tensor<?x6x8x8xf32>, tensor<8x6x3x3xf32> -> tensor<?x8x8x8xf32>
  return %dw : tensor<6x6x3x3xf32>
}
