// RUN: lacuna-opt %s | lacuna-opt | FileCheck %s

// Operations of frozen networks print as they are read.

// CHECK-LABEL: func.func @layers(
func.func @layers(%x: tensor<?x4x8x8xf32>, %r: tensor<?x2x8x8xf32>, %v: tensor<?x3xf32>) {
  // CHECK: lacuna.frozen_layer %arg0 residual(%arg1 : tensor<?x2x8x8xf32>) structure(#lacuna.block<rows = 2, active = [1]>) values([5.000000e-01, -1.000000e+00]) bias([0.000000e+00, 0.000000e+00]) kernel([1, 1]) strides([1, 1]) padding([0, 0]) relu : tensor<?x4x8x8xf32> -> tensor<?x2x8x8xf32>
  %y = lacuna.frozen_layer %x residual(%r : tensor<?x2x8x8xf32>) structure(#lacuna.block<rows = 2, active = [1]>) values([0.5, -1.0]) bias([0.0, 0.0])
      kernel([1, 1]) strides([1, 1]) padding([0, 0]) relu : tensor<?x4x8x8xf32> -> tensor<?x2x8x8xf32>
  // CHECK: lacuna.frozen_layer %arg2 structure(#lacuna.dense) values([1.000000e+00, 2.000000e+00, 3.000000e+00]) bias([4.000000e+00]) : tensor<?x3xf32> -> tensor<?x1xf32>
  %l = lacuna.frozen_layer %v structure(#lacuna.dense) values([1.0, 2.0, 3.0]) bias([4.0]) : tensor<?x3xf32> -> tensor<?x1xf32>
  // CHECK: lacuna.affine %arg1 scale([2.000000e+00, 1.000000e+00]) shift([5.000000e-01, 0.000000e+00]) relu : tensor<?x2x8x8xf32> -> tensor<?x2x8x8xf32>
  %a = lacuna.affine %r scale([2.0, 1.0]) shift([0.5, 0.0]) relu : tensor<?x2x8x8xf32> -> tensor<?x2x8x8xf32>
  // CHECK: lacuna.relu %arg1 : tensor<?x2x8x8xf32>
  %z = lacuna.relu %r : tensor<?x2x8x8xf32>
  // CHECK: lacuna.max_pool %arg1 window(3) stride(2) padding(1) : tensor<?x2x8x8xf32> -> tensor<?x2x4x4xf32>
  %m = lacuna.max_pool %r window(3) stride(2) padding(1) : tensor<?x2x8x8xf32> -> tensor<?x2x4x4xf32>
  // CHECK: lacuna.max_pool %arg1 window(10) stride(1) padding(1) : tensor<?x2x8x8xf32> -> tensor<?x2x1x1xf32>
  %e = lacuna.max_pool %r window(10) stride(1) padding(1) : tensor<?x2x8x8xf32> -> tensor<?x2x1x1xf32>
  // CHECK: lacuna.average_pool %arg1 window(4) : tensor<?x2x8x8xf32> -> tensor<?x2x2x2xf32>
  %p = lacuna.average_pool %r window(4) : tensor<?x2x8x8xf32> -> tensor<?x2x2x2xf32>
  // CHECK: lacuna.repack %arg1 : tensor<?x2x8x8xf32> -> tensor<?x2x8x8xf32, #lacuna.planes<phases = [1, 1], margin = [1, 1], row = 9, phase = 88, channel = 88, floats = 224>>
  %c = lacuna.repack %r : tensor<?x2x8x8xf32> -> tensor<?x2x8x8xf32, #lacuna.planes<phases = [1, 1], margin = [1, 1], row = 9, phase = 88, channel = 88, floats = 224>>
  // Only copies write split planes, and only convolutions read them. These hold
  // what they must, and nothing more.
  // CHECK: %[[S:.*]] = lacuna.repack %arg1 : tensor<?x2x8x8xf32> -> tensor<?x2x8x8xf32, #lacuna.planes<phases = [2, 2], margin = [1, 1], row = 5, phase = 25, channel = 100, floats = 200>>
  %s = lacuna.repack %r : tensor<?x2x8x8xf32> -> tensor<?x2x8x8xf32, #lacuna.planes<phases = [2, 2], margin = [1, 1], row = 5, phase = 25, channel = 100, floats = 200>>
  // CHECK: lacuna.frozen_layer %[[S]]
  %t = lacuna.frozen_layer %s structure(#lacuna.unstructured<active = [4]>) values([0.5]) bias([0.0]) kernel([3, 3]) strides([2, 2]) padding([1, 1])
      : tensor<?x2x8x8xf32, #lacuna.planes<phases = [2, 2], margin = [1, 1], row = 5, phase = 25, channel = 100, floats = 200>> -> tensor<?x1x4x4xf32>
  // CHECK: lacuna.repack {{.*}} margin = [1, 1], row = 9, phase = 81, channel = 81, floats = 172>>
  %w = lacuna.repack %r : tensor<?x2x8x8xf32> -> tensor<?x2x8x8xf32, #lacuna.planes<phases = [1, 1], margin = [1, 1], row = 9, phase = 81, channel = 81, floats = 172>>
  return
}
