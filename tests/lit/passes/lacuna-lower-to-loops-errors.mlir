// RUN: lacuna-opt %s --lacuna-lower-to-loops --split-input-file --verify-diagnostics

func.func @no_schedule(%x: tensor<?x8xf32>, %w: tensor<4x8xf32>) -> tensor<?x4xf32> {
  // expected-error@+1 {{has no schedule: run lacuna-choose-schedule first}}
  %y = lacuna.linear %x, %w structure(#lacuna.dense)
      : tensor<?x8xf32>, tensor<4x8xf32> -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

// Layers of a module within are not passed by in silence.
module {
  module @within {
    func.func @k(%x: tensor<?x8xf32>, %w: tensor<4x8xf32>) -> tensor<?x4xf32> {
      // expected-error@+1 {{must be in a function of the module itself}}
      %y = lacuna.linear %x, %w structure(#lacuna.dense)
          : tensor<?x8xf32>, tensor<4x8xf32> -> tensor<?x4xf32>
      return %y : tensor<?x4xf32>
    }
  }
}

// -----

// expected-error@+1 {{must hold one layer operation to become a kernel, not 2}}
func.func @two_layers(%x: tensor<?x8xf32>, %w: tensor<8x8xf32>) -> tensor<?x8xf32> {
  %y = lacuna.linear %x, %w structure(#lacuna.dense)
      : tensor<?x8xf32>, tensor<8x8xf32> -> tensor<?x8xf32>
  %z = lacuna.linear %y, %w structure(#lacuna.dense)
      : tensor<?x8xf32>, tensor<8x8xf32> -> tensor<?x8xf32>
  return %z : tensor<?x8xf32>
}

// -----

// What else a function does would be lost.
// expected-error@+1 {{must only apply its layer operation to its arguments and return the result}}
func.func @more_than_a_layer(%x: tensor<?x8xf32>, %w: tensor<4x8xf32>) -> tensor<?x4xf32> {
  %y = lacuna.linear %x, %w structure(#lacuna.dense)
      schedule(<lanes = 16, tile = [1, 1, 1], chunk = 8, panel = [1, 1], taps = 1, unroll = 1, level = stream>)
      : tensor<?x8xf32>, tensor<4x8xf32> -> tensor<?x4xf32>
  %z = arith.addf %y, %y : tensor<?x4xf32>
  return %z : tensor<?x4xf32>
}

// -----

// expected-error@+1 {{must only apply its layer operation to its arguments and return the result}}
func.func @returns_something_else(%x: tensor<?x8xf32>, %w: tensor<8x8xf32>) -> tensor<?x8xf32> {
  %y = lacuna.linear %x, %w structure(#lacuna.dense)
      schedule(<lanes = 16, tile = [1, 1, 1], chunk = 8, panel = [1, 1], taps = 1, unroll = 1, level = stream>)
      : tensor<?x8xf32>, tensor<8x8xf32> -> tensor<?x8xf32>
  return %x : tensor<?x8xf32>
}

// -----

func.func @rows_do_not_divide(%x: tensor<?x8xf32>, %w: tensor<4x8xf32>) -> tensor<?x4xf32> {
  // expected-error@+1 {{cannot follow its schedule: panel rows do not divide the target channels}}
  %y = lacuna.linear %x, %w structure(#lacuna.dense)
      schedule(<lanes = 16, tile = [1, 1, 1], chunk = 8, panel = [3, 1], taps = 1, unroll = 1, level = stream>)
      : tensor<?x8xf32>, tensor<4x8xf32> -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

// Four rows of an unstructured layer have no index in common.
func.func @rows_share_nothing(%x: tensor<?x8xf32>, %w: tensor<4x8xf32>) -> tensor<?x4xf32> {
  // expected-error@+1 {{cannot follow its schedule: panel rows must be 1, or divide the rows that share a source vector}}
  %y = lacuna.linear %x, %w structure(#lacuna.unstructured)
      schedule(<lanes = 16, tile = [1, 1, 1], chunk = 8, panel = [4, 1], taps = 1, unroll = 1, level = specialised>)
      : tensor<?x8xf32>, tensor<4x8xf32> -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

func.func @block_straddles(%dy: tensor<?x8xf32>, %w: tensor<8x4xf32>) -> tensor<?x4xf32> {
  // expected-error@+1 {{cannot follow its schedule: a block straddles two channel chunks}}
  %dx = lacuna.linear_grad_input %dy, %w structure(#lacuna.block<rows = 4>)
      schedule(<lanes = 16, tile = [1, 1, 1], chunk = 6, panel = [1, 1], taps = 4, unroll = 1, level = specialised>)
      : tensor<?x8xf32>, tensor<8x4xf32> -> tensor<?x4xf32>
  return %dx : tensor<?x4xf32>
}

// -----

func.func @scratch_too_large(%x: tensor<?x64x64x64xf32>, %w: tensor<4x64x3x3xf32>) -> tensor<?x4x64x64xf32> {
  // expected-error@+1 {{cannot follow its schedule: a packed tile exceeds what 16-bit indices reach}}
  %y = lacuna.conv2d %x, %w structure(#lacuna.unstructured) strides([1, 1]) padding([1, 1])
      schedule(<lanes = 16, tile = [16384, 16384, 16384], chunk = 16384, panel = [1, 16], taps = 9, unroll = 1, level = stream>)
      : tensor<?x64x64x64xf32>, tensor<4x64x3x3xf32> -> tensor<?x4x64x64xf32>
  return %y : tensor<?x4x64x64xf32>
}

// -----

// What was not fused is no part of the kernel, and would be lost.
// expected-error@+1 {{must only apply its layer operation to its arguments and return the result}}
func.func @unfused_normalise(%x: tensor<?x1x1x2xf32>, %w: tensor<1x1x1x1xf32>, %scale: tensor<1xf32>, %shift: tensor<1xf32>) -> tensor<?x1x1x2xf32> {
  %a = lacuna.normalise %x, %scale, %shift : tensor<?x1x1x2xf32>, tensor<1xf32>
  %y = lacuna.conv2d %a, %w structure(#lacuna.dense) strides([1, 1]) padding([0, 0])
      schedule(<lanes = 16, tile = [1, 1, 2], chunk = 1, panel = [1, 2], taps = 1, unroll = 1, level = stream>)
      : tensor<?x1x1x2xf32>, tensor<1x1x1x1xf32> -> tensor<?x1x1x2xf32>
  return %y : tensor<?x1x1x2xf32>
}

// -----

// expected-error@+1 {{must only apply its layer operation to its arguments and return the result}}
func.func @unfused_channel_sums(%x: tensor<?x1x1x2xf32>, %w: tensor<1x1x1x1xf32>) -> (tensor<?x1x1x2xf32>, tensor<1x2xf32>) {
  %y = lacuna.conv2d %x, %w structure(#lacuna.dense) strides([1, 1]) padding([0, 0])
      schedule(<lanes = 16, tile = [1, 1, 2], chunk = 1, panel = [1, 2], taps = 1, unroll = 1, level = stream>)
      : tensor<?x1x1x2xf32>, tensor<1x1x1x1xf32> -> tensor<?x1x1x2xf32>
  %s = lacuna.channel_sums %y : tensor<?x1x1x2xf32> -> tensor<1x2xf32>
  return %y, %s : tensor<?x1x1x2xf32>, tensor<1x2xf32>
}

// -----

// expected-error@+1 {{must only apply its layer operation to its arguments and return the result}}
func.func @unfused_sum(%dy: tensor<?x1x1x2xf32>, %w: tensor<1x1x1x1xf32>, %other: tensor<?x1x1x2xf32>) -> tensor<?x1x1x2xf32> {
  %g = lacuna.conv2d_grad_input %dy, %w structure(#lacuna.dense) strides([1, 1]) padding([0, 0])
      schedule(<lanes = 16, tile = [1, 1, 2], chunk = 1, panel = [1, 2], taps = 1, unroll = 1, level = stream>)
      : tensor<?x1x1x2xf32>, tensor<1x1x1x1xf32> -> tensor<?x1x1x2xf32>
  %s = arith.addf %g, %other : tensor<?x1x1x2xf32>
  return %s : tensor<?x1x1x2xf32>
}

// -----

// A kernel that makes statistics hands them over.
// expected-error@+1 {{must only apply its layer operation to its arguments and return the result}}
func.func @drops_statistics(%x: tensor<?x1x1x2xf32>, %w: tensor<1x1x1x1xf32>) -> tensor<?x1x1x2xf32> {
  %y, %s = lacuna.conv2d %x, %w structure(#lacuna.dense) strides([1, 1]) padding([0, 0])
      schedule(<lanes = 16, tile = [1, 1, 2], chunk = 1, panel = [1, 2], taps = 1, unroll = 1, level = stream>)
      : tensor<?x1x1x2xf32>, tensor<1x1x1x1xf32> -> tensor<?x1x1x2xf32>, tensor<1x2xf32>
  return %y : tensor<?x1x1x2xf32>
}

// -----

// Arguments of a kernel are not those of the function.
// expected-error@+1 {{must not be used in its module to become a kernel}}
func.func @called(%x: tensor<?x8xf32>, %w: tensor<4x8xf32>) -> tensor<?x4xf32> {
  %y = lacuna.linear %x, %w structure(#lacuna.dense)
      schedule(<lanes = 16, tile = [1, 1, 1], chunk = 8, panel = [1, 1], taps = 1, unroll = 1, level = stream>)
      : tensor<?x8xf32>, tensor<4x8xf32> -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}
func.func @caller(%x: tensor<?x8xf32>, %w: tensor<4x8xf32>) -> tensor<?x4xf32> {
  %y = func.call @called(%x, %w) : (tensor<?x8xf32>, tensor<4x8xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

// Emitted, it would take all memory.
func.func @unrolls(%x: tensor<?x64x64x64xf32>, %w: tensor<64x64x3x3xf32>) -> tensor<?x64x64x64xf32> {
  // expected-error@+1 {{unrolls about 17180131328 multiply-adds, the limit is 12000: use a smaller schedule}}
  %y = lacuna.conv2d %x, %w structure(#lacuna.dense) strides([1, 1]) padding([1, 1])
      schedule(<lanes = 8, tile = [1, 64, 64], chunk = 4, panel = [64, 4096], taps = 9, unroll = 65536, level = specialised>)
      : tensor<?x64x64x64xf32>, tensor<64x64x3x3xf32> -> tensor<?x64x64x64xf32>
  return %y : tensor<?x64x64x64xf32>
}
