// RUN: lacuna-opt %s --split-input-file --verify-diagnostics

func.func @f(%x: tensor<?x3xf32>) {
  // expected-error@+1 {{values must have 2 elements, not 1}}
  %y = lacuna.frozen_layer %x structure(#lacuna.unstructured<active = [0, 1]>) values([1.0]) bias([0.0]) : tensor<?x3xf32> -> tensor<?x1xf32>
  return
}

// -----

func.func @f(%x: tensor<?x3xf32>) {
  // expected-error@+1 {{bias must have 1 elements, not 2}}
  %y = lacuna.frozen_layer %x structure(#lacuna.unstructured<active = [0]>) values([1.0]) bias([0.0, 0.0]) : tensor<?x3xf32> -> tensor<?x1xf32>
  return
}

// -----

func.func @f(%x: tensor<?x3xf32>) {
  // expected-error@+1 {{active[0]}}
  %y = lacuna.frozen_layer %x structure(#lacuna.unstructured<active = [3]>) values([1.0]) bias([0.0]) : tensor<?x3xf32> -> tensor<?x1xf32>
  return
}

// -----

func.func @f(%x: tensor<?x1x8x8xf32>) {
  // expected-error@+1 {{a convolution needs kernel, strides and padding as [height, width]}}
  %y = lacuna.frozen_layer %x structure(#lacuna.unstructured<active = [0]>) values([1.0]) bias([0.0]) kernel([1, 1]) strides([1]) padding([0, 0])
      : tensor<?x1x8x8xf32> -> tensor<?x1x8x8xf32>
  return
}

// -----

func.func @f(%x: tensor<?x1x8x8xf32>) {
  // expected-error@+1 {{must have an input and a result of rank 2}}
  %y = lacuna.frozen_layer %x structure(#lacuna.unstructured<active = [0]>) values([1.0]) bias([0.0]) : tensor<?x1x8x8xf32> -> tensor<?x1x8x8xf32>
  return
}

// -----

func.func @f(%x: tensor<?x1x8x8xf32>) {
  // expected-error@+1 {{the result must have planes of 6 x 6}}
  %y = lacuna.frozen_layer %x structure(#lacuna.unstructured<active = [0]>) values([1.0]) bias([0.0]) kernel([3, 3]) strides([1, 1]) padding([0, 0])
      : tensor<?x1x8x8xf32> -> tensor<?x1x8x8xf32>
  return
}

// -----

func.func @f(%x: tensor<?x2xf32>, %r: tensor<?x1xf32>) {
  // expected-error@+1 {{the residual must have the shape of the result}}
  %y = lacuna.frozen_layer %x residual(%r : tensor<?x1xf32>) structure(#lacuna.unstructured<active = [0]>) values([1.0]) bias([0.0, 0.0]) : tensor<?x2xf32> -> tensor<?x2xf32>
  return
}

// -----

func.func @f(%x: tensor<?x2xf32>) {
  // expected-error@+1 {{scale must have 2 elements, not 1}}
  %y = lacuna.affine %x scale([1.0]) shift([1.0, 2.0]) : tensor<?x2xf32> -> tensor<?x2xf32>
  return
}

// -----

func.func @f(%x: tensor<?x2x8x8xf32>) {
  // expected-error@+1 {{the window does not fit the plane}}
  %y = lacuna.max_pool %x window(9) stride(1) padding(0) : tensor<?x2x8x8xf32> -> tensor<?x2x1x1xf32>
  return
}

// -----

func.func @f(%x: tensor<?x2x8x8xf32>) {
  // expected-error@+1 {{the window must divide the plane}}
  %y = lacuna.average_pool %x window(3) : tensor<?x2x8x8xf32> -> tensor<?x2x2x2xf32>
  return
}

// -----

func.func @f(%x: tensor<?x2x8x8xf32>) {
  // expected-error@+1 {{the result must have the shape of the input}}
  %y = lacuna.repack %x : tensor<?x2x8x8xf32> -> tensor<?x2x8x9xf32>
  return
}

// -----

// expected-error@+1 {{phases and margin must be [height, width]}}
func.func @f(%x: tensor<?x2x8x8xf32, #lacuna.planes<phases = [1], margin = [1, 1], row = 9, phase = 88, channel = 88, floats = 224>>) {
  return
}

// -----

// expected-error@+1 {{phases and pitches must be positive, and the margin not negative}}
func.func @f(%x: tensor<?x2x8x8xf32, #lacuna.planes<phases = [1, 1], margin = [-1, 1], row = 9, phase = 88, channel = 88, floats = 224>>) {
  return
}

// -----

// expected-error@+1 {{phases, margin and pitches must not exceed 1099511627776}}
func.func @f(%x: tensor<?x2x8x8xf32, #lacuna.planes<phases = [1, 1], margin = [1, 1], row = 9, phase = 88, channel = 88, floats = 1099511627777>>) {
  return
}

// -----

// expected-error@+1 {{phases, margin and pitches must not exceed 1099511627776}}
func.func @f(%x: tensor<?x2x8x8xf32, #lacuna.planes<phases = [1, 1], margin = [1, 1099511627777], row = 9, phase = 88, channel = 88, floats = 224>>) {
  return
}

// -----

func.func @f(%x: tensor<4x2xf32>) {
  // expected-error@+1 {{the input must have a dynamic batch and positive static extents}}
  %y = lacuna.relu %x : tensor<4x2xf32>
  return
}

// -----

func.func @f(%x: tensor<?x2x8x8xf32>) {
  // expected-error@+1 {{the result must have a dynamic batch and positive static extents}}
  %y = lacuna.average_pool %x window(8) : tensor<?x2x8x8xf32> -> tensor<?x2x?x1xf32>
  return
}

// -----

func.func @f(%x: tensor<?x0x8x8xf32>) {
  // expected-error@+1 {{the input must have a dynamic batch and positive static extents}}
  %y = lacuna.relu %x : tensor<?x0x8x8xf32>
  return
}

// -----

func.func @f(%x: tensor<?x2xf32>) {
  // expected-error@+1 {{must have an input and a result of rank 4}}
  %y = lacuna.max_pool %x window(1) stride(1) padding(0) : tensor<?x2xf32> -> tensor<?x2xf32>
  return
}

// -----

func.func @f(%x: tensor<?x2xf32>) {
  // expected-error@+1 {{must have an input and a result of rank 4}}
  %y = lacuna.average_pool %x window(1) : tensor<?x2xf32> -> tensor<?x2xf32>
  return
}

// -----

func.func @f(%x: tensor<?x2x8x8xf32>) {
  // expected-error@+1 {{must have an input and a result of rank 4}}
  %y = lacuna.frozen_layer %x structure(#lacuna.unstructured<active = [0]>) values([1.0]) bias([0.0]) kernel([1, 1]) strides([1, 1]) padding([0, 0])
      : tensor<?x2x8x8xf32> -> tensor<?x1xf32>
  return
}

// -----

func.func @f(%x: tensor<?x2x8x8xf32, "tiled">) {
  // expected-error@+1 {{the input has an encoding that is no #lacuna.planes of images}}
  %y = lacuna.repack %x : tensor<?x2x8x8xf32, "tiled"> -> tensor<?x2x8x8xf32>
  return
}

// -----

func.func @f(%x: tensor<?x2xf32>) {
  // expected-error@+1 {{the result has an encoding that is no #lacuna.planes of images}}
  %y = lacuna.repack %x : tensor<?x2xf32> -> tensor<?x2xf32, #lacuna.planes<phases = [1, 1], margin = [0, 0], row = 1, phase = 1, channel = 1, floats = 2>>
  return
}

// -----

// Twice the padding does not wrap.
func.func @f(%x: tensor<?x2x8x8xf32>) {
  // expected-error@+1 {{the window does not fit the plane}}
  %y = lacuna.max_pool %x window(2) stride(1) padding(9223372036854775807) : tensor<?x2x8x8xf32> -> tensor<?x2x5x5xf32>
  return
}

// -----

func.func @f(%x: tensor<?x2x8x8xf32>) {
  // expected-error@+1 {{the window does not fit the plane}}
  %y = lacuna.max_pool %x window(11) stride(1) padding(1) : tensor<?x2x8x8xf32> -> tensor<?x2x1x1xf32>
  return
}

// -----

// Planes hold their pixels and margins: eight columns and one of margin.
func.func @f(%x: tensor<?x2x8x8xf32>) {
  // expected-error@+1 {{the result does not fit its #lacuna.planes: row is too small}}
  %y = lacuna.repack %x : tensor<?x2x8x8xf32> -> tensor<?x2x8x8xf32, #lacuna.planes<phases = [1, 1], margin = [1, 1], row = 8, phase = 88, channel = 88, floats = 224>>
  return
}

// -----

// Nine rows of nine.
func.func @f(%x: tensor<?x2x8x8xf32>) {
  // expected-error@+1 {{the result does not fit its #lacuna.planes: phase is too small}}
  %y = lacuna.repack %x : tensor<?x2x8x8xf32> -> tensor<?x2x8x8xf32, #lacuna.planes<phases = [1, 1], margin = [1, 1], row = 9, phase = 80, channel = 88, floats = 224>>
  return
}

// -----

func.func @f(%x: tensor<?x2x8x8xf32>) {
  // expected-error@+1 {{the result does not fit its #lacuna.planes: channel is too small}}
  %y = lacuna.repack %x : tensor<?x2x8x8xf32> -> tensor<?x2x8x8xf32, #lacuna.planes<phases = [1, 1], margin = [1, 1], row = 9, phase = 88, channel = 87, floats = 224>>
  return
}

// -----

// Two channels, the margin below, and that right of its last row.
func.func @f(%x: tensor<?x2x8x8xf32>) {
  // expected-error@+1 {{the result does not fit its #lacuna.planes: floats is too small}}
  %y = lacuna.repack %x : tensor<?x2x8x8xf32> -> tensor<?x2x8x8xf32, #lacuna.planes<phases = [1, 1], margin = [1, 1], row = 9, phase = 88, channel = 88, floats = 185>>
  return
}

// -----

func.func @f(%x: tensor<?x2x8x9223372036854775807xf32>) {
  // expected-error@+1 {{the result does not fit its #lacuna.planes: floats is too small}}
  %y = lacuna.repack %x : tensor<?x2x8x9223372036854775807xf32> -> tensor<?x2x8x9223372036854775807xf32, #lacuna.planes<phases = [1, 1], margin = [1, 1], row = 9, phase = 88, channel = 88, floats = 224>>
  return
}

// -----

// Four phases, each with margins of its own: five rows and columns.
func.func @f(%x: tensor<?x1x8x8xf32>) {
  // expected-error@+1 {{the result does not fit its #lacuna.planes: row is too small}}
  %y = lacuna.repack %x : tensor<?x1x8x8xf32> -> tensor<?x1x8x8xf32, #lacuna.planes<phases = [2, 2], margin = [1, 1], row = 4, phase = 32, channel = 128, floats = 160>>
  return
}

// -----

func.func @f(%x: tensor<?x1x8x8xf32>) {
  // expected-error@+1 {{the result does not fit its #lacuna.planes: channel is too small}}
  %y = lacuna.repack %x : tensor<?x1x8x8xf32> -> tensor<?x1x8x8xf32, #lacuna.planes<phases = [2, 2], margin = [1, 1], row = 5, phase = 32, channel = 127, floats = 160>>
  return
}

// -----

#split = #lacuna.planes<phases = [2, 2], margin = [1, 1], row = 5, phase = 32, channel = 128, floats = 160>
func.func @f(%x: tensor<?x1x8x8xf32, #split>) {
  // expected-error@+1 {{the input must not lie in split planes}}
  %y = lacuna.repack %x : tensor<?x1x8x8xf32, #split> -> tensor<?x1x8x8xf32>
  return
}

// -----

#split = #lacuna.planes<phases = [1, 2], margin = [1, 1], row = 5, phase = 48, channel = 96, floats = 160>
func.func @f(%x: tensor<?x1x8x8xf32>) {
  // expected-error@+1 {{the result must not lie in split planes}}
  %y = lacuna.affine %x scale([1.0]) shift([0.0]) : tensor<?x1x8x8xf32> -> tensor<?x1x8x8xf32, #split>
  return
}

// -----

#split = #lacuna.planes<phases = [2, 2], margin = [1, 1], row = 5, phase = 32, channel = 128, floats = 160>
func.func @f(%x: tensor<?x1x8x8xf32, #split>) {
  // expected-error@+1 {{the input must not lie in split planes}}
  %y = lacuna.max_pool %x window(2) stride(2) padding(0) : tensor<?x1x8x8xf32, #split> -> tensor<?x1x4x4xf32>
  return
}

// -----

#split = #lacuna.planes<phases = [2, 2], margin = [1, 1], row = 5, phase = 32, channel = 128, floats = 160>
func.func @f(%x: tensor<?x1x8x8xf32, #split>) {
  // expected-error@+1 {{the input must not lie in split planes}}
  %y = lacuna.average_pool %x window(8) : tensor<?x1x8x8xf32, #split> -> tensor<?x1x1x1xf32>
  return
}

// -----

// A convolution reads split planes, but writes and adds none.
#split = #lacuna.planes<phases = [2, 2], margin = [1, 1], row = 5, phase = 32, channel = 128, floats = 160>
func.func @f(%x: tensor<?x1x16x16xf32>) {
  // expected-error@+1 {{the result must not lie in split planes}}
  %y = lacuna.frozen_layer %x structure(#lacuna.unstructured<active = [0]>) values([1.0]) bias([0.0]) kernel([1, 1]) strides([2, 2]) padding([0, 0])
      : tensor<?x1x16x16xf32> -> tensor<?x1x8x8xf32, #split>
  return
}

// -----

#split = #lacuna.planes<phases = [2, 2], margin = [1, 1], row = 5, phase = 32, channel = 128, floats = 160>
func.func @f(%x: tensor<?x1x8x8xf32>, %r: tensor<?x1x8x8xf32, #split>) {
  // expected-error@+1 {{the residual must not lie in split planes}}
  %y = lacuna.frozen_layer %x residual(%r : tensor<?x1x8x8xf32, #split>) structure(#lacuna.unstructured<active = [0]>) values([1.0]) bias([0.0]) kernel([1, 1]) strides([1, 1]) padding([0, 0])
      : tensor<?x1x8x8xf32> -> tensor<?x1x8x8xf32>
  return
}

// -----

func.func @f(%x: tensor<?x1x8x8xf32>, %r: tensor<?x1x8x8xf32, #lacuna.planes<phases = [1, 1], margin = [0, 0], row = 8, phase = 64, channel = 64, floats = 63>>) {
  // expected-error@+1 {{the residual does not fit its #lacuna.planes: floats is too small}}
  %y = lacuna.frozen_layer %x residual(%r : tensor<?x1x8x8xf32, #lacuna.planes<phases = [1, 1], margin = [0, 0], row = 8, phase = 64, channel = 64, floats = 63>>) structure(#lacuna.unstructured<active = [0]>) values([1.0]) bias([0.0]) kernel([1, 1]) strides([1, 1]) padding([0, 0])
      : tensor<?x1x8x8xf32> -> tensor<?x1x8x8xf32>
  return
}
