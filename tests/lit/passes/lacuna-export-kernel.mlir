// RUN: lacuna-opt %s --lacuna-export-kernel | FileCheck %s

// CHECK: llvm.func internal @k_body(%{{.*}}: !llvm.ptr
// CHECK-NOT: lacuna.kernel
// CHECK: llvm.func @k(%[[OPERANDS:.*]]: !llvm.ptr, %[[BEGIN:.*]]: i64, %[[END:.*]]: i64) {
// Fifteen pointers, then the number of batch blocks, as in KernelAbi.h.
// CHECK: llvm.getelementptr %[[OPERANDS]][0, 0] : (!llvm.ptr) -> !llvm.ptr, !llvm.struct<(ptr, ptr, ptr, ptr, ptr, ptr, ptr, ptr, ptr, ptr, ptr, ptr, ptr, ptr, ptr, i64)>
// CHECK-NEXT: %[[SOURCE:.*]] = llvm.load %{{.*}} : !llvm.ptr -> !llvm.ptr
// CHECK-COUNT-14: llvm.load %{{.*}} : !llvm.ptr -> !llvm.ptr
// CHECK: llvm.getelementptr %[[OPERANDS]][0, 15]
// CHECK-NEXT: %[[BLOCKS:.*]] = llvm.load %{{.*}} : !llvm.ptr -> i64
// CHECK-NEXT: llvm.call @k_body(%[[SOURCE]], {{.*}}, %[[BLOCKS]], %[[BEGIN]], %[[END]])
// CHECK-NEXT: llvm.return
llvm.func @k(%source: !llvm.ptr, %gradient: !llvm.ptr, %values: !llvm.ptr,
             %offsets: !llvm.ptr, %indices: !llvm.ptr, %bias: !llvm.ptr,
             %source_scale: !llvm.ptr, %source_shift: !llvm.ptr,
             %statistics: !llvm.ptr, %result: !llvm.ptr, %scratch: !llvm.ptr,
             %lanes: !llvm.ptr, %norm_input: !llvm.ptr,
             %norm_output: !llvm.ptr, %norm_mean: !llvm.ptr,
             %blocks: i64, %begin: i64, %end: i64) attributes {lacuna.kernel} {
  llvm.return
}

// A function that is no kernel is left alone.
// CHECK: llvm.func @other(%{{.*}}: i64) {
llvm.func @other(%n: i64) {
  llvm.return
}

// The body takes a name that is free, and who called the kernel calls it.
// CHECK: llvm.func internal @taken_body_0(
// CHECK: llvm.func @taken(%{{.*}}: !llvm.ptr, %{{.*}}: i64, %{{.*}}: i64) {
// CHECK: llvm.call @taken_body_0(
// CHECK: llvm.func @taken_body()
// CHECK-NEXT: %[[NULL:.*]] = llvm.mlir.zero
// CHECK: llvm.call @taken_body_0(%[[NULL]], {{.*}}
llvm.func @taken(%source: !llvm.ptr, %gradient: !llvm.ptr, %values: !llvm.ptr,
                 %offsets: !llvm.ptr, %indices: !llvm.ptr, %bias: !llvm.ptr,
                 %source_scale: !llvm.ptr, %source_shift: !llvm.ptr,
                 %statistics: !llvm.ptr, %result: !llvm.ptr, %scratch: !llvm.ptr,
                 %lanes: !llvm.ptr, %norm_input: !llvm.ptr,
                 %norm_output: !llvm.ptr, %norm_mean: !llvm.ptr,
                 %blocks: i64, %begin: i64, %end: i64) attributes {lacuna.kernel} {
  llvm.return
}
llvm.func @taken_body() {
  %p = llvm.mlir.zero : !llvm.ptr
  %i = llvm.mlir.constant(0 : i64) : i64
  llvm.call @taken(%p, %p, %p, %p, %p, %p, %p, %p, %p, %p, %p, %p, %p, %p, %p, %i, %i, %i)
      : (!llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr,
         !llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr, i64, i64, i64) -> ()
  llvm.return
}
