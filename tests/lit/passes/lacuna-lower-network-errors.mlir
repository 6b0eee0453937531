// RUN: lacuna-opt %s --lacuna-lower-network=lanes=8 --split-input-file --verify-diagnostics

// A sum that no layer took would be lost.
func.func @sum(%x: tensor<?x2xf32>) -> tensor<?x2xf32> attributes {lacuna.scratch_floats = 0 : i64} {
  // expected-error@+1 {{has no place in a lowered network: run lacuna-fold-affine, lacuna-fuse-epilogue}}
  %s = arith.addf %x, %x : tensor<?x2xf32>
  return %s : tensor<?x2xf32>
}

// -----

func.func @no_planes(%x: tensor<?x1x8x8xf32>) -> tensor<?x1x8x8xf32> attributes {lacuna.scratch_floats = 0 : i64} {
  // expected-error@+1 {{lies in planes that it cannot read or write: run lacuna-assign-planes first}}
  %y = lacuna.frozen_layer %x structure(#lacuna.unstructured<active = [4]>) values([1.0]) bias([0.0])
      kernel([3, 3]) strides([1, 1]) padding([1, 1]) : tensor<?x1x8x8xf32> -> tensor<?x1x8x8xf32>
  return %y : tensor<?x1x8x8xf32>
}

// -----

// expected-error@+1 {{must map images to logits}}
func.func @two_inputs(%x: tensor<?x2xf32>, %y: tensor<?x2xf32>) -> tensor<?x2xf32> attributes {lacuna.scratch_floats = 0 : i64} {
  return %x : tensor<?x2xf32>
}
