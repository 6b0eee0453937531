// RUN: lacuna-opt %s | lacuna-opt | FileCheck %s
// RUN: lacuna-opt %s --mlir-print-op-generic | lacuna-opt | FileCheck %s

// Every attribute prints as it is written.

// CHECK: dense = #lacuna.dense
func.func private @dense() attributes {dense = #lacuna.dense}

// CHECK: active = #lacuna.unstructured<active = [0, 4, 4294967295]>
// CHECK-SAME: empty = #lacuna.unstructured<active = []>
// CHECK-SAME: structure = #lacuna.unstructured}
func.func private @unstructured() attributes {
  active = #lacuna.unstructured<active = [0, 4, 4294967295]>,
  empty = #lacuna.unstructured<active = []>,
  structure = #lacuna.unstructured
}

// CHECK: active = #lacuna.block<rows = 4, active = [0, 7]>
// CHECK-SAME: structure = #lacuna.block<rows = 4>}
func.func private @block() attributes {
  active = #lacuna.block<rows = 4, active = [0, 7]>,
  structure = #lacuna.block<rows = 4>
}

// CHECK: active = #lacuna.pattern<library = {{\[\[}}4, 5], [3]], active = [3, 9], ids = [1, 0]>
// CHECK-SAME: structure = #lacuna.pattern<library = {{\[\[}}4, 5], [3]]>}
func.func private @pattern() attributes {
  active = #lacuna.pattern<library = [[4, 5], [3]], active = [3, 9], ids = [1, 0]>,
  structure = #lacuna.pattern<library = [[4, 5], [3]]>
}

// CHECK: active = #lacuna.channel<active = [1, 2, 30]>
// CHECK-SAME: structure = #lacuna.channel}
func.func private @channel() attributes {
  active = #lacuna.channel<active = [1, 2, 30]>,
  structure = #lacuna.channel
}

// The loop order is written where it is not the usual one.
// CHECK: outer = #lacuna.schedule<lanes = 8, tile = [1, 2, 2], chunk = 2, panel = [1, 4], taps = 9, unroll = 1, chunk_outer = true, level = specialised>
// CHECK-SAME: schedule = #lacuna.schedule<lanes = 16, tile = [1, 4, 4], chunk = 16, panel = [4, 4], taps = 9, unroll = 1, level = specialised>
// CHECK-SAME: skip = #lacuna.schedule<lanes = 16, tile = [1, 4, 4], chunk = 16, panel = [4, 4], taps = 9, unroll = 1, skip_padding = true, level = specialised>
// CHECK-SAME: stream = #lacuna.schedule<lanes = 4, tile = [2, 3, 1], chunk = 1, panel = [1, 6], taps = 1, unroll = 4, level = stream>
func.func private @schedule() attributes {
  outer = #lacuna.schedule<lanes = 8, tile = [1, 2, 2], chunk = 2,
    panel = [1, 4], taps = 9, unroll = 1, chunk_outer = true, level = specialised>,
  schedule = #lacuna.schedule<lanes = 16, tile = [1, 4, 4], chunk = 16,
    panel = [4, 4], taps = 9, unroll = 1, level = specialised>,
  skip = #lacuna.schedule<lanes = 16, tile = [1, 4, 4], chunk = 16,
    panel = [4, 4], taps = 9, unroll = 1, skip_padding = true, level = specialised>,
  stream = #lacuna.schedule<lanes = 4, tile = [2, 3, 1], chunk = 1,
    panel = [1, 6], taps = 1, unroll = 4, level = stream>
}
