// RUN: lacuna-opt %s --lacuna-lower-network=lanes=8 --split-input-file --verify-diagnostics
// RUN: not lacuna-opt %s --lacuna-lower-network=lanes=12 --split-input-file 2>&1 | FileCheck %s
// RUN: not lacuna-opt %s --lacuna-lower-network=vector-registers=0 --split-input-file 2>&1 | FileCheck %s
// RUN: not lacuna-opt %s --lacuna-lower-network=l1-bytes=0 --split-input-file 2>&1 | FileCheck %s
// RUN: not lacuna-opt %s --lacuna-lower-network=batch=0 --split-input-file 2>&1 | FileCheck %s
// RUN: not lacuna-opt %s --lacuna-lower-network=batch=65537 --split-input-file 2>&1 | FileCheck %s

// CHECK: error: lanes must be a power of two up to 64, vector-registers positive, l1-bytes between 1 and 4194304, batch between 1 and 65536

// A sum that no layer took would be lost.
func.func @sum(%x: tensor<?x2xf32>) -> tensor<?x2xf32> attributes {lacuna.scratch_floats = 0 : i64} {
  // expected-error@+1 {{has no place in a lowered network: run lacuna-fold-affine, lacuna-fuse-epilogue}}
  %s = arith.addf %x, %x : tensor<?x2xf32>
  return %s : tensor<?x2xf32>
}

// -----

func.func @no_planes(%x: tensor<?x1x8x8xf32>) -> tensor<?x1x8x8xf32> attributes {lacuna.scratch_floats = 0 : i64} {
  // expected-error@+1 {{lies in planes that it cannot read or write: run lacuna-assign-planes first}}
  %y = lacuna.frozen_layer %x structure(#lacuna.unstructured<active = [4]>) values([1.0]) bias([0.0])
      kernel([3, 3]) strides([1, 1]) padding([1, 1]) : tensor<?x1x8x8xf32> -> tensor<?x1x8x8xf32>
  return %y : tensor<?x1x8x8xf32>
}

// -----

// expected-error@+1 {{must map images to logits}}
func.func @two_inputs(%x: tensor<?x2xf32>, %y: tensor<?x2xf32>) -> tensor<?x2xf32> attributes {lacuna.scratch_floats = 0 : i64} {
  return %x : tensor<?x2xf32>
}

// -----

#wide = #lacuna.planes<phases = [1, 1], margin = [0, 1], row = 3, phase = 6, channel = 8, floats = 64>

// What calls the network knows nothing of planes.
// expected-error@+1 {{must map images to logits, both without planes}}
func.func @images_in_planes(%x: tensor<?x1x2x2xf32, #wide>) -> tensor<?x1x2x2xf32> attributes {lacuna.scratch_floats = 0 : i64} {
  %y = lacuna.repack %x : tensor<?x1x2x2xf32, #wide> -> tensor<?x1x2x2xf32>
  return %y : tensor<?x1x2x2xf32>
}

// -----

#wide = #lacuna.planes<phases = [1, 1], margin = [0, 1], row = 3, phase = 6, channel = 8, floats = 64>

// expected-error@+1 {{must map images to logits, both without planes}}
func.func @logits_in_planes(%x: tensor<?x1x2x2xf32>) -> tensor<?x1x2x2xf32, #wide> attributes {lacuna.scratch_floats = 0 : i64} {
  %y = lacuna.repack %x : tensor<?x1x2x2xf32> -> tensor<?x1x2x2xf32, #wide>
  return %y : tensor<?x1x2x2xf32, #wide>
}

// -----

