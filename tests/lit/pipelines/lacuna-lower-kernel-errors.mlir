// RUN: lacuna-opt %s --lacuna-lower-kernel --split-input-file --verify-diagnostics
// RUN: not lacuna-opt %s --lacuna-lower-kernel=lanes=many 2>&1 | FileCheck %s

// CHECK: --lanes option: 'many' value invalid

// A schedule of its own must suit the lanes that the pipeline is for.
// expected-error@+1 {{breaks a promise: a kernel must compute on whole vectors of 16 lanes}}
func.func @other_lanes(%x: tensor<?x8xf32>, %w: tensor<4x8xf32>) -> tensor<?x4xf32> {
  %y = lacuna.linear %x, %w structure(#lacuna.unstructured)
      schedule(<lanes = 8, tile = [1, 1, 1], chunk = 8, panel = [1, 1], taps = 9, unroll = 1, level = specialised>)
      : tensor<?x8xf32>, tensor<4x8xf32> -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

// A neighbour that no pass could fuse is not dropped in silence.
// expected-error@+1 {{must only apply its layer operation to its arguments and return the result}}
func.func @two_addends(%dy: tensor<?x8x4x4xf32>, %w: tensor<8x6x1x1xf32>, %a: tensor<?x6x8x8xf32>, %b: tensor<?x6x8x8xf32>) -> tensor<?x6x8x8xf32> {
  %g = lacuna.conv2d_grad_input %dy, %w structure(#lacuna.dense) strides([2, 2]) padding([0, 0])
      : tensor<?x8x4x4xf32>, tensor<8x6x1x1xf32> -> tensor<?x6x8x8xf32>
  %s = arith.addf %g, %a : tensor<?x6x8x8xf32>
  %t = arith.addf %s, %b : tensor<?x6x8x8xf32>
  return %t : tensor<?x6x8x8xf32>
}
