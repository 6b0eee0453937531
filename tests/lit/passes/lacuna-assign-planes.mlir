// RUN: lacuna-opt %s --lacuna-assign-planes=lanes=8 --split-input-file | FileCheck %s

// Images are copied into planes with a margin; results keep the distance
// between rows, and a margin where the next convolution wants one. Behind the
// plane, vectors may touch three rows and two vectors.
// CHECK-LABEL: func.func @padded(
// CHECK-NEXT: %[[P:.*]] = lacuna.repack %arg0 : tensor<?x1x8x8xf32> -> tensor<?x1x8x8xf32, #lacuna.planes<phases = [1, 1], margin = [1, 1], row = 9, phase = 88, channel = 88, floats = 136>>
// CHECK-NEXT: %[[A:.*]] = lacuna.frozen_layer %[[P]] {{.*}} -> tensor<?x1x8x8xf32, #lacuna.planes<phases = [1, 1], margin = [1, 1], row = 9, phase = 88, channel = 88,
// CHECK-NEXT: %[[B:.*]] = lacuna.frozen_layer %[[A]] residual(%[[A]] : {{.*}} -> tensor<?x1x8x8xf32, #lacuna.planes<phases = [1, 1], margin = [0, 0], row = 9, phase = 72, channel = 72,
// Pools write what is flattened without gaps.
// CHECK-NEXT: lacuna.average_pool %[[B]] {{.*}} -> tensor<?x1x1x1xf32>
func.func @padded(%x: tensor<?x1x8x8xf32>) -> tensor<?x1xf32> {
  %a = lacuna.frozen_layer %x structure(#lacuna.unstructured<active = [4]>) values([1.0]) bias([0.0])
      kernel([3, 3]) strides([1, 1]) padding([1, 1]) : tensor<?x1x8x8xf32> -> tensor<?x1x8x8xf32>
  %b = lacuna.frozen_layer %a residual(%a : tensor<?x1x8x8xf32>) structure(#lacuna.unstructured<active = [4]>) values([1.0]) bias([0.0])
      kernel([3, 3]) strides([1, 1]) padding([1, 1]) : tensor<?x1x8x8xf32> -> tensor<?x1x8x8xf32>
  %p = lacuna.average_pool %b window(8) : tensor<?x1x8x8xf32> -> tensor<?x1x1x1xf32>
  %f = tensor.collapse_shape %p [[0], [1, 2, 3]] : tensor<?x1x1x1xf32> into tensor<?x1xf32>
  return %f : tensor<?x1xf32>
}

// -----

// Both strided convolutions read one copy, split by the stride.
// CHECK-LABEL: func.func @strided(
// CHECK-NEXT: %[[P:.*]] = lacuna.repack %arg0 : {{.*}} -> tensor<?x1x8x8xf32, #lacuna.planes<phases = [2, 2], margin = [1, 1], row = 5, phase = 32, channel = 128,
// CHECK-NEXT: %[[A:.*]] = lacuna.frozen_layer %[[P]]
// CHECK-NEXT: %[[B:.*]] = lacuna.frozen_layer %[[P]] residual(%[[A]]
// What is returned lies as C does.
// CHECK-NEXT: %[[R:.*]] = lacuna.repack %[[B]] : {{.*}} -> tensor<?x1x4x4xf32>
// CHECK-NEXT: return %[[R]]
func.func @strided(%x: tensor<?x1x8x8xf32>) -> tensor<?x1x4x4xf32> {
  %a = lacuna.frozen_layer %x structure(#lacuna.unstructured<active = [0]>) values([1.0]) bias([0.0])
      kernel([1, 1]) strides([2, 2]) padding([0, 0]) : tensor<?x1x8x8xf32> -> tensor<?x1x4x4xf32>
  %b = lacuna.frozen_layer %x residual(%a : tensor<?x1x4x4xf32>) structure(#lacuna.unstructured<active = [4]>) values([1.0]) bias([0.0])
      kernel([3, 3]) strides([2, 2]) padding([1, 1]) : tensor<?x1x8x8xf32> -> tensor<?x1x4x4xf32>
  return %b : tensor<?x1x4x4xf32>
}

// -----

// A second convolution with a wider margin: the first leaves room for it.
// CHECK-LABEL: func.func @wider(
// CHECK-NEXT: %[[P:.*]] = lacuna.repack %arg0 : {{.*}} margin = [1, 1], row = 10,
// CHECK-NEXT: %[[A:.*]] = lacuna.frozen_layer %[[P]] {{.*}} margin = [2, 2], row = 10,
// CHECK-NEXT: lacuna.frozen_layer %[[A]]
func.func @wider(%x: tensor<?x1x8x8xf32>) -> tensor<?x1x8x8xf32> {
  %a = lacuna.frozen_layer %x structure(#lacuna.unstructured<active = [4]>) values([1.0]) bias([0.0])
      kernel([3, 3]) strides([1, 1]) padding([1, 1]) : tensor<?x1x8x8xf32> -> tensor<?x1x8x8xf32>
  %b = lacuna.frozen_layer %a structure(#lacuna.unstructured<active = [4]>) values([1.0]) bias([0.0])
      kernel([5, 5]) strides([1, 1]) padding([2, 2]) : tensor<?x1x8x8xf32> -> tensor<?x1x8x8xf32>
  return %b : tensor<?x1x8x8xf32>
}
