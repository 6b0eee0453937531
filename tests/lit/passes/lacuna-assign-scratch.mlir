// RUN: lacuna-opt %s --lacuna-assign-scratch | FileCheck %s

// Three tensors of 100 floats, of which two live at a time; each place ends with
// room that vectors may read, and starts a cache line. What is returned needs
// none.
// CHECK-LABEL: func.func @chain(
// CHECK-SAME: lacuna.scratch_floats = 480 : i64
// CHECK: lacuna.affine %arg0 {{.*}}{lacuna.offset = 0 : i64}
// CHECK: lacuna.affine %0 {{.*}}{lacuna.offset = 240 : i64}
// CHECK: lacuna.affine %1 {{.*}}{lacuna.offset = 0 : i64}
// CHECK: lacuna.average_pool
// CHECK-NOT: lacuna.offset
// CHECK: return
func.func @chain(%x: tensor<?x1x10x10xf32>) -> tensor<?x1xf32> {
  %a = lacuna.affine %x scale([2.0]) shift([5.0]) : tensor<?x1x10x10xf32> -> tensor<?x1x10x10xf32>
  %b = lacuna.affine %a scale([2.0]) shift([5.0]) : tensor<?x1x10x10xf32> -> tensor<?x1x10x10xf32>
  %c = lacuna.affine %b scale([2.0]) shift([5.0]) : tensor<?x1x10x10xf32> -> tensor<?x1x10x10xf32>
  %p = lacuna.average_pool %c window(10) : tensor<?x1x10x10xf32> -> tensor<?x1x1x1xf32>
  %y = tensor.collapse_shape %p [[0], [1, 2, 3]] : tensor<?x1x1x1xf32> into tensor<?x1xf32>
  return %y : tensor<?x1xf32>
}
