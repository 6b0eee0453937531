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
