// RUN: lacuna-opt %s --lacuna-export-network | FileCheck %s

// CHECK: llvm.func internal @net(%{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr) {
// CHECK: llvm.func @net_run(%[[IN:.*]]: !llvm.ptr, %[[OUT:.*]]: !llvm.ptr, %[[SCRATCH:.*]]: !llvm.ptr) -> i32 {
// CHECK-COUNT-3: llvm.icmp "eq"
// CHECK: llvm.cond_br %{{.*}}, ^[[REFUSE:.*]], ^[[GO:.*]]
// CHECK: ^[[GO]]:
// CHECK: llvm.call @net(%[[IN]], %[[OUT]], %[[SCRATCH]])
// CHECK: llvm.mlir.constant(0 : i32)
// CHECK: ^[[REFUSE]]:
// CHECK: llvm.mlir.constant(1 : i32)
llvm.func @net(%in: !llvm.ptr, %out: !llvm.ptr, %scratch: !llvm.ptr) attributes {lacuna.network} {
  llvm.return
}

// A function that is no network is left alone.
// CHECK: llvm.func @other(%{{.*}}: i64) {
llvm.func @other(%n: i64) {
  llvm.return
}
