// RUN: lacuna-opt %s --lacuna-lower-kernel | FileCheck %s
// RUN: lacuna-opt %s --lacuna-lower-kernel="lanes=8 vector-registers=16 l1-bytes=32768" | FileCheck %s --check-prefix=AVX2
// RUN: lacuna-opt %s --lacuna-lower-kernel="lanes=8 level=stream" --dump-pass-pipeline 2>&1 | FileCheck %s --check-prefix=PIPELINE

// CHECK-LABEL: func.func @k({{.*}}) attributes {lacuna.kernel} {
// CHECK-NOT: tensor
// CHECK: math.fma {{.*}} : vector<16xf32>
// CHECK-NOT: tensor

// AVX2-LABEL: func.func @k(
// AVX2: math.fma {{.*}} : vector<8xf32>

// PIPELINE: builtin.module(
// PIPELINE-NEXT: lacuna-drop-active-set,
// PIPELINE-NEXT: lacuna-choose-schedule{l1-bytes=49152 lanes=8 level=stream vector-registers=32},
// PIPELINE-NEXT: lacuna-lower-to-loops,
// PIPELINE-NEXT: func.func(
// PIPELINE-NEXT: lacuna-verify-kernel{lanes=8 max-multiply-adds=16000}
// PIPELINE-NEXT: )
// PIPELINE-NEXT: )
func.func @k(%x: tensor<?x6x8x8xf32>, %w: tensor<8x6x3x3xf32>) -> tensor<?x8x8x8xf32> {
  %y = lacuna.conv2d %x, %w structure(#lacuna.unstructured<active = [1, 5]>) strides([1, 1]) padding([1, 1])
      : tensor<?x6x8x8xf32>, tensor<8x6x3x3xf32> -> tensor<?x8x8x8xf32>
  return %y : tensor<?x8x8x8xf32>
}
