// RUN: lacuna-opt %s --lacuna-lower-to-loops="lane-factors" | FileCheck %s --check-prefixes=CHECK,LANES
// RUN: lacuna-opt %s --lacuna-lower-to-loops="unscaled-loads" | FileCheck %s --check-prefixes=CHECK,UNSCALED
// RUN: lacuna-opt %s --lacuna-lower-to-loops="fmas-in-flight=16" | FileCheck %s --check-prefixes=CHECK,FLIGHT
// RUN: lacuna-opt %s --lacuna-lower-to-loops="streaming-stores" | FileCheck %s --check-prefixes=CHECK,STREAM

// The four weights of an item are one vector, of which each tap takes a lane;
// a base in a register stands in the middle of the vectors that a tap reads.
// CHECK-LABEL: func.func @column(
// UNSCALED: %[[NUMBER:.*]] = llvm.inline_asm "", "=r,0" %c62{{.*}} : (i64) -> i64
// UNSCALED: %[[MIDDLE:.*]] = arith.index_cast %[[NUMBER]] : i64 to index
// CHECK: iter_args(
// LANES: vector.load
// LANES: %[[WEIGHTS:.*]] = vector.load {{.*}} : {{.*}}, vector<4xf32>
// LANES-NEXT: %[[FIRST:.*]] = vector.extract %[[WEIGHTS]][0]
// LANES: vector.broadcast %[[FIRST]]
// LANES: math.fma
// LANES: %[[SECOND:.*]] = vector.extract %[[WEIGHTS]][1]
// LANES: vector.extract %[[WEIGHTS]][2]
// LANES: vector.extract %[[WEIGHTS]][3]
// LANES-NOT: vector.extract
// LANES: scf.yield
// UNSCALED: %[[BASE:.*]] = arith.addi %{{.*}}, %[[MIDDLE]]
// UNSCALED: %[[VIEW:.*]] = memref.reinterpret_cast %{{.*}} to offset: [%[[BASE]]]
// UNSCALED: vector.load %[[VIEW]][%c-62]
// UNSCALED: vector.load %[[VIEW]][%c-58]
// UNSCALED: scf.yield
// FLIGHT: scf.yield
// CHECK: return
func.func @column(%dy: tensor<?x4x4x4xf32>, %w: tensor<4x2x1x1xf32>) -> tensor<?x2x4x4xf32> {
  %dx = lacuna.conv2d_grad_input %dy, %w structure(#lacuna.block<rows = 4>) strides([1, 1]) padding([0, 0])
      schedule(<lanes = 4, tile = [1, 4, 4], chunk = 4, panel = [1, 16], taps = 9, unroll = 1, level = specialised>)
      : tensor<?x4x4x4xf32>, tensor<4x2x1x1xf32> -> tensor<?x2x4x4xf32>
  return %dx : tensor<?x2x4x4xf32>
}

// Four sums a row of the block, where it takes sixteen to keep the ports busy:
// twelve of them start from zero.
// CHECK-LABEL: func.func @sums(
// FLIGHT: iter_args(
// FLIGHT-COUNT-12: math.fma %{{.*}}, %{{.*}}, %cst : vector<4xf32>
// FLIGHT-NOT: math.fma %{{.*}}, %{{.*}}, %cst :
// CHECK: return
func.func @sums(%x: tensor<?x2x4x4xf32>, %dy: tensor<?x4x4x4xf32>) -> tensor<4x2x1x1xf32> {
  %dw = lacuna.conv2d_grad_weight %x, %dy structure(#lacuna.block<rows = 4>) strides([1, 1]) padding([0, 0])
      schedule(<lanes = 4, tile = [1, 4, 4], chunk = 2, panel = [4, 4], taps = 9, unroll = 1, level = specialised>)
      : tensor<?x2x4x4xf32>, tensor<?x4x4x4xf32> -> tensor<4x2x1x1xf32>
  return %dw : tensor<4x2x1x1xf32>
}

// A batch of 4 MiB or more, most of it zeros between the results, is stored
// past the caches, in whole lines, and is visible when the kernel returns. A
// smaller one is prefetched.
// CHECK-LABEL: func.func @gaps(
// STREAM-SAME: %[[BLOCKS:[^ ]*]]: index, %{{[^ ]*}}: index, %{{[^ ]*}}: index)
// STREAM: %[[LARGE:.*]] = arith.cmpi sge, %[[BLOCKS]], %c1024
// STREAM: scf.if %[[LARGE]] {
// STREAM-NEXT: } else {
// STREAM: memref.prefetch
// STREAM: scf.if %[[LARGE]] {
// STREAM-COUNT-16: vector.store {{.*}} {alignment = 16 : i64, nontemporal = true}
// STREAM-NOT: nontemporal
// STREAM: } else {
// STREAM-NOT: nontemporal
// STREAM: llvm.call_intrinsic "llvm.x86.sse.sfence"()
// LANES-NOT: nontemporal
// CHECK: return
func.func @gaps(%dy: tensor<?x2x4x8xf32>, %w: tensor<2x2x1x1xf32>) -> tensor<?x2x8x16xf32> {
  %dx = lacuna.conv2d_grad_input %dy, %w structure(#lacuna.unstructured) strides([2, 2]) padding([0, 0])
      schedule(<lanes = 4, tile = [1, 1, 4], chunk = 2, panel = [1, 4], taps = 9, unroll = 1, level = specialised>)
      : tensor<?x2x4x8xf32>, tensor<2x2x1x1xf32> -> tensor<?x2x8x16xf32>
  return %dx : tensor<?x2x8x16xf32>
}

// Partial results are read again: they stay in the caches.
// CHECK-LABEL: func.func @chunks(
// STREAM-NOT: nontemporal
// CHECK: return
func.func @chunks(%x: tensor<?x4x4x8xf32>, %w: tensor<2x4x1x1xf32>) -> tensor<?x2x4x8xf32> {
  %y = lacuna.conv2d %x, %w structure(#lacuna.unstructured) strides([1, 1]) padding([0, 0])
      schedule(<lanes = 4, tile = [1, 1, 8], chunk = 2, panel = [1, 8], taps = 9, unroll = 1, level = specialised>)
      : tensor<?x4x4x8xf32>, tensor<2x4x1x1xf32> -> tensor<?x2x4x8xf32>
  return %y : tensor<?x2x4x8xf32>
}
