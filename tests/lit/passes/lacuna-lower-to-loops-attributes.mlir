// RUN: lacuna-opt %s --lacuna-lower-to-loops | FileCheck %s

// A kernel keeps the visibility of its layer's function and what else was said
// of it, but for arguments and results, which are others.
// CHECK: func.func private @layer(%arg0: memref<f32> {llvm.align
// CHECK-SAME: %arg17: index) attributes {device.section = "kernels", lacuna.kernel}
func.func private @layer(%x: tensor<?x2xf32> {device.name = "x"}, %w: tensor<8x2xf32>) -> tensor<?x8xf32>
    attributes {device.section = "kernels"} {
  %y = lacuna.linear %x, %w structure(#lacuna.unstructured)
      schedule(<lanes = 16, tile = [1, 1, 1], chunk = 2, panel = [1, 1], taps = 1, unroll = 1, level = specialised>)
      : tensor<?x2xf32>, tensor<8x2xf32> -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}
