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
// PIPELINE-NEXT: lacuna-fuse-normalise,
// PIPELINE-NEXT: lacuna-fuse-statistics,
// PIPELINE-NEXT: lacuna-fuse-accumulate,
// PIPELINE-NEXT: lacuna-fuse-norm-gradient,
// PIPELINE-NEXT: lacuna-drop-active-set,
// PIPELINE-NEXT: lacuna-choose-schedule{l1-bytes=49152 lanes=8 level=stream streaming-stores=false vector-registers=32},
// PIPELINE-NEXT: lacuna-lower-to-loops{fmas-in-flight=8 lane-factors=false streaming-stores=false unscaled-loads=false},
// PIPELINE-NEXT: func.func(
// PIPELINE-NEXT: lacuna-verify-kernel{lanes=8 max-multiply-adds=16000}
// PIPELINE-NEXT: )
// PIPELINE-NEXT: )
func.func @k(%x: tensor<?x6x8x8xf32>, %w: tensor<8x6x3x3xf32>) -> tensor<?x8x8x8xf32> {
  %y = lacuna.conv2d %x, %w structure(#lacuna.unstructured<active = [1, 5]>) strides([1, 1]) padding([1, 1])
      : tensor<?x6x8x8xf32>, tensor<8x6x3x3xf32> -> tensor<?x8x8x8xf32>
  return %y : tensor<?x8x8x8xf32>
}

// Neighbours are fused before anything is lowered: the schedule is chosen for,
// and the kernel made of, one operation.
// CHECK-LABEL: func.func @neighbours({{.*}}) attributes {lacuna.kernel} {
// CHECK: %[[SCALES:.*]] = memref.reinterpret_cast %arg6
// CHECK: %[[STATISTICS:.*]] = memref.reinterpret_cast %arg8
// CHECK: memref.load %[[SCALES]]
// CHECK: vector.store %{{.*}}, %[[STATISTICS]]
// CHECK-NOT: tensor
func.func @neighbours(%x: tensor<?x6x8x8xf32>, %w: tensor<8x6x3x3xf32>, %scale: tensor<6xf32>, %shift: tensor<6xf32>) -> (tensor<?x8x8x8xf32>, tensor<8x2xf32>) {
  %a = lacuna.normalise %x, %scale, %shift : tensor<?x6x8x8xf32>, tensor<6xf32>
  %y = lacuna.conv2d %a, %w structure(#lacuna.unstructured) strides([1, 1]) padding([1, 1])
      : tensor<?x6x8x8xf32>, tensor<8x6x3x3xf32> -> tensor<?x8x8x8xf32>
  %s = lacuna.channel_sums %y : tensor<?x8x8x8xf32> -> tensor<8x2xf32>
  return %y, %s : tensor<?x8x8x8xf32>, tensor<8x2xf32>
}

// CHECK-LABEL: func.func @shortcut({{.*}}) attributes {lacuna.kernel} {
// CHECK: %[[RESULT:.*]] = memref.reinterpret_cast %arg9
// CHECK: %[[START:.*]] = vector.load %[[RESULT]]
// CHECK: iter_args(%{{.*}} = %[[START]],
// CHECK-NOT: tensor
func.func @shortcut(%dy: tensor<?x8x4x4xf32>, %w: tensor<8x6x1x1xf32>, %other: tensor<?x6x8x8xf32>) -> tensor<?x6x8x8xf32> {
  %g = lacuna.conv2d_grad_input %dy, %w structure(#lacuna.dense) strides([2, 2]) padding([0, 0])
      : tensor<?x8x4x4xf32>, tensor<8x6x1x1xf32> -> tensor<?x6x8x8xf32>
  %s = arith.addf %other, %g : tensor<?x6x8x8xf32>
  return %s : tensor<?x6x8x8xf32>
}
