// RUN: lacuna-opt %s --lacuna-freeze="lanes=8 vector-registers=16 l1-bytes=32768 batch=2" | FileCheck %s --implicit-check-not='tensor<'
// RUN: lacuna-opt %s --lacuna-freeze="lanes=4 vector-registers=32 l1-bytes=32768" --lacuna-lower-to-llvm | FileCheck %s --check-prefix=LLVM

// A batch norm folds, a residual and a ReLU come along, and no tensor is left.
// CHECK: func.func @net_stage0({{.*}}operation = "repack"
// CHECK: memref.global "private" constant @net_stage1_values : memref<9xf32> = dense<2.000000e+00>
// CHECK: func.func @net_stage1({{.*}}active = 9 : i64, form = "baked"{{.*}}operation = "frozen_layer", weights = 9 : i64
// CHECK: func.func @net_stage2({{.*}}active = 1 : i64
// CHECK: func.func @net_stage3({{.*}}operation = "average_pool"
// CHECK: func.func @net(%arg0: memref<128xf32>, %arg1: memref<2xf32>, %arg2: memref<{{[0-9]+}}xf32>)

// LLVM: llvm.func internal @net_stage1(
// LLVM: llvm.func internal @net(
// LLVM: llvm.func @net_run(%{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr) -> i32
func.func @net(%x: tensor<?x1x8x8xf32>) -> tensor<?x1xf32> {
  %a = lacuna.frozen_layer %x structure(#lacuna.dense) values([1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]) bias([0.0])
      kernel([3, 3]) strides([1, 1]) padding([1, 1]) : tensor<?x1x8x8xf32> -> tensor<?x1x8x8xf32>
  %n = lacuna.affine %a scale([2.0]) shift([0.5]) : tensor<?x1x8x8xf32> -> tensor<?x1x8x8xf32>
  %r = lacuna.relu %n : tensor<?x1x8x8xf32>
  %b = lacuna.frozen_layer %r structure(#lacuna.unstructured<active = [4]>) values([1.0]) bias([0.0])
      kernel([3, 3]) strides([1, 1]) padding([1, 1]) : tensor<?x1x8x8xf32> -> tensor<?x1x8x8xf32>
  %s = arith.addf %b, %r : tensor<?x1x8x8xf32>
  %y = lacuna.relu %s : tensor<?x1x8x8xf32>
  %p = lacuna.average_pool %y window(8) : tensor<?x1x8x8xf32> -> tensor<?x1x1x1xf32>
  %f = tensor.collapse_shape %p [[0], [1, 2, 3]] : tensor<?x1x1x1xf32> into tensor<?x1xf32>
  return %f : tensor<?x1xf32>
}
