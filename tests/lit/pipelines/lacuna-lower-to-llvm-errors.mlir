// RUN: lacuna-opt %s --lacuna-lower-to-llvm --split-input-file --verify-diagnostics

// A function that says it is a kernel has the arguments of one.
// expected-error@+1 {{is no kernel: it has 1 arguments, not 18}}
func.func @too_few(%begin: index) attributes {lacuna.kernel} {
  return
}

// -----

func.func @layer(%x: tensor<?x6x8x8xf32>, %w: tensor<8x6x1x1xf32>) -> tensor<?x8x8x8xf32> {
  // expected-error@+1 {{is not lowered to loops: lacuna-lower-kernel}}
  %y = lacuna.conv2d %x, %w structure(#lacuna.dense) strides([1, 1]) padding([0, 0])
      : tensor<?x6x8x8xf32>, tensor<8x6x1x1xf32> -> tensor<?x8x8x8xf32>
  return %y : tensor<?x8x8x8xf32>
}
