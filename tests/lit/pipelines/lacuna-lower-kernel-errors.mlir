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
