// RUN: lacuna-opt %s --lacuna-assign-planes=lanes=8 --split-input-file --verify-diagnostics
// RUN: not lacuna-opt %s --lacuna-assign-planes=lanes=12 --split-input-file 2>&1 | FileCheck %s

// CHECK: error: lanes must be a power of two up to 64

// expected-error@+1 {{must have one block, which returns, to be a network}}
func.func @branches(%x: tensor<?x2xf32>) -> tensor<?x2xf32> {
  cf.br ^next
^next:
  return %x : tensor<?x2xf32>
}

// -----

func.func @number(%x: tensor<?x2xf32>) -> tensor<?x2xf32> {
  // expected-error@+1 {{must give one tensor of images or features, <?xCxHxWxf32> or <?xFxf32> of up to 2^40 floats, to be part of a network}}
  %c = arith.constant 0 : index
  return %x : tensor<?x2xf32>
}

// -----

// expected-error@+1 {{must take and return nothing but a tensor of images or features, <?xCxHxWxf32> or <?xFxf32> of up to 2^40 floats, to be a network}}
func.func @returns_a_number(%x: tensor<?x2xf32>, %n: i32) -> i32 {
  return %n : i32
}
