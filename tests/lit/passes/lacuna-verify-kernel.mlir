// RUN: lacuna-opt %s --pass-pipeline='builtin.module(func.func(lacuna-verify-kernel{lanes=8 max-multiply-adds=2}))' | FileCheck %s

// CHECK-LABEL: func.func @kernel(
func.func @kernel(%m: memref<?xf32>, %i: index, %n: index) attributes {lacuna.kernel} {
  %c1 = arith.constant 1 : index
  scf.for %j = %i to %n step %c1 {
    %v = vector.load %m[%j] : memref<?xf32>, vector<8xf32>
    %a = math.fma %v, %v, %v : vector<8xf32>
    %b = math.fma %a, %v, %v : vector<8xf32>
    vector.store %b, %m[%j] : memref<?xf32>, vector<8xf32>
  }
  return
}

// A function that is no kernel promises nothing.
// CHECK-LABEL: func.func @other(
func.func @other(%x: f32) -> memref<4xf32> {
  %0 = memref.alloc() : memref<4xf32>
  %1 = math.fma %x, %x, %x : f32
  return %0 : memref<4xf32>
}
