// RUN: lacuna-opt %s --lacuna-lower-network="lanes=8 vector-registers=16 l1-bytes=32768 bake-limit=0 batch=3" --split-input-file | FileCheck %s --check-prefixes=CHECK,TABLES
// RUN: lacuna-opt %s --lacuna-lower-network="lanes=8 vector-registers=16 l1-bytes=32768 batch=3" --split-input-file | FileCheck %s --check-prefixes=CHECK,BAKED

// Blocks of four rows: four sums by three vectors of pixels, and one item of the
// table at a time; or an item after the other, its place in the address.
// TABLES-DAG: memref.global "private" constant @net_stage1_starts : memref<2xi16> = dense<[0, 2]>
// The second tap of the first row, and the last tap.
// TABLES-DAG: memref.global "private" constant @net_stage1_indices : memref<2xi16> = dense<[1, 20]>
// CHECK-DAG: memref.global "private" constant @net_stage1_values : memref<8xf32> = dense<[1.000000e+00, 2.000000e+00, 3.000000e+00, 4.000000e+00, 5.000000e+00,
// CHECK-LABEL: func.func @net_stage1(
// CHECK-SAME: form = "{{tables|baked}}"
// CHECK-SAME: llvm.linkage = #llvm.linkage<internal>
// TABLES: scf.for
// TABLES: scf.for {{.*}} iter_args
// TABLES: vector.load %arg2{{.*}} vector<8xf32>
// TABLES-COUNT-12: math.fma {{.*}} vector<8xf32>
// TABLES-NOT: math.fma
// BAKED-COUNT-24: math.fma {{.*}} vector<8xf32>
// BAKED-NOT: math.fma
// One place is kept from what lies between the rows.
// CHECK: arith.cmpf ogt
// CHECK-LABEL: func.func @net_stage2(
// CHECK-LABEL: func.func @net(%arg0: memref<192xf32>, %arg1: memref<12xf32>, %arg2: memref<856xf32>)
// CHECK-SAME: lacuna.network
// CHECK: scf.for %[[IMAGE:.*]] = %c0{{.*}} to %c3
// CHECK: call @net_stage0(%arg0, %arg1, %arg2, %[[IMAGE]])
// CHECK: call @net_stage1(%arg0, %arg1, %arg2, %[[IMAGE]])
// CHECK: call @net_stage2(%arg0, %arg1, %arg2, %[[IMAGE]])
// Scratch ends right behind the second place and what may be read there.
#in = #lacuna.planes<phases = [1, 1], margin = [1, 1], row = 9, phase = 88, channel = 88, floats = 224>
#out = #lacuna.planes<phases = [1, 1], margin = [0, 0], row = 9, phase = 72, channel = 72, floats = 328>
func.func @net(%x: tensor<?x1x8x8xf32>) -> tensor<?x4x1x1xf32> attributes {lacuna.scratch_floats = 856 : i64} {
  %p = lacuna.repack %x {lacuna.offset = 0 : i64} : tensor<?x1x8x8xf32> -> tensor<?x1x8x8xf32, #in>
  %y = lacuna.frozen_layer %p structure(#lacuna.block<rows = 4, active = [1, 8]>) values([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]) bias([0.0, 0.0, 0.0, 0.0])
      kernel([3, 3]) strides([1, 1]) padding([1, 1]) {lacuna.offset = 400 : i64} : tensor<?x1x8x8xf32, #in> -> tensor<?x4x8x8xf32, #out>
  %m = lacuna.average_pool %y window(8) : tensor<?x4x8x8xf32, #out> -> tensor<?x4x1x1xf32>
  return %m : tensor<?x4x1x1xf32>
}

// -----

// Rows of many vectors are walked in a loop, the last vector behind it.
// CHECK-LABEL: func.func @wide_stage0(
// CHECK: scf.for {{.*}} to %c1000 step %c8 {
// CHECK: math.fma
// CHECK: }
// CHECK: math.fma
// CHECK-NOT: math.fma
// CHECK-LABEL: func.func @wide(
func.func @wide(%x: tensor<?x1x1x1003xf32>) -> tensor<?x1x1x1003xf32> attributes {lacuna.scratch_floats = 0 : i64} {
  %y = lacuna.affine %x scale([2.0]) shift([1.0]) : tensor<?x1x1x1003xf32> -> tensor<?x1x1x1003xf32>
  return %y : tensor<?x1x1x1003xf32>
}

// -----

// Of pairs of columns that go to two phases, sixteen columns move a row of a
// phase on by eight.
// CHECK-LABEL: func.func @phases_stage0(
// CHECK: scf.for %[[X:.*]] = %c0{{.*}} to %c1200 step %c16 {
// CHECK: arith.divui %[[X]], %c2
// CHECK-COUNT-2: vector.shuffle
// CHECK: }
// CHECK-COUNT-2: vector.shuffle
// CHECK-NOT: vector.shuffle
// CHECK-LABEL: func.func @phases_stage1(
#split = #lacuna.planes<phases = [1, 2], margin = [0, 0], row = 601, phase = 608, channel = 1216, floats = 1216>
func.func @phases(%x: tensor<?x1x1x1202xf32>) -> tensor<?x1x1x1202xf32> attributes {lacuna.scratch_floats = 1344 : i64} {
  %p = lacuna.repack %x {lacuna.offset = 0 : i64} : tensor<?x1x1x1202xf32> -> tensor<?x1x1x1202xf32, #split>
  %y = lacuna.affine %x scale([2.0]) shift([1.0]) : tensor<?x1x1x1202xf32> -> tensor<?x1x1x1202xf32>
  return %y : tensor<?x1x1x1202xf32>
}

// -----

// So are windows of many pixels.
// CHECK-LABEL: func.func @windows_stage0(
// CHECK-COUNT-1: arith.maximumf {{.*}} fastmath<nsz>
// CHECK-NOT: arith.maximumf
// CHECK-LABEL: func.func @windows_stage1(
// CHECK: scf.for {{.*}} to %c67 {{.*}} iter_args
// CHECK: scf.for {{.*}} to %c67 {{.*}} iter_args
// CHECK-COUNT-1: arith.addf
// CHECK-NOT: arith.addf
// CHECK-LABEL: func.func @windows(
func.func @windows(%x: tensor<?x1x134x134xf32>) -> tensor<?x1x1x1xf32> attributes {lacuna.scratch_floats = 8192 : i64} {
  %y = lacuna.max_pool %x window(68) stride(1) padding(0) {lacuna.offset = 0 : i64} : tensor<?x1x134x134xf32> -> tensor<?x1x67x67xf32>
  %z = lacuna.average_pool %y window(67) : tensor<?x1x67x67xf32> -> tensor<?x1x1x1xf32>
  return %z : tensor<?x1x1x1xf32>
}

// -----

// Stages take names that are free; the network keeps its visibility, and what
// else was said of it.
// CHECK-LABEL: func.func @mine_stage_0(
// CHECK-LABEL: func.func private @mine(
// CHECK-SAME: attributes {device.section = "networks", lacuna.network, lacuna.scratch_floats = 0 : i64}
// CHECK: call @mine_stage_0(
// CHECK-LABEL: func.func @mine_stage0()
func.func private @mine(%x: tensor<?x2xf32>) -> tensor<?x2xf32>
    attributes {device.section = "networks", lacuna.scratch_floats = 0 : i64} {
  %y = lacuna.affine %x scale([1.0, 2.0]) shift([0.0, 0.0]) : tensor<?x2xf32> -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}
func.func @mine_stage0() {
  return
}
