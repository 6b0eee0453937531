// RUN: lacuna-opt %s --lacuna-fuse-statistics --split-input-file | FileCheck %s --implicit-check-not=lacuna.channel_sums

// CHECK-LABEL: func.func @forward(
// CHECK-NEXT: %[[Y:.*]], %[[S:.*]] = lacuna.conv2d %arg0, %arg1 structure(#lacuna.unstructured) strides([2, 1]) padding([1, 0]) : tensor<?x6x8x8xf32>, tensor<8x6x3x3xf32> -> tensor<?x8x4x6xf32>, tensor<8x2xf32>
// CHECK-NEXT: return %[[Y]], %[[S]]
func.func @forward(%x: tensor<?x6x8x8xf32>, %w: tensor<8x6x3x3xf32>) -> (tensor<?x8x4x6xf32>, tensor<8x2xf32>) {
  %y = lacuna.conv2d %x, %w structure(#lacuna.unstructured) strides([2, 1]) padding([1, 0])
      : tensor<?x6x8x8xf32>, tensor<8x6x3x3xf32> -> tensor<?x8x4x6xf32>
  %s = lacuna.channel_sums %y : tensor<?x8x4x6xf32> -> tensor<8x2xf32>
  return %y, %s : tensor<?x8x4x6xf32>, tensor<8x2xf32>
}

// -----

// The sums are of what the convolution writes: bias included. Whatever else the
// convolution had stays.
// CHECK-LABEL: func.func @rest_stays(
// CHECK-NEXT: %{{.*}}, %{{.*}} = lacuna.conv2d %arg0, %arg1 bias(%arg2 : tensor<8xf32>) normalise(%arg3, %arg4 : tensor<6xf32>, tensor<6xf32>) structure(#lacuna.block<rows = 4, active = [3]>) strides([1, 1]) padding([0, 0]) schedule(<lanes = 8, tile = [1, 2, 2], chunk = 6, panel = [4, 2], taps = 1, unroll = 1, level = specialised>) :
// CHECK-NEXT: return
func.func @rest_stays(%x: tensor<?x6x8x8xf32>, %w: tensor<8x6x1x1xf32>, %b: tensor<8xf32>, %scale: tensor<6xf32>, %shift: tensor<6xf32>) -> (tensor<?x8x8x8xf32>, tensor<8x2xf32>) {
  %y = lacuna.conv2d %x, %w bias(%b : tensor<8xf32>)
      normalise(%scale, %shift : tensor<6xf32>, tensor<6xf32>)
      structure(#lacuna.block<rows = 4, active = [3]>) strides([1, 1]) padding([0, 0])
      schedule(<lanes = 8, tile = [1, 2, 2], chunk = 6, panel = [4, 2], taps = 1, unroll = 1, level = specialised>)
      : tensor<?x6x8x8xf32>, tensor<8x6x1x1xf32> -> tensor<?x8x8x8xf32>
  %s = lacuna.channel_sums %y : tensor<?x8x8x8xf32> -> tensor<8x2xf32>
  return %y, %s : tensor<?x8x8x8xf32>, tensor<8x2xf32>
}

// -----

// Other readers of the output get the new one, wherever they stand.
// CHECK-LABEL: func.func @another_user(
// CHECK-NEXT: %[[Y:.*]], %[[S:.*]] = lacuna.conv2d
// CHECK-NEXT: %[[D:.*]] = arith.addf %[[Y]], %[[Y]]
// CHECK-NEXT: %[[E:.*]] = arith.mulf %[[Y]], %[[D]]
// CHECK-NEXT: return %[[E]], %[[S]]
func.func @another_user(%x: tensor<?x6x8x8xf32>, %w: tensor<8x6x3x3xf32>) -> (tensor<?x8x8x8xf32>, tensor<8x2xf32>) {
  %y = lacuna.conv2d %x, %w structure(#lacuna.unstructured) strides([1, 1]) padding([1, 1])
      : tensor<?x6x8x8xf32>, tensor<8x6x3x3xf32> -> tensor<?x8x8x8xf32>
  %d = arith.addf %y, %y : tensor<?x8x8x8xf32>
  %s = lacuna.channel_sums %y : tensor<?x8x8x8xf32> -> tensor<8x2xf32>
  %e = arith.mulf %y, %d : tensor<?x8x8x8xf32>
  return %e, %s : tensor<?x8x8x8xf32>, tensor<8x2xf32>
}

// -----

// One sum serves all who ask for it.
// CHECK-LABEL: func.func @twice(
// CHECK-NEXT: %{{.*}}, %[[S:.*]] = lacuna.conv2d
// CHECK-NEXT: return %[[S]], %[[S]]
func.func @twice(%x: tensor<?x6x8x8xf32>, %w: tensor<8x6x3x3xf32>) -> (tensor<8x2xf32>, tensor<8x2xf32>) {
  %y = lacuna.conv2d %x, %w structure(#lacuna.unstructured) strides([1, 1]) padding([1, 1])
      : tensor<?x6x8x8xf32>, tensor<8x6x3x3xf32> -> tensor<?x8x8x8xf32>
  %s = lacuna.channel_sums %y : tensor<?x8x8x8xf32> -> tensor<8x2xf32>
  %t = lacuna.channel_sums %y : tensor<?x8x8x8xf32> -> tensor<8x2xf32>
  return %s, %t : tensor<8x2xf32>, tensor<8x2xf32>
}

// -----

// Each of two convolutions makes the sums of its own output.
// CHECK-LABEL: func.func @chain(
// CHECK-NEXT: %[[Y:.*]], %[[S:.*]] = lacuna.conv2d %arg0,
// CHECK-NEXT: %[[Z:.*]], %[[T:.*]] = lacuna.conv2d %[[Y]],
// CHECK-NEXT: return %[[S]], %[[Z]], %[[T]]
func.func @chain(%x: tensor<?x6x8x8xf32>, %w: tensor<6x6x3x3xf32>) -> (tensor<6x2xf32>, tensor<?x6x8x8xf32>, tensor<6x2xf32>) {
  %y = lacuna.conv2d %x, %w structure(#lacuna.unstructured) strides([1, 1]) padding([1, 1])
      : tensor<?x6x8x8xf32>, tensor<6x6x3x3xf32> -> tensor<?x6x8x8xf32>
  %z = lacuna.conv2d %y, %w structure(#lacuna.unstructured) strides([1, 1]) padding([1, 1])
      : tensor<?x6x8x8xf32>, tensor<6x6x3x3xf32> -> tensor<?x6x8x8xf32>
  %t = lacuna.channel_sums %z : tensor<?x6x8x8xf32> -> tensor<6x2xf32>
  %s = lacuna.channel_sums %y : tensor<?x6x8x8xf32> -> tensor<6x2xf32>
  return %s, %z, %t : tensor<6x2xf32>, tensor<?x6x8x8xf32>, tensor<6x2xf32>
}

// -----

// In a module, as in any graph region, a reader may come first. What else is
// noted of the convolution stays.
// CHECK: %{{.*}}, %[[S:.*]] = lacuna.conv2d {{.*}} {test.note = 1 : i64} :
// CHECK-NOT: lacuna.channel_sums
// CHECK: arith.negf %[[S]]
%x = tensor.empty(%c) : tensor<?x6x8x8xf32>
%w = tensor.empty() : tensor<8x6x3x3xf32>
%s = lacuna.channel_sums %y : tensor<?x8x8x8xf32> -> tensor<8x2xf32>
%y = lacuna.conv2d %x, %w structure(#lacuna.unstructured) strides([1, 1]) padding([1, 1]) {test.note = 1 : i64}
    : tensor<?x6x8x8xf32>, tensor<8x6x3x3xf32> -> tensor<?x8x8x8xf32>
%c = arith.constant 3 : index
%n = arith.negf %s : tensor<8x2xf32>
