// RUN: lacuna-opt %s --lacuna-drop-active-set --split-input-file --verify-diagnostics

// Dropping must not hide an active set that was wrong.
func.func @out_of_range(%x: tensor<?x8xf32>, %w: tensor<4x8xf32>) -> tensor<?x4xf32> {
  // expected-error@+1 {{active[0]: unit 32 is out of range, the layer has 32 units}}
  %y = lacuna.linear %x, %w structure(#lacuna.unstructured<active = [32]>)
      : tensor<?x8xf32>, tensor<4x8xf32> -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}
