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

// -----

func.func @region(%x: tensor<?x2xf32>) -> tensor<?x2xf32> {
  %a = lacuna.affine %x scale([1.0, 2.0]) shift([0.0, 0.0]) : tensor<?x2xf32> -> tensor<?x2xf32>
  // expected-error@+1 {{must have no region, to be part of a network}}
  %y = scf.execute_region -> tensor<?x2xf32> {
    %z = lacuna.affine %a scale([1.0, 2.0]) shift([0.0, 0.0]) : tensor<?x2xf32> -> tensor<?x2xf32>
    scf.yield %z : tensor<?x2xf32>
  }
  %w = lacuna.affine %y scale([1.0, 2.0]) shift([0.0, 0.0]) : tensor<?x2xf32> -> tensor<?x2xf32>
  return %w : tensor<?x2xf32>
}
