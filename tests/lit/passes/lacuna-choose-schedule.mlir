// RUN: lacuna-opt %s --lacuna-choose-schedule | FileCheck %s --check-prefixes=CHECK,AVX512
// RUN: lacuna-opt %s --lacuna-choose-schedule="lanes=8 vector-registers=16 l1-bytes=32768" | FileCheck %s --check-prefixes=CHECK,AVX2
// RUN: lacuna-opt %s --lacuna-choose-schedule=level=stream | FileCheck %s --check-prefixes=CHECK,STREAM

// Sixteen accumulators on 32 registers, eight on 16.

// CHECK-LABEL: func.func @block(
// AVX512: schedule(<lanes = 16, tile = [1, 4, 4], chunk = 16, panel = [4, 4], taps = 9, unroll = 1, level = specialised>)
// AVX2: schedule(<lanes = 8, tile = [1, 4, 4], chunk = {{[0-9]+}}, panel = [4, 2], taps = 5, unroll = 1, level = specialised>)
// STREAM: schedule(<lanes = 16, tile = [1, 4, 4], chunk = 16, panel = [1, 16], taps = 9, unroll = 1, level = stream>)
func.func @block(%x: tensor<?x64x16x16xf32>, %w: tensor<64x64x3x3xf32>) -> tensor<?x64x16x16xf32> {
  %y = lacuna.conv2d %x, %w structure(#lacuna.block<rows = 4>) strides([1, 1]) padding([1, 1])
      : tensor<?x64x16x16xf32>, tensor<64x64x3x3xf32> -> tensor<?x64x16x16xf32>
  return %y : tensor<?x64x16x16xf32>
}

// A plane smaller than the tile spans batch blocks.
// CHECK-LABEL: func.func @small_plane(
// AVX512: schedule(<lanes = 16, tile = [4, 2, 2], {{.*}} panel = [1, 16], {{.*}}, skip_padding = true, level = specialised>)
// AVX2: schedule(<{{.*}}, skip_padding = true, level = specialised>)
// STREAM-NOT: skip_padding
func.func @small_plane(%x: tensor<?x64x2x2xf32>, %w: tensor<64x64x3x3xf32>) -> tensor<?x64x2x2xf32> {
  %y = lacuna.conv2d %x, %w structure(#lacuna.unstructured) strides([1, 1]) padding([1, 1])
      : tensor<?x64x2x2xf32>, tensor<64x64x3x3xf32> -> tensor<?x64x2x2xf32>
  return %y : tensor<?x64x2x2xf32>
}

// Several items of a weight gradient are in flight.
// CHECK-LABEL: func.func @grad_weight(
// AVX512: schedule(<{{.*}} unroll = 4, level = specialised>)
// CHECK-NOT: chunk_outer
func.func @grad_weight(%x: tensor<?x64x16x16xf32>, %dy: tensor<?x64x16x16xf32>) -> tensor<64x64x3x3xf32> {
  %dw = lacuna.conv2d_grad_weight %x, %dy structure(#lacuna.unstructured) strides([1, 1]) padding([1, 1])
      : tensor<?x64x16x16xf32>, tensor<?x64x16x16xf32> -> tensor<64x64x3x3xf32>
  return %dw : tensor<64x64x3x3xf32>
}

// Lane sums that fit no cache are finished chunk by chunk.
// CHECK-LABEL: func.func @large_grad_weight(
// CHECK: schedule(<{{.*}}, chunk_outer = true,
func.func @large_grad_weight(%x: tensor<?x512x4x4xf32>, %dy: tensor<?x512x4x4xf32>) -> tensor<512x512x3x3xf32> {
  %dw = lacuna.conv2d_grad_weight %x, %dy structure(#lacuna.unstructured) strides([1, 1]) padding([1, 1])
      : tensor<?x512x4x4xf32>, tensor<?x512x4x4xf32> -> tensor<512x512x3x3xf32>
  return %dw : tensor<512x512x3x3xf32>
}

// A schedule that is there stays.
// CHECK-LABEL: func.func @kept(
// CHECK: schedule(<lanes = 2, tile = [1, 1, 1], chunk = 3, panel = [1, 1], taps = 1, unroll = 1, level = stream>)
func.func @kept(%x: tensor<?x8xf32>, %w: tensor<4x8xf32>) -> tensor<?x4xf32> {
  %y = lacuna.linear %x, %w structure(#lacuna.unstructured)
      schedule(<lanes = 2, tile = [1, 1, 1], chunk = 3, panel = [1, 1], taps = 1, unroll = 1, level = stream>)
      : tensor<?x8xf32>, tensor<4x8xf32> -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}