// expected-error@+1 {{must compute what it returns}}
func.func @identity(%x: tensor<?x2x1x1xf32>) -> tensor<?x2xf32> attributes {lacuna.scratch_floats = 0 : i64} {
  %y = tensor.collapse_shape %x [[0], [1, 2, 3]] : tensor<?x2x1x1xf32> into tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// -----

// expected-error@+1 {{must have one block, which returns, to be a network}}
func.func @branches(%x: tensor<?x2xf32>) -> tensor<?x2xf32> attributes {lacuna.scratch_floats = 0 : i64} {
  %y = lacuna.affine %x scale([1.0, 2.0]) shift([0.0, 0.0]) : tensor<?x2xf32> -> tensor<?x2xf32>
  cf.br ^next
^next:
  %z = lacuna.affine %y scale([1.0, 2.0]) shift([0.0, 0.0]) : tensor<?x2xf32> -> tensor<?x2xf32>
  return %z : tensor<?x2xf32>
}

// -----

// expected-error@+1 {{must have one block, which returns, to be a network}}
func.func private @declared(tensor<?x2xf32>) -> tensor<?x2xf32> attributes {lacuna.scratch_floats = 0 : i64}

// -----

// expected-error@+1 {{must not be used in its module to be lowered}}
func.func @called(%x: tensor<?x2xf32>) -> tensor<?x2xf32> attributes {lacuna.scratch_floats = 0 : i64} {
  %y = lacuna.affine %x scale([1.0, 2.0]) shift([0.0, 0.0]) : tensor<?x2xf32> -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}
func.func @caller(%x: tensor<?x2xf32>) -> tensor<?x2xf32> {
  %y = call @called(%x) : (tensor<?x2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// -----

// expected-error@+1 {{lacuna.scratch_floats must be a number of floats}}
func.func @scratch_is_no_number(%x: tensor<?x2xf32>) -> tensor<?x2xf32> attributes {lacuna.scratch_floats = "all"} {
  %y = lacuna.affine %x scale([1.0, 2.0]) shift([0.0, 0.0]) : tensor<?x2xf32> -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// -----

// Without a place it would be written where the logits lie.
func.func @no_offset(%x: tensor<?x2xf32>) -> tensor<?x2xf32> attributes {lacuna.scratch_floats = 144 : i64} {
  // expected-error@+1 {{must have lacuna.offset unless the network returns its result: run lacuna-assign-scratch first}}
  %y = lacuna.affine %x scale([1.0, 2.0]) shift([0.0, 0.0]) : tensor<?x2xf32> -> tensor<?x2xf32>
  %z = lacuna.affine %y scale([1.0, 2.0]) shift([0.0, 0.0]) : tensor<?x2xf32> -> tensor<?x2xf32>
  return %z : tensor<?x2xf32>
}

// -----

// With one, nothing would be written there.
func.func @offset_of_logits(%x: tensor<?x2x1x1xf32>) -> tensor<?x2xf32> attributes {lacuna.scratch_floats = 144 : i64} {
  // expected-error@+1 {{must have lacuna.offset unless the network returns its result}}
  %y = lacuna.affine %x scale([1.0, 2.0]) shift([0.0, 0.0]) {lacuna.offset = 0 : i64} : tensor<?x2x1x1xf32> -> tensor<?x2x1x1xf32>
  %z = tensor.collapse_shape %y [[0], [1, 2, 3]] : tensor<?x2x1x1xf32> into tensor<?x2xf32>
  return %z : tensor<?x2xf32>
}

// -----

// The last place that fits is 14.
func.func @beyond_scratch(%x: tensor<?x2xf32>) -> tensor<?x2xf32> attributes {lacuna.scratch_floats = 144 : i64} {
  // expected-error@+1 {{lacuna.offset must leave room for 2 + 128 of the 144 floats of scratch}}
  %y = lacuna.affine %x scale([1.0, 2.0]) shift([0.0, 0.0]) {lacuna.offset = 15 : i64} : tensor<?x2xf32> -> tensor<?x2xf32>
  %z = lacuna.affine %y scale([1.0, 2.0]) shift([0.0, 0.0]) : tensor<?x2xf32> -> tensor<?x2xf32>
  return %z : tensor<?x2xf32>
}

// -----

func.func @before_scratch(%x: tensor<?x2xf32>) -> tensor<?x2xf32> attributes {lacuna.scratch_floats = 144 : i64} {
  // expected-error@+1 {{lacuna.offset must leave room for 2 + 128 of the 144 floats of scratch}}
  %y = lacuna.affine %x scale([1.0, 2.0]) shift([0.0, 0.0]) {lacuna.offset = -1 : i64} : tensor<?x2xf32> -> tensor<?x2xf32>
  %z = lacuna.affine %y scale([1.0, 2.0]) shift([0.0, 0.0]) : tensor<?x2xf32> -> tensor<?x2xf32>
  return %z : tensor<?x2xf32>
}

// -----

#wide = #lacuna.planes<phases = [1, 1], margin = [0, 1], row = 3, phase = 6, channel = 8, floats = 64>

// What lies between the rows is no feature.
func.func @view_of_planes(%x: tensor<?x1x2x2xf32>) -> tensor<?x4xf32> attributes {lacuna.scratch_floats = 400 : i64} {
  %y = lacuna.repack %x {lacuna.offset = 0 : i64} : tensor<?x1x2x2xf32> -> tensor<?x1x2x2xf32, #wide>
  // expected-error@+1 {{must flatten images without planes: run lacuna-assign-planes first}}
  %f = tensor.collapse_shape %y [[0], [1, 2, 3]] : tensor<?x1x2x2xf32, #wide> into tensor<?x4xf32>
  %z = lacuna.affine %f scale([1.0, 2.0, 3.0, 4.0]) shift([0.0, 0.0, 0.0, 0.0]) : tensor<?x4xf32> -> tensor<?x4xf32>
  return %z : tensor<?x4xf32>
}

// -----

func.func @view_across_images(%x: tensor<?x2x2x2xf32>) -> tensor<?x4xf32> attributes {lacuna.scratch_floats = 400 : i64} {
  // expected-error@+1 {{must flatten images without planes}}
  %f = tensor.collapse_shape %x [[0, 1], [2, 3]] : tensor<?x2x2x2xf32> into tensor<?x4xf32>
  %z = lacuna.affine %f scale([1.0, 2.0, 3.0, 4.0]) shift([0.0, 0.0, 0.0, 0.0]) : tensor<?x4xf32> -> tensor<?x4xf32>
  return %z : tensor<?x4xf32>
}

// -----

#planes = #lacuna.planes<phases = [1, 1], margin = [0, 0], row = 8, phase = 64, channel = 64, floats = 96>

// An image has the right distance between rows, but its last vector would reach
// beyond it.
func.func @residual_of_images(%x: tensor<?x1x8x8xf32>) -> tensor<?x1x8x8xf32> attributes {lacuna.scratch_floats = 448 : i64} {
  %p = lacuna.repack %x {lacuna.offset = 0 : i64} : tensor<?x1x8x8xf32> -> tensor<?x1x8x8xf32, #planes>
  // expected-error@+1 {{lies in planes that it cannot read or write}}
  %y = lacuna.frozen_layer %p residual(%x : tensor<?x1x8x8xf32>) structure(#lacuna.unstructured<active = [0]>) values([1.0]) bias([0.0])
      kernel([1, 1]) strides([1, 1]) padding([0, 0]) {lacuna.offset = 224 : i64} : tensor<?x1x8x8xf32, #planes> -> tensor<?x1x8x8xf32, #planes>
  %z = lacuna.repack %y : tensor<?x1x8x8xf32, #planes> -> tensor<?x1x8x8xf32>
  return %z : tensor<?x1x8x8xf32>
}

// -----

#planes = #lacuna.planes<phases = [1, 1], margin = [0, 0], row = 8, phase = 64, channel = 64, floats = 96>

// So would that of a tensor without planes.
func.func @plain_residual(%x: tensor<?x1x8x8xf32>) -> tensor<?x1x8x8xf32> attributes {lacuna.scratch_floats = 1000 : i64} {
  %p = lacuna.repack %x {lacuna.offset = 0 : i64} : tensor<?x1x8x8xf32> -> tensor<?x1x8x8xf32, #planes>
  %r = lacuna.repack %p {lacuna.offset = 224 : i64} : tensor<?x1x8x8xf32, #planes> -> tensor<?x1x8x8xf32>
  // expected-error@+1 {{lies in planes that it cannot read or write}}
  %y = lacuna.frozen_layer %p residual(%r : tensor<?x1x8x8xf32>) structure(#lacuna.unstructured<active = [0]>) values([1.0]) bias([0.0])
      kernel([1, 1]) strides([1, 1]) padding([0, 0]) {lacuna.offset = 448 : i64} : tensor<?x1x8x8xf32, #planes> -> tensor<?x1x8x8xf32, #planes>
  %z = lacuna.repack %y : tensor<?x1x8x8xf32, #planes> -> tensor<?x1x8x8xf32>
  return %z : tensor<?x1x8x8xf32>
}

// -----

#planes = #lacuna.planes<phases = [1, 1], margin = [0, 0], row = 8, phase = 64, channel = 64, floats = 96>
#close = #lacuna.planes<phases = [1, 1], margin = [0, 0], row = 8, phase = 64, channel = 68, floats = 104>

// Vectors of one channel would reach into the next.
func.func @close_channels(%x: tensor<?x1x8x8xf32>) -> tensor<?x1x8x8xf32> attributes {lacuna.scratch_floats = 1000 : i64} {
  %p = lacuna.repack %x {lacuna.offset = 0 : i64} : tensor<?x1x8x8xf32> -> tensor<?x1x8x8xf32, #planes>
  // expected-error@+1 {{lies in planes that it cannot read or write}}
  %y = lacuna.frozen_layer %p structure(#lacuna.unstructured<active = [0]>) values([1.0]) bias([0.0])
      kernel([1, 1]) strides([1, 1]) padding([0, 0]) {lacuna.offset = 224 : i64} : tensor<?x1x8x8xf32, #planes> -> tensor<?x1x8x8xf32, #close>
  %z = lacuna.repack %y : tensor<?x1x8x8xf32, #close> -> tensor<?x1x8x8xf32>
  return %z : tensor<?x1x8x8xf32>
}

// -----

// The second result would be written over the first, which the sum still reads.
func.func @overlap(%x: tensor<?x2xf32>) -> tensor<?x2xf32> attributes {lacuna.scratch_floats = 1000 : i64} {
  // expected-note@+1 {{which this makes}}
  %y = lacuna.affine %x scale([1.0, 2.0]) shift([0.0, 0.0]) {lacuna.offset = 16 : i64} : tensor<?x2xf32> -> tensor<?x2xf32>
  // expected-error@+1 {{lacuna.offset puts its result over a tensor that is still to be read: run lacuna-assign-scratch}}
  %z = lacuna.affine %x scale([1.0, 2.0]) shift([0.0, 0.0]) {lacuna.offset = 17 : i64} : tensor<?x2xf32> -> tensor<?x2xf32>
  %s = lacuna.frozen_layer %y residual(%z : tensor<?x2xf32>) structure(#lacuna.dense) values([1.0, 2.0, 3.0, 4.0]) bias([0.0, 0.0]) : tensor<?x2xf32> -> tensor<?x2xf32>
  return %s : tensor<?x2xf32>
}

// -----

// What an operation reads is still to be read while it writes, through views too.
func.func @in_place(%x: tensor<?x2x1x1xf32>) -> tensor<?x2xf32> attributes {lacuna.scratch_floats = 1000 : i64} {
  // expected-note@+1 {{which this makes}}
  %y = lacuna.affine %x scale([1.0, 2.0]) shift([0.0, 0.0]) {lacuna.offset = 0 : i64} : tensor<?x2x1x1xf32> -> tensor<?x2x1x1xf32>
  %f = tensor.collapse_shape %y [[0], [1, 2, 3]] : tensor<?x2x1x1xf32> into tensor<?x2xf32>
  // expected-error@+1 {{lacuna.offset puts its result over a tensor that is still to be read}}
  %z = lacuna.affine %f scale([1.0, 2.0]) shift([0.0, 0.0]) {lacuna.offset = 0 : i64} : tensor<?x2xf32> -> tensor<?x2xf32>
  %l = lacuna.affine %z scale([1.0, 2.0]) shift([0.0, 0.0]) : tensor<?x2xf32> -> tensor<?x2xf32>
  return %l : tensor<?x2xf32>
}

// -----

// Nothing may be read inside another operation, out of order.
func.func @region(%x: tensor<?x2xf32>) -> tensor<?x2xf32> attributes {lacuna.scratch_floats = 1000 : i64} {
  // expected-error@+1 {{must have no region, to be part of a network}}
  %y = scf.execute_region -> tensor<?x2xf32> {
    %z = lacuna.affine %x scale([1.0, 2.0]) shift([0.0, 0.0]) : tensor<?x2xf32> -> tensor<?x2xf32>
    scf.yield %z : tensor<?x2xf32>
  }
  return %y : tensor<?x2xf32>
}
