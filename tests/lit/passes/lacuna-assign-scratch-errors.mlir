// RUN: lacuna-opt %s --lacuna-assign-scratch --split-input-file --verify-diagnostics

// Only tensors of images or features have a place.

// expected-error@+1 {{must have one block, which returns, to be a network}}
func.func @branches(%x: tensor<?x2xf32>) -> tensor<?x2xf32> {
  cf.br ^next
^next:
  return %x : tensor<?x2xf32>
}

// -----

// expected-error@+1 {{must have one block, which returns, to be a network}}
func.func @does_not_return(%x: tensor<?x2xf32>) -> tensor<?x2xf32> {
  llvm.unreachable
}

// -----

func.func @number(%x: tensor<?x2xf32>) -> tensor<?x2xf32> {
  // expected-error@+1 {{must give one tensor of images or features, <?xCxHxWxf32> or <?xFxf32> of up to 2^40 floats, to be part of a network}}
  %c = arith.constant 0 : index
  return %x : tensor<?x2xf32>
}

// -----

func.func private @log(tensor<?x2xf32>)

func.func @no_result(%x: tensor<?x2xf32>) -> tensor<?x2xf32> {
  // expected-error@+1 {{must give one tensor of images or features}}
  call @log(%x) : (tensor<?x2xf32>) -> ()
  return %x : tensor<?x2xf32>
}

// -----

func.func private @split(tensor<?x2xf32>) -> (tensor<?x1xf32>, tensor<?x1xf32>)

func.func @two_results(%x: tensor<?x2xf32>) -> tensor<?x1xf32> {
  // expected-error@+1 {{must give one tensor of images or features}}
  %a, %b = call @split(%x) : (tensor<?x2xf32>) -> (tensor<?x1xf32>, tensor<?x1xf32>)
  return %b : tensor<?x1xf32>
}

// -----

func.func @not_of_images(%x: tensor<?x6x8x8xf32>) -> tensor<?x6x8x8xf32> {
  // expected-error@+1 {{must give one tensor of images or features}}
  %s = lacuna.channel_sums %x : tensor<?x6x8x8xf32> -> tensor<6x2xf32>
  return %x : tensor<?x6x8x8xf32>
}

// -----

// expected-error@+1 {{must take and return nothing but a tensor of images or features, <?xCxHxWxf32> or <?xFxf32> of up to 2^40 floats, to be a network}}
func.func @returns_a_number(%x: tensor<?x2xf32>, %n: i32) -> i32 {
  return %n : i32
}

// -----

// Its floats cannot be counted.
// expected-error@+1 {{must take and return nothing but a tensor of images or features}}
func.func @too_large(%x: tensor<?x4294967296x2147483648x1xf32>) -> tensor<?x4294967296x2147483648x1xf32> {
  return %x : tensor<?x4294967296x2147483648x1xf32>
}

// -----

// expected-error@+1 {{must take and return nothing but a tensor of images or features}}
func.func @two_dynamic_extents(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  return %x : tensor<?x?xf32>
}

// -----

// expected-error@+1 {{must take and return nothing but a tensor of images or features}}
func.func @static_batch(%x: tensor<4x2xf32>) -> tensor<4x2xf32> {
  return %x : tensor<4x2xf32>
}

// -----

// expected-error@+1 {{must take and return nothing but a tensor of images or features}}
func.func @doubles(%x: tensor<?x2xf64>) -> tensor<?x2xf64> {
  return %x : tensor<?x2xf64>
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
