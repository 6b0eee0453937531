// RUN: lacuna-opt %s --lacuna-fold-affine --split-input-file | FileCheck %s

// Values 0 and 1 are of row 0, value 2 of row 1.
// CHECK-LABEL: func.func @unstructured(
// CHECK-NEXT: %[[Y:.*]] = lacuna.frozen_layer %arg0 structure(#lacuna.unstructured<active = [0, 1, 5]>) values([2.000000e+00, 4.000000e+00, 9.000000e+00]) bias([7.000000e+00, 6.000000e+00])
// CHECK-NOT: relu
// CHECK: return %[[Y]]
func.func @unstructured(%x: tensor<?x3xf32>) -> tensor<?x2xf32> {
  %z = lacuna.frozen_layer %x structure(#lacuna.unstructured<active = [0, 1, 5]>) values([1.0, 2.0, 3.0]) bias([1.0, 2.0])
      : tensor<?x3xf32> -> tensor<?x2xf32>
  %y = lacuna.affine %z scale([2.0, 3.0]) shift([5.0, 0.0]) : tensor<?x2xf32> -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// -----

// A block's values are in the order of its rows. A ReLU comes along.
// CHECK-LABEL: func.func @block(
// CHECK-NEXT: lacuna.frozen_layer %arg0 structure(#lacuna.block<rows = 2, active = [8]>) values([1.000000e+01, 2.000000e+02]) bias([0.000000e+00, 0.000000e+00])
// CHECK-SAME: kernel([3, 3]) strides([1, 1]) padding([1, 1]) relu
// CHECK-NEXT: return
func.func @block(%x: tensor<?x1x4x4xf32>) -> tensor<?x2x4x4xf32> {
  %z = lacuna.frozen_layer %x structure(#lacuna.block<rows = 2, active = [8]>) values([1.0, 2.0]) bias([0.0, 0.0])
      kernel([3, 3]) strides([1, 1]) padding([1, 1]) : tensor<?x1x4x4xf32> -> tensor<?x2x4x4xf32>
  %y = lacuna.affine %z scale([10.0, 100.0]) shift([0.0, 0.0]) relu : tensor<?x2x4x4xf32> -> tensor<?x2x4x4xf32>
  return %y : tensor<?x2x4x4xf32>
}

// A map that writes other planes than the layer stays.
// CHECK-LABEL: func.func @other_planes(
// CHECK: lacuna.frozen_layer
// CHECK: lacuna.affine
func.func @other_planes(%x: tensor<?x1x2x2xf32>) -> tensor<?x1x2x2xf32, #lacuna.planes<phases = [1, 1], margin = [0, 1], row = 3, phase = 6, channel = 8, floats = 64>> {
  %y = lacuna.frozen_layer %x structure(#lacuna.unstructured<active = [0]>) values([1.0]) bias([0.0])
      kernel([1, 1]) strides([1, 1]) padding([0, 0]) : tensor<?x1x2x2xf32> -> tensor<?x1x2x2xf32>
  %z = lacuna.affine %y scale([1.0]) shift([0.0]) : tensor<?x1x2x2xf32> -> tensor<?x1x2x2xf32, #lacuna.planes<phases = [1, 1], margin = [0, 1], row = 3, phase = 6, channel = 8, floats = 64>>
  return %z : tensor<?x1x2x2xf32, #lacuna.planes<phases = [1, 1], margin = [0, 1], row = 3, phase = 6, channel = 8, floats = 64>>
}
