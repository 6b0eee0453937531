// RUN: lacuna-opt %s --lacuna-fuse-norm-gradient --split-input-file | FileCheck %s

// The sign of the normalised input tells where the ReLU passed.
// CHECK-LABEL: func.func @map(
// CHECK-NEXT: %[[G:.*]], %[[S:.*]] = lacuna.conv2d_grad_input %arg0, %arg1 norm_gradient(%arg2, %arg3 : tensor<?x6x8x8xf32>, tensor<6xf32>) map(%arg4, %arg5 : tensor<6xf32>, tensor<6xf32>) structure(#lacuna.block<rows = 4, active = [3]>) strides([1, 1]) padding([1, 1]) schedule(<lanes = 8, tile = [1, 2, 2], chunk = 8, panel = [1, 4], taps = 9, unroll = 1, level = specialised>) :
// CHECK-NEXT: return %[[G]], %[[S]]
func.func @map(%dy: tensor<?x8x8x8xf32>, %w: tensor<8x6x3x3xf32>, %x: tensor<?x6x8x8xf32>, %mean: tensor<6xf32>, %scale: tensor<6xf32>, %shift: tensor<6xf32>) -> (tensor<?x6x8x8xf32>, tensor<6x2xf32>) {
  %g = lacuna.conv2d_grad_input %dy, %w structure(#lacuna.block<rows = 4, active = [3]>) strides([1, 1]) padding([1, 1])
      schedule(<lanes = 8, tile = [1, 2, 2], chunk = 8, panel = [1, 4], taps = 9, unroll = 1, level = specialised>)
      : tensor<?x8x8x8xf32>, tensor<8x6x3x3xf32> -> tensor<?x6x8x8xf32>
  %dz, %s = lacuna.norm_gradient %g, %x, %mean map(%scale, %shift : tensor<6xf32>, tensor<6xf32>)
      : tensor<?x6x8x8xf32>, tensor<6xf32> -> tensor<6x2xf32>
  return %dz, %s : tensor<?x6x8x8xf32>, tensor<6x2xf32>
}

// -----

// Behind a residual its stored output tells; what was accumulated stays so. The
// fused operation stands where all operands are known.
// CHECK-LABEL: func.func @output(
// CHECK-NEXT: %[[Y:.*]] = arith.negf %arg4
// CHECK-NEXT: %[[G:.*]], %[[S:.*]] = lacuna.conv2d_grad_input %arg0, %arg1 accumulate(%arg5 : tensor<?x6x8x8xf32>) norm_gradient(%arg2, %arg3 : tensor<?x6x8x8xf32>, tensor<6xf32>) output(%[[Y]] : tensor<?x6x8x8xf32>) structure
// CHECK-NEXT: return %[[G]], %[[S]]
func.func @output(%dy: tensor<?x8x4x4xf32>, %w: tensor<8x6x1x1xf32>, %x: tensor<?x6x8x8xf32>, %mean: tensor<6xf32>, %z: tensor<?x6x8x8xf32>, %other: tensor<?x6x8x8xf32>) -> (tensor<?x6x8x8xf32>, tensor<6x2xf32>) {
  %g = lacuna.conv2d_grad_input %dy, %w accumulate(%other : tensor<?x6x8x8xf32>) structure(#lacuna.dense) strides([2, 2]) padding([0, 0])
      : tensor<?x8x4x4xf32>, tensor<8x6x1x1xf32> -> tensor<?x6x8x8xf32>
  %y = arith.negf %z : tensor<?x6x8x8xf32>
  %dz, %s = lacuna.norm_gradient %g, %x, %mean output(%y : tensor<?x6x8x8xf32>)
      : tensor<?x6x8x8xf32>, tensor<6xf32> -> tensor<6x2xf32>
  return %dz, %s : tensor<?x6x8x8xf32>, tensor<6x2xf32>
}

// -----

// In a module, as in any graph region, a reader may come first. What else is
// noted of the gradient stays.
// CHECK: %{{.*}}, %[[S:.*]] = lacuna.conv2d_grad_input {{.*}} {test.note = 1 : i64} :
// CHECK-NOT: lacuna.norm_gradient
// CHECK: arith.negf %[[S]]
%x = tensor.empty(%c) : tensor<?x6x8x8xf32>
%dy = tensor.empty(%c) : tensor<?x8x8x8xf32>
%w = tensor.empty() : tensor<8x6x3x3xf32>
%mean = tensor.empty() : tensor<6xf32>
%dz, %s = lacuna.norm_gradient %g, %x, %mean output(%x : tensor<?x6x8x8xf32>)
    : tensor<?x6x8x8xf32>, tensor<6xf32> -> tensor<6x2xf32>
%g = lacuna.conv2d_grad_input %dy, %w structure(#lacuna.unstructured) strides([1, 1]) padding([1, 1]) {test.note = 1 : i64}
    : tensor<?x8x8x8xf32>, tensor<8x6x3x3xf32> -> tensor<?x6x8x8xf32>
%c = arith.constant 3 : index
%n = arith.negf %s : tensor<6x2xf32>
