// RUN: lacuna-opt %s --split-input-file --verify-diagnostics

func.func @f(%x: tensor<?x6xf32>, %w: tensor<8x6x3x3xf32>) -> tensor<?x8x8x8xf32> {
  // expected-error@+1 {{the input side must have rank 4, not 2}}
  %y = lacuna.conv2d %x, %w structure(#lacuna.dense) strides([1, 1]) padding([1, 1]) : tensor<?x6xf32>, tensor<8x6x3x3xf32> -> tensor<?x8x8x8xf32>
  return %y : tensor<?x8x8x8xf32>
}

// -----

func.func @f(%x: tensor<64x6x8x8xf32>, %w: tensor<8x6x3x3xf32>) -> tensor<?x8x8x8xf32> {
  // expected-error@+1 {{the input side must have a dynamic batch: the first extent is '?'}}
  %y = lacuna.conv2d %x, %w structure(#lacuna.dense) strides([1, 1]) padding([1, 1]) : tensor<64x6x8x8xf32>, tensor<8x6x3x3xf32> -> tensor<?x8x8x8xf32>
  return %y : tensor<?x8x8x8xf32>
}

// -----

func.func @f(%x: tensor<?x6x8x8xf32>, %w: tensor<8x6x3x3xf32>) -> tensor<64x8x8x8xf32> {
  // expected-error@+1 {{the output side must have a dynamic batch: the first extent is '?'}}
  %y = lacuna.conv2d %x, %w structure(#lacuna.dense) strides([1, 1]) padding([1, 1]) : tensor<?x6x8x8xf32>, tensor<8x6x3x3xf32> -> tensor<64x8x8x8xf32>
  return %y : tensor<64x8x8x8xf32>
}

// -----

func.func @f(%x: tensor<?x6x?x8xf32>, %w: tensor<8x6x3x3xf32>) -> tensor<?x8x8x8xf32> {
  // expected-error@+1 {{the input side must have static extents after the batch}}
  %y = lacuna.conv2d %x, %w structure(#lacuna.dense) strides([1, 1]) padding([1, 1]) : tensor<?x6x?x8xf32>, tensor<8x6x3x3xf32> -> tensor<?x8x8x8xf32>
  return %y : tensor<?x8x8x8xf32>
}

// -----

func.func @f(%x: tensor<?x6x8x8xf32>, %w: tensor<8x6x3x3xf32>) -> tensor<?x8x8x?xf32> {
  // expected-error@+1 {{the output side must have static extents after the batch}}
  %y = lacuna.conv2d %x, %w structure(#lacuna.dense) strides([1, 1]) padding([1, 1]) : tensor<?x6x8x8xf32>, tensor<8x6x3x3xf32> -> tensor<?x8x8x?xf32>
  return %y : tensor<?x8x8x?xf32>
}

// -----

func.func @f(%x: tensor<?x6x8x8xf32>, %w: tensor<?x6x3x3xf32>) -> tensor<?x8x8x8xf32> {
  // expected-error@+1 {{weights must have a static shape of rank 4}}
  %y = lacuna.conv2d %x, %w structure(#lacuna.dense) strides([1, 1]) padding([1, 1]) : tensor<?x6x8x8xf32>, tensor<?x6x3x3xf32> -> tensor<?x8x8x8xf32>
  return %y : tensor<?x8x8x8xf32>
}

// -----

func.func @f(%x: tensor<?x6x8x8xf32>, %w: tensor<8x6xf32>) -> tensor<?x8x8x8xf32> {
  // expected-error@+1 {{weights must have a static shape of rank 4}}
  %y = lacuna.conv2d %x, %w structure(#lacuna.dense) strides([1, 1]) padding([1, 1]) : tensor<?x6x8x8xf32>, tensor<8x6xf32> -> tensor<?x8x8x8xf32>
  return %y : tensor<?x8x8x8xf32>
}

// -----

func.func @f(%x: tensor<?x6x8x8xf32>, %w: tensor<8x5x3x3xf32>) -> tensor<?x8x8x8xf32> {
  // expected-error@+1 {{the input side has 6 channels, but the weights expect 5}}
  %y = lacuna.conv2d %x, %w structure(#lacuna.dense) strides([1, 1]) padding([1, 1]) : tensor<?x6x8x8xf32>, tensor<8x5x3x3xf32> -> tensor<?x8x8x8xf32>
  return %y : tensor<?x8x8x8xf32>
}

// -----

func.func @f(%x: tensor<?x6x8x8xf32>, %w: tensor<8x6x3x3xf32>) -> tensor<?x8x8x7xf32> {
  // expected-error@+1 {{the output side must be 'tensor<?x8x8x8xf32>', not 'tensor<?x8x8x7xf32>'}}
  %y = lacuna.conv2d %x, %w structure(#lacuna.dense) strides([1, 1]) padding([1, 1]) : tensor<?x6x8x8xf32>, tensor<8x6x3x3xf32> -> tensor<?x8x8x7xf32>
  return %y : tensor<?x8x8x7xf32>
}

// -----

func.func @f(%x: tensor<?x6x8x8xf32>, %w: tensor<8x6x3x3xf32>) -> tensor<?x8x8x8xf32> {
  // expected-error@+1 {{strides must be [height, width]}}
  %y = lacuna.conv2d %x, %w structure(#lacuna.dense) strides([1]) padding([1, 1]) : tensor<?x6x8x8xf32>, tensor<8x6x3x3xf32> -> tensor<?x8x8x8xf32>
  return %y : tensor<?x8x8x8xf32>
}

// -----

func.func @f(%x: tensor<?x6x8x8xf32>, %w: tensor<8x6x3x3xf32>) -> tensor<?x8x8x8xf32> {
  // expected-error@+1 {{padding must be [height, width]}}
  %y = lacuna.conv2d %x, %w structure(#lacuna.dense) strides([1, 1]) padding([1, 1, 1]) : tensor<?x6x8x8xf32>, tensor<8x6x3x3xf32> -> tensor<?x8x8x8xf32>
  return %y : tensor<?x8x8x8xf32>
}

// -----

func.func @f(%x: tensor<?x6x8x8xf32>, %w: tensor<8x6x3x3xf32>) -> tensor<?x8x8x8xf32> {
  // expected-error@+1 {{stride[0]: is 3, must be between 1 and 2}}
  %y = lacuna.conv2d %x, %w structure(#lacuna.dense) strides([3, 1]) padding([1, 1]) : tensor<?x6x8x8xf32>, tensor<8x6x3x3xf32> -> tensor<?x8x8x8xf32>
  return %y : tensor<?x8x8x8xf32>
}

// -----

// Checked before anything is divided by it.
func.func @f(%x: tensor<?x6x8x8xf32>, %w: tensor<8x6x3x3xf32>) -> tensor<?x8x8x8xf32> {
  // expected-error@+1 {{stride[1]: is 0, must be between 1 and 2}}
  %y = lacuna.conv2d %x, %w structure(#lacuna.dense) strides([1, 0]) padding([1, 1]) : tensor<?x6x8x8xf32>, tensor<8x6x3x3xf32> -> tensor<?x8x8x8xf32>
  return %y : tensor<?x8x8x8xf32>
}

// -----

func.func @f(%x: tensor<?x6x8x8xf32>, %w: tensor<8x6x3x3xf32>) -> tensor<?x8x8x8xf32> {
  // expected-error@+1 {{padding[0]: is -1, must be between 0 and 2}}
  %y = lacuna.conv2d %x, %w structure(#lacuna.dense) strides([1, 1]) padding([-1, 1]) : tensor<?x6x8x8xf32>, tensor<8x6x3x3xf32> -> tensor<?x8x8x8xf32>
  return %y : tensor<?x8x8x8xf32>
}

// -----

func.func @f(%x: tensor<?x6x8x8xf32>, %w: tensor<8x6x3x3xf32>) -> tensor<?x8x8x8xf32> {
  // expected-error@+1 {{padding[1]: is 3, must be between 0 and 2}}
  %y = lacuna.conv2d %x, %w structure(#lacuna.dense) strides([1, 1]) padding([1, 3]) : tensor<?x6x8x8xf32>, tensor<8x6x3x3xf32> -> tensor<?x8x8x8xf32>
  return %y : tensor<?x8x8x8xf32>
}

// -----

func.func @f(%x: tensor<?x6x8x8xf32>, %w: tensor<8x6x9x3xf32>) -> tensor<?x8x8x8xf32> {
  // expected-error@+1 {{kernel[0]: is 9, must be between 1 and 7}}
  %y = lacuna.conv2d %x, %w structure(#lacuna.dense) strides([1, 1]) padding([1, 1]) : tensor<?x6x8x8xf32>, tensor<8x6x9x3xf32> -> tensor<?x8x8x8xf32>
  return %y : tensor<?x8x8x8xf32>
}

// -----

func.func @f(%x: tensor<?x0x8x8xf32>, %w: tensor<8x0x3x3xf32>) -> tensor<?x8x8x8xf32> {
  // expected-error@+1 {{in_channels: is 0, must be between 1 and 1048576}}
  %y = lacuna.conv2d %x, %w structure(#lacuna.dense) strides([1, 1]) padding([1, 1]) : tensor<?x0x8x8xf32>, tensor<8x0x3x3xf32> -> tensor<?x8x8x8xf32>
  return %y : tensor<?x8x8x8xf32>
}

// -----

func.func @f(%x: tensor<?x6x20000x8xf32>, %w: tensor<8x6x3x3xf32>) -> tensor<?x8x8x8xf32> {
  // expected-error@+1 {{height: is 20000, must be between 1 and 16384}}
  %y = lacuna.conv2d %x, %w structure(#lacuna.dense) strides([1, 1]) padding([1, 1]) : tensor<?x6x20000x8xf32>, tensor<8x6x3x3xf32> -> tensor<?x8x8x8xf32>
  return %y : tensor<?x8x8x8xf32>
}

// -----

func.func @f(%x: tensor<?x6x1x8xf32>, %w: tensor<8x6x3x3xf32>) -> tensor<?x8x8x8xf32> {
  // expected-error@+1 {{kernel: is larger than the padded input}}
  %y = lacuna.conv2d %x, %w structure(#lacuna.dense) strides([1, 1]) padding([0, 1]) : tensor<?x6x1x8xf32>, tensor<8x6x3x3xf32> -> tensor<?x8x8x8xf32>
  return %y : tensor<?x8x8x8xf32>
}

// -----

func.func @f(%x: tensor<?x1048576x8x8xf32>, %w: tensor<1048576x1048576x3x3xf32>) -> tensor<?x1048576x8x8xf32> {
  // expected-error@+1 {{kernel: out_channels * in_channels * kernel is 9895604649984 weights, at most 2147483647 are supported}}
  %y = lacuna.conv2d %x, %w structure(#lacuna.dense) strides([1, 1]) padding([1, 1]) : tensor<?x1048576x8x8xf32>, tensor<1048576x1048576x3x3xf32> -> tensor<?x1048576x8x8xf32>
  return %y : tensor<?x1048576x8x8xf32>
}

// -----

func.func @f(%x: tensor<?x6x8x8xf32>, %w: tensor<8x6x3x3xf32>, %b: tensor<7xf32>) -> tensor<?x8x8x8xf32> {
  // expected-error@+1 {{bias must have 8 elements}}
  %y = lacuna.conv2d %x, %w bias(%b : tensor<7xf32>) structure(#lacuna.dense) strides([1, 1]) padding([1, 1]) : tensor<?x6x8x8xf32>, tensor<8x6x3x3xf32> -> tensor<?x8x8x8xf32>
  return %y : tensor<?x8x8x8xf32>
}

// -----

func.func @f(%x: tensor<?x6x8x8xf32>, %w: tensor<8x6x3x3xf32>, %b: tensor<?xf32>) -> tensor<?x8x8x8xf32> {
  // expected-error@+1 {{bias must have 8 elements}}
  %y = lacuna.conv2d %x, %w bias(%b : tensor<?xf32>) structure(#lacuna.dense) strides([1, 1]) padding([1, 1]) : tensor<?x6x8x8xf32>, tensor<8x6x3x3xf32> -> tensor<?x8x8x8xf32>
  return %y : tensor<?x8x8x8xf32>
}

// -----

func.func @f(%x: tensor<?x6x8x8xf32>, %w: tensor<8x6x3x3xf32>) -> tensor<?x8x8x8xf32> {
  // expected-error@+1 {{block_rows: 3 does not divide the 8 output channels}}
  %y = lacuna.conv2d %x, %w structure(#lacuna.block<rows = 3>) strides([1, 1]) padding([1, 1]) : tensor<?x6x8x8xf32>, tensor<8x6x3x3xf32> -> tensor<?x8x8x8xf32>
  return %y : tensor<?x8x8x8xf32>
}

// -----

func.func @f(%x: tensor<?x6x8x8xf32>, %w: tensor<8x6x3x3xf32>) -> tensor<?x8x8x8xf32> {
  // expected-error@+1 {{patterns[0][1]: tap 9 lies outside the 3x3 kernel}}
  %y = lacuna.conv2d %x, %w structure(#lacuna.pattern<library = [[0, 9]]>) strides([1, 1]) padding([1, 1]) : tensor<?x6x8x8xf32>, tensor<8x6x3x3xf32> -> tensor<?x8x8x8xf32>
  return %y : tensor<?x8x8x8xf32>
}

// -----

func.func @f(%x: tensor<?x6x8x8xf32>, %w: tensor<8x6x3x3xf32>) -> tensor<?x8x8x8xf32> {
  // expected-error@+1 {{patterns: the library has 65 patterns, must have between 1 and 64}}
  %y = lacuna.conv2d %x, %w structure(#lacuna.pattern<library = [[0], [0], [0], [0], [0], [0], [0], [0], [0], [0], [0], [0], [0], [0], [0], [0], [0], [0], [0], [0], [0], [0], [0], [0], [0], [0], [0], [0], [0], [0], [0], [0], [0], [0], [0], [0], [0], [0], [0], [0], [0], [0], [0], [0], [0], [0], [0], [0], [0], [0], [0], [0], [0], [0], [0], [0], [0], [0], [0], [0], [0], [0], [0], [0], [0]]>) strides([1, 1]) padding([1, 1]) : tensor<?x6x8x8xf32>, tensor<8x6x3x3xf32> -> tensor<?x8x8x8xf32>
  return %y : tensor<?x8x8x8xf32>
}

// -----

func.func @f(%x: tensor<?x6x8x8xf32>, %w: tensor<8x6x3x3xf32>) -> tensor<?x8x8x8xf32> {
  // expected-error@+1 {{active[1]: unit 432 is out of range, the layer has 432 units}}
  %y = lacuna.conv2d %x, %w structure(#lacuna.unstructured<active = [0, 432]>) strides([1, 1]) padding([1, 1]) : tensor<?x6x8x8xf32>, tensor<8x6x3x3xf32> -> tensor<?x8x8x8xf32>
  return %y : tensor<?x8x8x8xf32>
}

// -----

func.func @f(%x: tensor<?x6x8x8xf32>, %w: tensor<8x6x3x3xf32>) -> tensor<?x8x8x8xf32> {
  // expected-error@+1 {{active[0]: unit 48 is out of range, the layer has 48 units}}
  %y = lacuna.conv2d %x, %w structure(#lacuna.pattern<library = [[0]], active = [48], ids = [0]>) strides([1, 1]) padding([1, 1]) : tensor<?x6x8x8xf32>, tensor<8x6x3x3xf32> -> tensor<?x8x8x8xf32>
  return %y : tensor<?x8x8x8xf32>
}

// -----

func.func @f(%x: tensor<?x6x8x8xf32>, %w: tensor<8x6x3x3xf32>) -> tensor<?x8x8x8xf32> {
  // expected-error@+1 {{active[0]: unit 8 is out of range, the layer has 8 units}}
  %y = lacuna.conv2d %x, %w structure(#lacuna.channel<active = [8]>) strides([1, 1]) padding([1, 1]) : tensor<?x6x8x8xf32>, tensor<8x6x3x3xf32> -> tensor<?x8x8x8xf32>
  return %y : tensor<?x8x8x8xf32>
}

// -----

func.func @f(%x: tensor<?x6x8x8xf32>, %w: tensor<8x6x3x3xf32>) -> tensor<?x8x8x8xf32> {
  // expected-error@+1 {{failed to satisfy constraint: a sparsity structure: #lacuna.dense, unstructured, block, pattern or channel}}
  %y = lacuna.conv2d %x, %w structure("dense") strides([1, 1]) padding([1, 1]) : tensor<?x6x8x8xf32>, tensor<8x6x3x3xf32> -> tensor<?x8x8x8xf32>
  return %y : tensor<?x8x8x8xf32>
}

// -----

func.func @f(%x: tensor<?x8x1x1xf32>, %w: tensor<4x8xf32>) -> tensor<?x4xf32> {
  // expected-error@+1 {{the input side must have rank 2, not 4}}
  %y = lacuna.linear %x, %w structure(#lacuna.dense) : tensor<?x8x1x1xf32>, tensor<4x8xf32> -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

func.func @f(%x: tensor<?x9xf32>, %w: tensor<4x8xf32>) -> tensor<?x4xf32> {
  // expected-error@+1 {{the input side has 9 channels, but the weights expect 8}}
  %y = lacuna.linear %x, %w structure(#lacuna.dense) : tensor<?x9xf32>, tensor<4x8xf32> -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

func.func @f(%x: tensor<?x8xf32>, %w: tensor<4x8xf32>) -> tensor<?x5xf32> {
  // expected-error@+1 {{the output side must be 'tensor<?x4xf32>', not 'tensor<?x5xf32>'}}
  %y = lacuna.linear %x, %w structure(#lacuna.dense) : tensor<?x8xf32>, tensor<4x8xf32> -> tensor<?x5xf32>
  return %y : tensor<?x5xf32>
}

// -----

func.func @f(%x: tensor<?x8xf32>, %w: tensor<0x8xf32>) -> tensor<?x0xf32> {
  // expected-error@+1 {{out_features: is 0, must be between 1 and 1048576}}
  %y = lacuna.linear %x, %w structure(#lacuna.dense) : tensor<?x8xf32>, tensor<0x8xf32> -> tensor<?x0xf32>
  return %y : tensor<?x0xf32>
}

// -----

func.func @f(%x: tensor<?x8xf32>, %w: tensor<4x8xf32>, %b: tensor<5xf32>) -> tensor<?x4xf32> {
  // expected-error@+1 {{bias must have 4 elements}}
  %y = lacuna.linear %x, %w bias(%b : tensor<5xf32>) structure(#lacuna.dense) : tensor<?x8xf32>, tensor<4x8xf32> -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

func.func @f(%x: tensor<?x8xf32>, %w: tensor<4x8xf32>) -> tensor<?x4xf32> {
  // expected-error@+1 {{patterns[0][0]: tap 4 lies outside the 1x1 kernel}}
  %y = lacuna.linear %x, %w structure(#lacuna.pattern<library = [[4]]>) : tensor<?x8xf32>, tensor<4x8xf32> -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

func.func @f(%x: tensor<f32>, %w: tensor<4x8xf32>) -> tensor<?x4xf32> {
  // expected-error@+1 {{operand #0 must be 2D/4D tensor of 32-bit float values}}
  %y = lacuna.linear %x, %w structure(#lacuna.dense) : tensor<f32>, tensor<4x8xf32> -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

func.func @f(%x: tensor<*xf32>, %w: tensor<4x8xf32>) -> tensor<?x4xf32> {
  // expected-error@+1 {{expected builtin.tensor, but found 'tensor<*xf32>'}}
  %y = lacuna.linear %x, %w structure(#lacuna.dense) : tensor<*xf32>, tensor<4x8xf32> -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

func.func @f(%x: tensor<?x8xf64>, %w: tensor<4x8xf32>) -> tensor<?x4xf32> {
  // expected-error@+1 {{operand #0 must be 2D/4D tensor of 32-bit float values}}
  %y = lacuna.linear %x, %w structure(#lacuna.dense) : tensor<?x8xf64>, tensor<4x8xf32> -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

// In gradients the sides are found by role, not by place.
func.func @f(%dy: tensor<?x8x8x8xf32>, %w: tensor<8x6x3x3xf32>) -> tensor<?x6x16x15xf32> {
  // expected-error@+1 {{the output side must be 'tensor<?x8x16x15xf32>', not 'tensor<?x8x8x8xf32>'}}
  %dx = lacuna.conv2d_grad_input %dy, %w structure(#lacuna.dense) strides([1, 1]) padding([1, 1]) : tensor<?x8x8x8xf32>, tensor<8x6x3x3xf32> -> tensor<?x6x16x15xf32>
  return %dx : tensor<?x6x16x15xf32>
}

// -----

func.func @f(%x: tensor<?x6x8x8xf32>, %dy: tensor<?x8x8x8xf32>) -> tensor<8x5x3x3xf32> {
  // expected-error@+1 {{the input side has 6 channels, but the weights expect 5}}
  %dw = lacuna.conv2d_grad_weight %x, %dy structure(#lacuna.dense) strides([1, 1]) padding([1, 1]) : tensor<?x6x8x8xf32>, tensor<?x8x8x8xf32> -> tensor<8x5x3x3xf32>
  return %dw : tensor<8x5x3x3xf32>
}

// -----

func.func @f(%dy: tensor<?x4xf32>, %w: tensor<4x8xf32>) -> tensor<16x8xf32> {
  // expected-error@+1 {{the input side must have a dynamic batch}}
  %dx = lacuna.linear_grad_input %dy, %w structure(#lacuna.dense) : tensor<?x4xf32>, tensor<4x8xf32> -> tensor<16x8xf32>
  return %dx : tensor<16x8xf32>
}

// -----

func.func @f(%x: tensor<?x8xf32>, %dy: tensor<?x4xf32>) -> tensor<4x8xf32> {
  // expected-error@+1 {{block_rows: is 8, must be between 1 and 4}}
  %dw = lacuna.linear_grad_weight %x, %dy structure(#lacuna.block<rows = 8>) : tensor<?x8xf32>, tensor<?x4xf32> -> tensor<4x8xf32>
  return %dw : tensor<4x8xf32>
}

// -----

// The custom syntax always writes both.
func.func @f(%x: tensor<?x6x8x8xf32>, %w: tensor<8x6x3x3xf32>, %scale: tensor<6xf32>) -> tensor<?x8x8x8xf32> {
  // expected-error@+1 {{scale and shift must come together}}
  %y = "lacuna.conv2d"(%x, %w, %scale) <{operandSegmentSizes = array<i32: 1, 1, 0, 1, 0>, padding = array<i64: 1, 1>, strides = array<i64: 1, 1>, structure = #lacuna.dense}> : (tensor<?x6x8x8xf32>, tensor<8x6x3x3xf32>, tensor<6xf32>) -> tensor<?x8x8x8xf32>
  return %y : tensor<?x8x8x8xf32>
}

// -----

func.func @f(%x: tensor<?x6x8x8xf32>, %dy: tensor<?x8x8x8xf32>, %shift: tensor<6xf32>) -> tensor<8x6x3x3xf32> {
  // expected-error@+1 {{scale and shift must come together}}
  %dw = "lacuna.conv2d_grad_weight"(%x, %dy, %shift) <{operandSegmentSizes = array<i32: 1, 1, 0, 1>, padding = array<i64: 1, 1>, strides = array<i64: 1, 1>, structure = #lacuna.dense}> : (tensor<?x6x8x8xf32>, tensor<?x8x8x8xf32>, tensor<6xf32>) -> tensor<8x6x3x3xf32>
  return %dw : tensor<8x6x3x3xf32>
}

// -----

// The channels of the input, not of the output.
func.func @f(%x: tensor<?x6x8x8xf32>, %w: tensor<8x6x3x3xf32>, %scale: tensor<8xf32>, %shift: tensor<8xf32>) -> tensor<?x8x8x8xf32> {
  // expected-error@+1 {{scale must have 6 elements}}
  %y = lacuna.conv2d %x, %w normalise(%scale, %shift : tensor<8xf32>, tensor<8xf32>) structure(#lacuna.dense) strides([1, 1]) padding([1, 1]) : tensor<?x6x8x8xf32>, tensor<8x6x3x3xf32> -> tensor<?x8x8x8xf32>
  return %y : tensor<?x8x8x8xf32>
}

// -----

func.func @f(%x: tensor<?x6x8x8xf32>, %w: tensor<8x6x3x3xf32>, %scale: tensor<6xf32>, %shift: tensor<?xf32>) -> tensor<?x8x8x8xf32> {
  // expected-error@+1 {{shift must have 6 elements}}
  %y = lacuna.conv2d %x, %w normalise(%scale, %shift : tensor<6xf32>, tensor<?xf32>) structure(#lacuna.dense) strides([1, 1]) padding([1, 1]) : tensor<?x6x8x8xf32>, tensor<8x6x3x3xf32> -> tensor<?x8x8x8xf32>
  return %y : tensor<?x8x8x8xf32>
}

// -----

func.func @f(%x: tensor<?x6x8x8xf32>, %dy: tensor<?x8x8x8xf32>, %scale: tensor<8xf32>, %shift: tensor<8xf32>) -> tensor<8x6x3x3xf32> {
  // expected-error@+1 {{scale must have 6 elements}}
  %dw = lacuna.conv2d_grad_weight %x, %dy normalise(%scale, %shift : tensor<8xf32>, tensor<8xf32>) structure(#lacuna.dense) strides([1, 1]) padding([1, 1]) : tensor<?x6x8x8xf32>, tensor<?x8x8x8xf32> -> tensor<8x6x3x3xf32>
  return %dw : tensor<8x6x3x3xf32>
}

// -----

func.func @f(%x: tensor<?x6x8x8xf32>, %w: tensor<8x6x3x3xf32>) -> (tensor<?x8x8x8xf32>, tensor<6x2xf32>) {
  // expected-error@+1 {{channel sums must be a tensor of 8 x 2}}
  %y, %s = lacuna.conv2d %x, %w structure(#lacuna.dense) strides([1, 1]) padding([1, 1]) : tensor<?x6x8x8xf32>, tensor<8x6x3x3xf32> -> tensor<?x8x8x8xf32>, tensor<6x2xf32>
  return %y, %s : tensor<?x8x8x8xf32>, tensor<6x2xf32>
}

// -----

func.func @f(%x: tensor<?x6x8x8xf32>, %w: tensor<8x6x3x3xf32>) -> (tensor<?x8x8x8xf32>, tensor<8xf32>) {
  // expected-error@+1 {{result #1 must be 2D tensor of 32-bit float values}}
  %y, %s = lacuna.conv2d %x, %w structure(#lacuna.dense) strides([1, 1]) padding([1, 1]) : tensor<?x6x8x8xf32>, tensor<8x6x3x3xf32> -> tensor<?x8x8x8xf32>, tensor<8xf32>
  return %y, %s : tensor<?x8x8x8xf32>, tensor<8xf32>
}

// -----

func.func @f(%dy: tensor<?x8x8x8xf32>, %w: tensor<8x6x3x3xf32>, %other: tensor<?x8x8x8xf32>) -> tensor<?x6x8x8xf32> {
  // expected-error@+1 {{the addend must have the type of the result}}
  %dx = lacuna.conv2d_grad_input %dy, %w accumulate(%other : tensor<?x8x8x8xf32>) structure(#lacuna.dense) strides([1, 1]) padding([1, 1]) : tensor<?x8x8x8xf32>, tensor<8x6x3x3xf32> -> tensor<?x6x8x8xf32>
  return %dx : tensor<?x6x8x8xf32>
}

// -----

func.func @f(%dy: tensor<?x8x8x8xf32>, %w: tensor<8x6x3x3xf32>, %x: tensor<?x6x8x8xf32>, %z: tensor<?x8x8x8xf32>, %m: tensor<6xf32>, %n: tensor<5xf32>) -> tensor<?x6x8x8xf32> {
  // expected-error@+1 {{only with norm_gradient}}
  %dx = lacuna.conv2d_grad_input %dy, %w output(%x : tensor<?x6x8x8xf32>) structure(#lacuna.dense) strides([1, 1]) padding([1, 1]) : tensor<?x8x8x8xf32>, tensor<8x6x3x3xf32> -> tensor<?x6x8x8xf32>
  return %dx : tensor<?x6x8x8xf32>
}

// -----

func.func @f(%dy: tensor<?x8x8x8xf32>, %w: tensor<8x6x3x3xf32>, %x: tensor<?x6x8x8xf32>, %z: tensor<?x8x8x8xf32>, %m: tensor<6xf32>, %n: tensor<5xf32>) -> tensor<?x6x8x8xf32> {
  // expected-error@+1 {{norm_gradient needs a mean and gives sums}}
  %dx = lacuna.conv2d_grad_input %dy, %w norm_gradient(%x, %m : tensor<?x6x8x8xf32>, tensor<6xf32>) output(%x : tensor<?x6x8x8xf32>) structure(#lacuna.dense) strides([1, 1]) padding([1, 1]) : tensor<?x8x8x8xf32>, tensor<8x6x3x3xf32> -> tensor<?x6x8x8xf32>
  return %dx : tensor<?x6x8x8xf32>
}

// -----

func.func @f(%dy: tensor<?x8x8x8xf32>, %w: tensor<8x6x3x3xf32>, %x: tensor<?x6x8x8xf32>, %z: tensor<?x8x8x8xf32>, %m: tensor<6xf32>, %n: tensor<5xf32>) -> tensor<?x6x8x8xf32> {
  // expected-error@+1 {{the batch norm's input must have the type of the result}}
  %dx, %s = lacuna.conv2d_grad_input %dy, %w norm_gradient(%z, %m : tensor<?x8x8x8xf32>, tensor<6xf32>) output(%x : tensor<?x6x8x8xf32>) structure(#lacuna.dense) strides([1, 1]) padding([1, 1]) : tensor<?x8x8x8xf32>, tensor<8x6x3x3xf32> -> tensor<?x6x8x8xf32>, tensor<6x2xf32>
  return %dx : tensor<?x6x8x8xf32>
}

// -----

func.func @f(%dy: tensor<?x8x8x8xf32>, %w: tensor<8x6x3x3xf32>, %x: tensor<?x6x8x8xf32>, %z: tensor<?x8x8x8xf32>, %m: tensor<6xf32>, %n: tensor<5xf32>) -> tensor<?x6x8x8xf32> {
  // expected-error@+1 {{mean must have 6 elements}}
  %dx, %s = lacuna.conv2d_grad_input %dy, %w norm_gradient(%x, %n : tensor<?x6x8x8xf32>, tensor<5xf32>) output(%x : tensor<?x6x8x8xf32>) structure(#lacuna.dense) strides([1, 1]) padding([1, 1]) : tensor<?x8x8x8xf32>, tensor<8x6x3x3xf32> -> tensor<?x6x8x8xf32>, tensor<6x2xf32>
  return %dx : tensor<?x6x8x8xf32>
}

// -----

func.func @f(%dy: tensor<?x8x8x8xf32>, %w: tensor<8x6x3x3xf32>, %x: tensor<?x6x8x8xf32>, %z: tensor<?x8x8x8xf32>, %m: tensor<6xf32>, %n: tensor<5xf32>) -> tensor<?x6x8x8xf32> {
  // expected-error@+1 {{must be given either the map or the output of the batch norm}}
  %dx, %s = lacuna.conv2d_grad_input %dy, %w norm_gradient(%x, %m : tensor<?x6x8x8xf32>, tensor<6xf32>) structure(#lacuna.dense) strides([1, 1]) padding([1, 1]) : tensor<?x8x8x8xf32>, tensor<8x6x3x3xf32> -> tensor<?x6x8x8xf32>, tensor<6x2xf32>
  return %dx : tensor<?x6x8x8xf32>
}

// -----

func.func @f(%dy: tensor<?x8x8x8xf32>, %w: tensor<8x6x3x3xf32>, %x: tensor<?x6x8x8xf32>, %z: tensor<?x8x8x8xf32>, %m: tensor<6xf32>, %n: tensor<5xf32>) -> tensor<?x6x8x8xf32> {
  // expected-error@+1 {{must be given either the map or the output of the batch norm}}
  %dx, %s = lacuna.conv2d_grad_input %dy, %w norm_gradient(%x, %m : tensor<?x6x8x8xf32>, tensor<6xf32>) map(%m, %m : tensor<6xf32>, tensor<6xf32>) output(%x : tensor<?x6x8x8xf32>) structure(#lacuna.dense) strides([1, 1]) padding([1, 1]) : tensor<?x8x8x8xf32>, tensor<8x6x3x3xf32> -> tensor<?x6x8x8xf32>, tensor<6x2xf32>
  return %dx : tensor<?x6x8x8xf32>
}

// -----

func.func @f(%dy: tensor<?x8x8x8xf32>, %w: tensor<8x6x3x3xf32>, %x: tensor<?x6x8x8xf32>, %z: tensor<?x8x8x8xf32>, %m: tensor<6xf32>, %n: tensor<5xf32>) -> tensor<?x6x8x8xf32> {
  // expected-error@+1 {{the batch norm's output must have the type of the result}}
  %dx, %s = lacuna.conv2d_grad_input %dy, %w norm_gradient(%x, %m : tensor<?x6x8x8xf32>, tensor<6xf32>) output(%z : tensor<?x8x8x8xf32>) structure(#lacuna.dense) strides([1, 1]) padding([1, 1]) : tensor<?x8x8x8xf32>, tensor<8x6x3x3xf32> -> tensor<?x6x8x8xf32>, tensor<6x2xf32>
  return %dx : tensor<?x6x8x8xf32>
}

// -----

func.func @f(%dy: tensor<?x8x8x8xf32>, %w: tensor<8x6x3x3xf32>, %x: tensor<?x6x8x8xf32>, %z: tensor<?x8x8x8xf32>, %m: tensor<6xf32>, %n: tensor<5xf32>) -> tensor<?x6x8x8xf32> {
  // expected-error@+1 {{scale must have 6 elements}}
  %dx, %s = lacuna.conv2d_grad_input %dy, %w norm_gradient(%x, %m : tensor<?x6x8x8xf32>, tensor<6xf32>) map(%n, %n : tensor<5xf32>, tensor<5xf32>) structure(#lacuna.dense) strides([1, 1]) padding([1, 1]) : tensor<?x8x8x8xf32>, tensor<8x6x3x3xf32> -> tensor<?x6x8x8xf32>, tensor<6x2xf32>
  return %dx : tensor<?x6x8x8xf32>
}

// -----

func.func @f(%x: tensor<?x6x8x8xf32>, %scale: tensor<5xf32>, %shift: tensor<5xf32>) -> tensor<?x6x8x8xf32> {
  // expected-error@+1 {{scale must have 6 elements}}
  %y = lacuna.normalise %x, %scale, %shift : tensor<?x6x8x8xf32>, tensor<5xf32>
  return %y : tensor<?x6x8x8xf32>
}

// -----

func.func @f(%x: tensor<?x6x8x8xf32>, %scale: tensor<6xf32>, %shift: tensor<5xf32>) -> tensor<?x6x8x8xf32> {
  // expected-error@+1 {{failed to verify that all of {scale, shift} have same type}}
  %y = "lacuna.normalise"(%x, %scale, %shift) : (tensor<?x6x8x8xf32>, tensor<6xf32>, tensor<5xf32>) -> tensor<?x6x8x8xf32>
  return %y : tensor<?x6x8x8xf32>
}

// -----

func.func @f(%x: tensor<?x6xf32>, %scale: tensor<6xf32>, %shift: tensor<6xf32>) -> tensor<?x6xf32> {
  // expected-error@+1 {{the result must have rank 4, not 2}}
  %y = lacuna.normalise %x, %scale, %shift : tensor<?x6xf32>, tensor<6xf32>
  return %y : tensor<?x6xf32>
}

// -----

func.func @f(%x: tensor<?x6x8x8xf32>) -> tensor<2x6xf32> {
  // expected-error@+1 {{channel sums must be a tensor of 6 x 2}}
  %s = lacuna.channel_sums %x : tensor<?x6x8x8xf32> -> tensor<2x6xf32>
  return %s : tensor<2x6xf32>
}

// -----

func.func @f(%x: tensor<32x6x8x8xf32>) -> tensor<6x2xf32> {
  // expected-error@+1 {{the input must have a dynamic batch: the first extent is '?'}}
  %s = lacuna.channel_sums %x : tensor<32x6x8x8xf32> -> tensor<6x2xf32>
  return %s : tensor<6x2xf32>
}

// -----

#wide = #lacuna.planes<phases = [1, 1], margin = [0, 1], row = 9, phase = 72, channel = 72, floats = 640>

func.func @f(%x: tensor<?x4x8x8xf32, #wide>, %w: tensor<4x4x3x3xf32>) -> tensor<?x4x8x8xf32> {
  // expected-error@+1 {{the input side must have no encoding}}
  %y = lacuna.conv2d %x, %w structure(#lacuna.dense) strides([1, 1]) padding([1, 1])
      : tensor<?x4x8x8xf32, #wide>, tensor<4x4x3x3xf32> -> tensor<?x4x8x8xf32>
  return %y : tensor<?x4x8x8xf32>
}

// -----

func.func @f(%x: tensor<?x8xf32>, %w: tensor<4x8xf32, "packed">) -> tensor<?x4xf32> {
  // expected-error@+1 {{weights must have no encoding}}
  %y = lacuna.linear %x, %w structure(#lacuna.dense) : tensor<?x8xf32>, tensor<4x8xf32, "packed"> -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}
