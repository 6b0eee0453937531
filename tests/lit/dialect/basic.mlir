// RUN: lacuna-opt %s | lacuna-opt | FileCheck %s
// RUN: lacuna-opt %s --mlir-print-op-generic | lacuna-opt | FileCheck %s

// CHECK-LABEL: func.func @conv2d(
// CHECK: lacuna.conv2d %{{.*}}, %{{.*}} structure(#lacuna.block<rows = 4>) strides([1, 1]) padding([1, 1]) : tensor<?x6x9x7xf32>, tensor<8x6x3x3xf32> -> tensor<?x8x9x7xf32>
func.func @conv2d(%x: tensor<?x6x9x7xf32>, %w: tensor<8x6x3x3xf32>) -> tensor<?x8x9x7xf32> {
  %y = lacuna.conv2d %x, %w structure(#lacuna.block<rows = 4>)
      strides([1, 1]) padding([1, 1])
      : tensor<?x6x9x7xf32>, tensor<8x6x3x3xf32> -> tensor<?x8x9x7xf32>
  return %y : tensor<?x8x9x7xf32>
}

// CHECK-LABEL: func.func @conv2d_bias(
// CHECK: lacuna.conv2d %{{.*}}, %{{.*}} bias(%{{.*}} : tensor<8xf32>) structure(#lacuna.dense) strides([2, 1]) padding([0, 2]) : tensor<?x6x9x7xf32>, tensor<8x6x1x3xf32> -> tensor<?x8x5x9xf32>
func.func @conv2d_bias(%x: tensor<?x6x9x7xf32>, %w: tensor<8x6x1x3xf32>, %b: tensor<8xf32>) -> tensor<?x8x5x9xf32> {
  %y = lacuna.conv2d %x, %w bias(%b : tensor<8xf32>) structure(#lacuna.dense)
      strides([2, 1]) padding([0, 2])
      : tensor<?x6x9x7xf32>, tensor<8x6x1x3xf32> -> tensor<?x8x5x9xf32>
  return %y : tensor<?x8x5x9xf32>
}

// CHECK-LABEL: func.func @conv2d_grad_input(
// CHECK: lacuna.conv2d_grad_input %{{.*}}, %{{.*}} structure(#lacuna.pattern<library = {{\[\[}}0, 4]]>) strides([2, 2]) padding([1, 1]) : tensor<?x8x5x4xf32>, tensor<8x6x3x3xf32> -> tensor<?x6x9x7xf32>
func.func @conv2d_grad_input(%dy: tensor<?x8x5x4xf32>, %w: tensor<8x6x3x3xf32>) -> tensor<?x6x9x7xf32> {
  %dx = lacuna.conv2d_grad_input %dy, %w structure(#lacuna.pattern<library = [[0, 4]]>)
      strides([2, 2]) padding([1, 1])
      : tensor<?x8x5x4xf32>, tensor<8x6x3x3xf32> -> tensor<?x6x9x7xf32>
  return %dx : tensor<?x6x9x7xf32>
}

// CHECK-LABEL: func.func @conv2d_grad_weight(
// CHECK: lacuna.conv2d_grad_weight %{{.*}}, %{{.*}} structure(#lacuna.channel<active = [0, 7]>) strides([2, 2]) padding([1, 1]) : tensor<?x6x9x7xf32>, tensor<?x8x5x4xf32> -> tensor<8x6x3x3xf32>
func.func @conv2d_grad_weight(%x: tensor<?x6x9x7xf32>, %dy: tensor<?x8x5x4xf32>) -> tensor<8x6x3x3xf32> {
  %dw = lacuna.conv2d_grad_weight %x, %dy structure(#lacuna.channel<active = [0, 7]>)
      strides([2, 2]) padding([1, 1])
      : tensor<?x6x9x7xf32>, tensor<?x8x5x4xf32> -> tensor<8x6x3x3xf32>
  return %dw : tensor<8x6x3x3xf32>
}

// CHECK-LABEL: func.func @linear(
// CHECK: lacuna.linear %{{.*}}, %{{.*}} bias(%{{.*}} : tensor<4xf32>) structure(#lacuna.unstructured<active = [0, 31]>) : tensor<?x8xf32>, tensor<4x8xf32> -> tensor<?x4xf32>
func.func @linear(%x: tensor<?x8xf32>, %w: tensor<4x8xf32>, %b: tensor<4xf32>) -> tensor<?x4xf32> {
  %y = lacuna.linear %x, %w bias(%b : tensor<4xf32>)
      structure(#lacuna.unstructured<active = [0, 31]>)
      : tensor<?x8xf32>, tensor<4x8xf32> -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// CHECK-LABEL: func.func @linear_grad_input(
// CHECK: lacuna.linear_grad_input %{{.*}}, %{{.*}} structure(#lacuna.dense) schedule(<lanes = 8, tile = [1, 1, 1], chunk = 4, panel = [1, 1], taps = 1, unroll = 1, level = stream>) : tensor<?x4xf32>, tensor<4x8xf32> -> tensor<?x8xf32>
func.func @linear_grad_input(%dy: tensor<?x4xf32>, %w: tensor<4x8xf32>) -> tensor<?x8xf32> {
  %dx = lacuna.linear_grad_input %dy, %w structure(#lacuna.dense)
      schedule(<lanes = 8, tile = [1, 1, 1], chunk = 4, panel = [1, 1], taps = 1, unroll = 1, level = stream>)
      : tensor<?x4xf32>, tensor<4x8xf32> -> tensor<?x8xf32>
  return %dx : tensor<?x8xf32>
}

// CHECK-LABEL: func.func @linear_grad_weight(
// CHECK: lacuna.linear_grad_weight %{{.*}}, %{{.*}} structure(#lacuna.block<rows = 2, active = [9]>) : tensor<?x8xf32>, tensor<?x4xf32> -> tensor<4x8xf32>
func.func @linear_grad_weight(%x: tensor<?x8xf32>, %dy: tensor<?x4xf32>) -> tensor<4x8xf32> {
  %dw = lacuna.linear_grad_weight %x, %dy structure(#lacuna.block<rows = 2, active = [9]>)
      : tensor<?x8xf32>, tensor<?x4xf32> -> tensor<4x8xf32>
  return %dw : tensor<4x8xf32>
}

// CHECK-LABEL: func.func @normalise(
// CHECK: lacuna.normalise %{{.*}}, %{{.*}}, %{{.*}} : tensor<?x6x9x7xf32>, tensor<6xf32>
func.func @normalise(%x: tensor<?x6x9x7xf32>, %scale: tensor<6xf32>, %shift: tensor<6xf32>) -> tensor<?x6x9x7xf32> {
  %y = lacuna.normalise %x, %scale, %shift : tensor<?x6x9x7xf32>, tensor<6xf32>
  return %y : tensor<?x6x9x7xf32>
}

// CHECK-LABEL: func.func @channel_sums(
// CHECK: lacuna.channel_sums %{{.*}} : tensor<?x6x9x7xf32> -> tensor<6x2xf32>
func.func @channel_sums(%x: tensor<?x6x9x7xf32>) -> tensor<6x2xf32> {
  %s = lacuna.channel_sums %x : tensor<?x6x9x7xf32> -> tensor<6x2xf32>
  return %s : tensor<6x2xf32>
}

// All that a convolution may take along.
// CHECK-LABEL: func.func @conv2d_fused(
// CHECK: %{{.*}}, %{{.*}} = lacuna.conv2d %{{.*}}, %{{.*}} bias(%{{.*}} : tensor<8xf32>) normalise(%{{.*}}, %{{.*}} : tensor<6xf32>, tensor<6xf32>) structure(#lacuna.unstructured) strides([1, 1]) padding([1, 1]) : tensor<?x6x9x7xf32>, tensor<8x6x3x3xf32> -> tensor<?x8x9x7xf32>, tensor<8x2xf32>
func.func @conv2d_fused(%x: tensor<?x6x9x7xf32>, %w: tensor<8x6x3x3xf32>, %b: tensor<8xf32>, %scale: tensor<6xf32>, %shift: tensor<6xf32>) -> (tensor<?x8x9x7xf32>, tensor<8x2xf32>) {
  %y, %s = lacuna.conv2d %x, %w bias(%b : tensor<8xf32>)
      normalise(%scale, %shift : tensor<6xf32>, tensor<6xf32>)
      structure(#lacuna.unstructured) strides([1, 1]) padding([1, 1])
      : tensor<?x6x9x7xf32>, tensor<8x6x3x3xf32> -> tensor<?x8x9x7xf32>, tensor<8x2xf32>
  return %y, %s : tensor<?x8x9x7xf32>, tensor<8x2xf32>
}

// CHECK-LABEL: func.func @conv2d_grad_input_norm_gradient(
// CHECK: lacuna.conv2d_grad_input %{{.*}}, %{{.*}} norm_gradient(%{{.*}}, %{{.*}} : tensor<?x6x8x8xf32>, tensor<6xf32>) output(%{{.*}} : tensor<?x6x8x8xf32>) structure(#lacuna.dense) strides([1, 1]) padding([1, 1]) : tensor<?x8x8x8xf32>, tensor<8x6x3x3xf32> -> tensor<?x6x8x8xf32>, tensor<6x2xf32>
// CHECK: lacuna.norm_gradient %{{.*}}, %{{.*}}, %{{.*}} map(%{{.*}}, %{{.*}} : tensor<6xf32>, tensor<6xf32>) : tensor<?x6x8x8xf32>, tensor<6xf32> -> tensor<6x2xf32>
func.func @conv2d_grad_input_norm_gradient(%dy: tensor<?x8x8x8xf32>, %w: tensor<8x6x3x3xf32>, %x: tensor<?x6x8x8xf32>, %mean: tensor<6xf32>, %y: tensor<?x6x8x8xf32>) -> (tensor<?x6x8x8xf32>, tensor<6x2xf32>) {
  %g, %s = lacuna.conv2d_grad_input %dy, %w norm_gradient(%x, %mean : tensor<?x6x8x8xf32>, tensor<6xf32>) output(%y : tensor<?x6x8x8xf32>)
      structure(#lacuna.dense) strides([1, 1]) padding([1, 1])
      : tensor<?x8x8x8xf32>, tensor<8x6x3x3xf32> -> tensor<?x6x8x8xf32>, tensor<6x2xf32>
  %dz, %t = lacuna.norm_gradient %g, %x, %mean map(%mean, %mean : tensor<6xf32>, tensor<6xf32>)
      : tensor<?x6x8x8xf32>, tensor<6xf32> -> tensor<6x2xf32>
  return %dz, %t : tensor<?x6x8x8xf32>, tensor<6x2xf32>
}

// CHECK-LABEL: func.func @conv2d_grad_input_accumulate(
// CHECK: lacuna.conv2d_grad_input %{{.*}}, %{{.*}} accumulate(%{{.*}} : tensor<?x6x9x7xf32>) structure(#lacuna.dense) strides([2, 2]) padding([0, 0]) : tensor<?x8x5x4xf32>, tensor<8x6x1x1xf32> -> tensor<?x6x9x7xf32>
func.func @conv2d_grad_input_accumulate(%dy: tensor<?x8x5x4xf32>, %w: tensor<8x6x1x1xf32>, %other: tensor<?x6x9x7xf32>) -> tensor<?x6x9x7xf32> {
  %dx = lacuna.conv2d_grad_input %dy, %w accumulate(%other : tensor<?x6x9x7xf32>)
      structure(#lacuna.dense) strides([2, 2]) padding([0, 0])
      : tensor<?x8x5x4xf32>, tensor<8x6x1x1xf32> -> tensor<?x6x9x7xf32>
  return %dx : tensor<?x6x9x7xf32>
}

// CHECK-LABEL: func.func @conv2d_grad_weight_normalise(
// CHECK: lacuna.conv2d_grad_weight %{{.*}}, %{{.*}} normalise(%{{.*}}, %{{.*}} : tensor<6xf32>, tensor<6xf32>) structure(#lacuna.channel) strides([1, 1]) padding([1, 1]) : tensor<?x6x9x7xf32>, tensor<?x8x9x7xf32> -> tensor<8x6x3x3xf32>
func.func @conv2d_grad_weight_normalise(%x: tensor<?x6x9x7xf32>, %dy: tensor<?x8x9x7xf32>, %scale: tensor<6xf32>, %shift: tensor<6xf32>) -> tensor<8x6x3x3xf32> {
  %dw = lacuna.conv2d_grad_weight %x, %dy
      normalise(%scale, %shift : tensor<6xf32>, tensor<6xf32>)
      structure(#lacuna.channel) strides([1, 1]) padding([1, 1])
      : tensor<?x6x9x7xf32>, tensor<?x8x9x7xf32> -> tensor<8x6x3x3xf32>
  return %dw : tensor<8x6x3x3xf32>
}
