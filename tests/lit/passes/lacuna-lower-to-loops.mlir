// RUN: lacuna-opt %s --lacuna-lower-to-loops | FileCheck %s --implicit-check-not=math.fma --implicit-check-not="f32 to vector" --implicit-check-not=iter_args --implicit-check-not="func.func"

// Every multiply-add, weight broadcast and item loop of the output stands in the
// checks below: there are no others.

// One weight an item: broadcast once, used by the 16 pixels of the tile. The
// operands are those of the kernel ABI.
// CHECK-LABEL: func.func @unstructured(
// CHECK-SAME: %[[SOURCE:arg0]]: memref<f32> {llvm.align = 64 : i64, llvm.noalias, llvm.nocapture}
// CHECK-SAME: %[[VALUES:arg2]]: memref<f32> {llvm.noalias, llvm.nocapture}
// CHECK-SAME: %[[OFFSETS:arg3]]: memref<i32>
// CHECK-SAME: %[[INDICES:arg4]]: memref<i16>
// CHECK-SAME: %[[BIAS:arg5]]: memref<f32> {llvm.noalias, llvm.nocapture}
// CHECK-SAME: %[[SCALE:arg6]]: memref<f32> {llvm.noalias, llvm.nocapture}
// CHECK-SAME: %[[SHIFT:arg7]]: memref<f32> {llvm.noalias, llvm.nocapture}
// CHECK-SAME: %[[STATISTICS:arg8]]: memref<f32> {llvm.align = 64 : i64, llvm.noalias, llvm.nocapture}
// CHECK-SAME: %[[RESULT:arg9]]: memref<f32> {llvm.align = 64 : i64, llvm.noalias, llvm.nocapture}
// CHECK-SAME: %[[SCRATCH:arg10]]: memref<f32> {llvm.align = 64 : i64, llvm.noalias, llvm.nocapture}
// CHECK-SAME: %[[LANES:arg11]]: memref<f32> {llvm.align = 64 : i64, llvm.noalias, llvm.nocapture}
// CHECK-SAME: %[[BLOCKS:arg15]]: index, %[[BEGIN:arg16]]: index, %[[END:arg17]]: index)
// CHECK-SAME: attributes {lacuna.kernel}
// CHECK: %[[VALUES_VIEW:.*]] = memref.reinterpret_cast %[[VALUES]]
// CHECK: %[[INDICES_VIEW:.*]] = memref.reinterpret_cast %[[INDICES]]
// CHECK: %[[RESULT_VIEW:.*]] = memref.reinterpret_cast %[[RESULT]]
// CHECK: %[[SCRATCH_VIEW:.*]] = memref.reinterpret_cast %[[SCRATCH]]
// CHECK: scf.for %{{.*}} = %[[BEGIN]] to %[[END]] step %c1 {
// CHECK: iter_args({{.*}}) -> (vector<16xf32>, {{.*}}, index) {
// CHECK-NEXT: %[[ENTRY:.*]] = memref.load %[[INDICES_VIEW]]
// CHECK-NEXT: arith.index_castui %[[ENTRY]] : i16 to index
// CHECK: vector.load %[[SCRATCH_VIEW]]
// CHECK-NEXT: %[[SCALAR:.*]] = memref.load %[[VALUES_VIEW]]
// CHECK-NEXT: %[[WEIGHT:.*]] = vector.broadcast %[[SCALAR]] : f32 to vector<16xf32>
// CHECK-COUNT-16: math.fma %[[WEIGHT]], {{.*}} : vector<16xf32>
// CHECK: scf.yield
// CHECK-COUNT-16: vector.store {{.*}}, %[[RESULT_VIEW]]
// CHECK: return
func.func @unstructured(%x: tensor<?x2x4x4xf32>, %w: tensor<8x2x3x3xf32>) -> tensor<?x8x4x4xf32> {
  %y = lacuna.conv2d %x, %w structure(#lacuna.unstructured) strides([1, 1]) padding([1, 1])
      schedule(<lanes = 16, tile = [1, 4, 4], chunk = 2, panel = [1, 16], taps = 9, unroll = 1, level = specialised>)
      : tensor<?x2x4x4xf32>, tensor<8x2x3x3xf32> -> tensor<?x8x4x4xf32>
  return %y : tensor<?x8x4x4xf32>
}

// Without padding each tap has a loop of its own, over the pixels at which it
// meets the plane: of two in a row the left tap reaches the second, the right
// one the first. No border is packed.
// CHECK-LABEL: func.func @skip_padding(
// CHECK-COUNT-2: vector.store {{.*}} : memref<?xf32>, vector<16xf32>
// CHECK-NOT: vector.store
// CHECK: iter_args(
// CHECK: vector.broadcast {{.*}} : f32 to vector<16xf32>
// CHECK-COUNT-1: math.fma
// CHECK: iter_args(
// CHECK: vector.broadcast {{.*}} : f32 to vector<16xf32>
// CHECK-COUNT-2: math.fma
// CHECK: iter_args(
// CHECK: vector.broadcast {{.*}} : f32 to vector<16xf32>
// CHECK-COUNT-1: math.fma
// CHECK: return
func.func @skip_padding(%x: tensor<?x2x1x2xf32>, %w: tensor<8x2x1x3xf32>) -> tensor<?x8x1x2xf32> {
  %y = lacuna.conv2d %x, %w structure(#lacuna.unstructured) strides([1, 1]) padding([0, 1])
      schedule(<lanes = 16, tile = [1, 1, 2], chunk = 2, panel = [1, 2], taps = 9, unroll = 1, skip_padding = true, level = specialised>)
      : tensor<?x2x1x2xf32>, tensor<8x2x1x3xf32> -> tensor<?x8x1x2xf32>
  return %y : tensor<?x8x1x2xf32>
}

// Four rows of a block share each source vector: loaded once, used four times.
// CHECK-LABEL: func.func @block(
// CHECK: iter_args(
// CHECK: arith.index_castui
// CHECK: %[[FIRST:.*]] = vector.load
// CHECK: vector.broadcast {{.*}} : f32 to vector<16xf32>
// CHECK-NEXT: math.fma %{{.*}}, %[[FIRST]],
// CHECK: vector.broadcast {{.*}} : f32 to vector<16xf32>
// CHECK-NEXT: math.fma %{{.*}}, %[[FIRST]],
// CHECK: vector.broadcast {{.*}} : f32 to vector<16xf32>
// CHECK-NEXT: math.fma %{{.*}}, %[[FIRST]],
// CHECK: vector.broadcast {{.*}} : f32 to vector<16xf32>
// CHECK-NEXT: math.fma %{{.*}}, %[[FIRST]],
// CHECK: %[[SECOND:.*]] = vector.load
// CHECK-COUNT-4: math.fma %{{.*}}, %[[SECOND]],
// CHECK: %[[THIRD:.*]] = vector.load
// CHECK-COUNT-4: math.fma %{{.*}}, %[[THIRD]],
// CHECK: %[[FOURTH:.*]] = vector.load
// CHECK-COUNT-4: math.fma %{{.*}}, %[[FOURTH]],
// CHECK-NOT: vector.load
// CHECK: scf.yield
// CHECK: return
func.func @block(%x: tensor<?x2x2x2xf32>, %w: tensor<4x2x3x3xf32>) -> tensor<?x4x2x2xf32> {
  %y = lacuna.conv2d %x, %w structure(#lacuna.block<rows = 4>) strides([1, 1]) padding([1, 1])
      schedule(<lanes = 16, tile = [1, 2, 2], chunk = 2, panel = [4, 4], taps = 9, unroll = 1, level = specialised>)
      : tensor<?x2x2x2xf32>, tensor<4x2x3x3xf32> -> tensor<?x4x2x2xf32>
  return %y : tensor<?x4x2x2xf32>
}

// At the stream level a block is as many single weights.
// CHECK-LABEL: func.func @block_as_stream(
// CHECK: iter_args(
// CHECK: vector.broadcast {{.*}} : f32 to vector<16xf32>
// CHECK-COUNT-4: math.fma
// CHECK: return
func.func @block_as_stream(%x: tensor<?x2x2x2xf32>, %w: tensor<4x2x3x3xf32>) -> tensor<?x4x2x2xf32> {
  %y = lacuna.conv2d %x, %w structure(#lacuna.block<rows = 4>) strides([1, 1]) padding([1, 1])
      schedule(<lanes = 16, tile = [1, 2, 2], chunk = 2, panel = [1, 4], taps = 9, unroll = 1, level = stream>)
      : tensor<?x2x2x2xf32>, tensor<4x2x3x3xf32> -> tensor<?x4x2x2xf32>
  return %y : tensor<?x4x2x2xf32>
}

// Two neighbouring taps over a row of four pixels need five vectors, not eight.
// The library has two patterns, so there are two loops over items.
// CHECK-LABEL: func.func @pattern(
// CHECK: iter_args(
// CHECK: %[[V0:.*]] = vector.load
// CHECK: %[[W0:.*]] = vector.broadcast {{.*}} : f32 to vector<16xf32>
// CHECK-NEXT: math.fma %[[W0]], %[[V0]],
// CHECK: %[[V1:.*]] = vector.load
// CHECK-NEXT: math.fma %[[W0]], %[[V1]],
// CHECK: %[[W1:.*]] = vector.broadcast {{.*}} : f32 to vector<16xf32>
// CHECK-NEXT: math.fma %[[W1]], %[[V1]],
// CHECK: %[[V2:.*]] = vector.load
// CHECK-NEXT: math.fma %[[W0]], %[[V2]],
// CHECK-NEXT: math.fma %[[W1]], %[[V2]],
// CHECK: %[[V3:.*]] = vector.load
// CHECK-NEXT: math.fma %[[W0]], %[[V3]],
// CHECK-NEXT: math.fma %[[W1]], %[[V3]],
// CHECK: %[[V4:.*]] = vector.load
// CHECK-NEXT: math.fma %[[W1]], %[[V4]],
// CHECK: iter_args(
// CHECK: vector.broadcast {{.*}} : f32 to vector<16xf32>
// CHECK-COUNT-4: math.fma
// CHECK: return
func.func @pattern(%x: tensor<?x2x1x4xf32>, %w: tensor<2x2x1x3xf32>) -> tensor<?x2x1x4xf32> {
  %y = lacuna.conv2d %x, %w structure(#lacuna.pattern<library = [[1, 2], [0]]>) strides([1, 1]) padding([0, 1])
      schedule(<lanes = 16, tile = [1, 1, 4], chunk = 2, panel = [1, 4], taps = 9, unroll = 1, level = specialised>)
      : tensor<?x2x1x4xf32>, tensor<2x2x1x3xf32> -> tensor<?x2x1x4xf32>
  return %y : tensor<?x2x1x4xf32>
}

// The gradient of a strided layer has a loop for each residue of the stride.
// CHECK-LABEL: func.func @grad_input_stride_2(
// CHECK: iter_args(
// CHECK: vector.broadcast {{.*}} : f32 to vector<16xf32>
// CHECK-COUNT-4: math.fma
// CHECK: iter_args(
// CHECK: vector.broadcast {{.*}} : f32 to vector<16xf32>
// CHECK-COUNT-4: math.fma
// CHECK: iter_args(
// CHECK: vector.broadcast {{.*}} : f32 to vector<16xf32>
// CHECK-COUNT-4: math.fma
// CHECK: iter_args(
// CHECK: vector.broadcast {{.*}} : f32 to vector<16xf32>
// CHECK-COUNT-4: math.fma
// CHECK: return
func.func @grad_input_stride_2(%dy: tensor<?x8x2x2xf32>, %w: tensor<8x2x3x3xf32>) -> tensor<?x2x4x4xf32> {
  %dx = lacuna.conv2d_grad_input %dy, %w structure(#lacuna.unstructured) strides([2, 2]) padding([1, 1])
      schedule(<lanes = 16, tile = [1, 2, 2], chunk = 8, panel = [1, 16], taps = 9, unroll = 1, level = specialised>)
      : tensor<?x8x2x2xf32>, tensor<8x2x3x3xf32> -> tensor<?x2x4x4xf32>
  return %dx : tensor<?x2x4x4xf32>
}

// Phases that no tap reaches get their zeros from the panel beside them, in the
// order of memory.
// CHECK-LABEL: func.func @grad_input_one_tap(
// CHECK: %[[RESULT:.*]] = memref.reinterpret_cast %arg9
// CHECK: iter_args(
// CHECK: vector.broadcast {{.*}} : f32 to vector<16xf32>
// CHECK-COUNT-4: math.fma
// CHECK: scf.yield
// CHECK: vector.store %[[SUMS:.*]]#0, %[[RESULT]]
// CHECK: vector.store %cst, %[[RESULT]]
// CHECK: vector.store %[[SUMS]]#1, %[[RESULT]]
// CHECK-COUNT-5: vector.store %cst, %[[RESULT]]
// CHECK: vector.store %[[SUMS]]#2, %[[RESULT]]
// CHECK: vector.store %cst, %[[RESULT]]
// CHECK: vector.store %[[SUMS]]#3, %[[RESULT]]
// CHECK-COUNT-5: vector.store %cst, %[[RESULT]]
// CHECK-NOT: vector.store
// CHECK: return
func.func @grad_input_one_tap(%dy: tensor<?x8x2x2xf32>, %w: tensor<8x2x1x1xf32>) -> tensor<?x2x4x4xf32> {
  %dx = lacuna.conv2d_grad_input %dy, %w structure(#lacuna.unstructured) strides([2, 2]) padding([0, 0])
      schedule(<lanes = 16, tile = [1, 2, 2], chunk = 8, panel = [1, 16], taps = 9, unroll = 1, level = specialised>)
      : tensor<?x8x2x2xf32>, tensor<8x2x1x1xf32> -> tensor<?x2x4x4xf32>
  return %dx : tensor<?x2x4x4xf32>
}

// Weights of a block seen from its outputs: one item, four source channels.
// CHECK-LABEL: func.func @grad_input_block(
// CHECK: iter_args(
// CHECK-COUNT-4: vector.broadcast {{.*}} : f32 to vector<16xf32>{{[[:space:]].*}}math.fma
// CHECK: return
func.func @grad_input_block(%dy: tensor<?x8xf32>, %w: tensor<8x2xf32>) -> tensor<?x2xf32> {
  %dx = lacuna.linear_grad_input %dy, %w structure(#lacuna.block<rows = 4>)
      schedule(<lanes = 16, tile = [1, 1, 1], chunk = 8, panel = [1, 1], taps = 9, unroll = 1, level = specialised>)
      : tensor<?x8xf32>, tensor<8x2xf32> -> tensor<?x2xf32>
  return %dx : tensor<?x2xf32>
}

// A weight gradient adds to one vector a value, kept in memory between tiles,
// and sums its lanes by halves in the end. The gradient of a small tile stays in
// registers. Two items are in flight, then one; chains of dependent additions
// are cut in four.
// CHECK-LABEL: func.func @grad_weight(
// CHECK: %[[GRADIENT:.*]] = memref.reinterpret_cast %arg1
// CHECK: %[[RESULT:.*]] = memref.reinterpret_cast %arg9
// CHECK: %[[SCRATCH:.*]] = memref.reinterpret_cast %arg10
// CHECK: %[[LANES:.*]] = memref.reinterpret_cast %arg11
// CHECK: vector.store %cst, %[[LANES]]
// CHECK: scf.for %{{.*}} = %c0 to %arg15 step %c1
// CHECK: %[[DY:.*]] = vector.load %[[GRADIENT]]
// CHECK-COUNT-3: vector.load %[[GRADIENT]]
// CHECK: iter_args({{.*}}) -> (index) {
// CHECK: %[[A:.*]] = vector.load %[[LANES]]
// CHECK: %[[B:.*]] = vector.load %[[LANES]]
// CHECK-NEXT: %[[XA:.*]] = vector.load %[[SCRATCH]]
// CHECK-NEXT: math.fma %[[DY]], %[[XA]], %[[A]] : vector<4xf32>
// CHECK-NEXT: %[[XB:.*]] = vector.load %[[SCRATCH]]
// CHECK-NEXT: math.fma %[[DY]], %[[XB]], %[[B]] : vector<4xf32>
// CHECK-COUNT-6: math.fma %{{.*}}, %{{.*}}, %cst : vector<4xf32>
// CHECK-COUNT-3: arith.addf
// CHECK-NEXT: vector.store %{{.*}}, %[[LANES]]
// CHECK: vector.store %{{.*}}, %[[LANES]]
// CHECK: iter_args({{.*}}) -> (index) {
// CHECK-COUNT-4: math.fma
// CHECK: vector.store %{{.*}}, %[[LANES]]
// CHECK: %[[SUM:.*]] = vector.load %[[LANES]]
// CHECK-NEXT: vector.extract_strided_slice %[[SUM]] {offsets = [0], sizes = [2], strides = [1]}
// CHECK-NEXT: vector.extract_strided_slice %[[SUM]] {offsets = [2], sizes = [2], strides = [1]}
// CHECK-NEXT: %[[HALF:.*]] = arith.addf {{.*}} : vector<2xf32>
// CHECK-NEXT: vector.extract_strided_slice %[[HALF]] {offsets = [0], sizes = [1], strides = [1]}
// CHECK-NEXT: vector.extract_strided_slice %[[HALF]] {offsets = [1], sizes = [1], strides = [1]}
// CHECK-NEXT: arith.addf {{.*}} : vector<1xf32>
// CHECK-NEXT: %[[SCALAR:.*]] = vector.extract
// CHECK-NEXT: memref.store %[[SCALAR]], %[[RESULT]]
// CHECK: return
func.func @grad_weight(%x: tensor<?x2x2x2xf32>, %dy: tensor<?x4x2x2xf32>) -> tensor<4x2x3x3xf32> {
  %dw = lacuna.conv2d_grad_weight %x, %dy structure(#lacuna.unstructured) strides([1, 1]) padding([1, 1])
      schedule(<lanes = 4, tile = [1, 2, 2], chunk = 2, panel = [1, 16], taps = 9, unroll = 2, level = specialised>)
      : tensor<?x2x2x2xf32>, tensor<?x4x2x2xf32> -> tensor<4x2x3x3xf32>
  return %dw : tensor<4x2x3x3xf32>
}

// A plane of 5x3 in tiles of 4x2: four bodies, of 8, 4, 2 and 1 pixels.
// CHECK-LABEL: func.func @tails(
// CHECK: %[[WHOLE:.*]] = arith.cmpi slt
// CHECK-NEXT: scf.if %[[WHOLE]] {
// CHECK: iter_args(
// CHECK: vector.broadcast {{.*}} : f32 to vector<8xf32>
// CHECK-COUNT-8: math.fma
// CHECK: iter_args(
// CHECK: vector.broadcast {{.*}} : f32 to vector<8xf32>
// CHECK-COUNT-4: math.fma
// CHECK: } else {
// CHECK: iter_args(
// CHECK: vector.broadcast {{.*}} : f32 to vector<8xf32>
// CHECK-COUNT-2: math.fma
// CHECK: iter_args(
// CHECK: vector.broadcast {{.*}} : f32 to vector<8xf32>
// CHECK: math.fma
// CHECK: return
func.func @tails(%x: tensor<?x2x5x3xf32>, %w: tensor<8x2x1x1xf32>) -> tensor<?x8x5x3xf32> {
  %y = lacuna.conv2d %x, %w structure(#lacuna.unstructured) strides([1, 1]) padding([0, 0])
      schedule(<lanes = 8, tile = [1, 4, 2], chunk = 2, panel = [1, 8], taps = 9, unroll = 1, level = specialised>)
      : tensor<?x2x5x3xf32>, tensor<8x2x1x1xf32> -> tensor<?x8x5x3xf32>
  return %y : tensor<?x8x5x3xf32>
}

// A tile of four batch blocks, then of two and of one when fewer are left.
// CHECK-LABEL: func.func @batch_tile(
// CHECK: %[[FULL:.*]] = arith.cmpi sle, %{{.*}}, %arg15
// CHECK-NEXT: scf.if %[[FULL]] {
// CHECK: iter_args(
// CHECK: vector.broadcast {{.*}} : f32 to vector<16xf32>
// CHECK-COUNT-4: math.fma
// CHECK: } else {
// CHECK: %[[SECOND:.*]] = arith.addi %[[FIRST:.*]], %c2
// CHECK-NEXT: %[[TWO:.*]] = arith.cmpi sle, %[[SECOND]], %arg15
// CHECK-NEXT: scf.if %[[TWO]] {
// CHECK: iter_args(
// CHECK: vector.broadcast {{.*}} : f32 to vector<16xf32>
// CHECK-COUNT-2: math.fma
// CHECK-NOT: math.fma
// CHECK: %[[LEFT:.*]] = arith.select %[[TWO]], %[[SECOND]], %[[FIRST]]
// CHECK-NEXT: %[[END:.*]] = arith.addi %[[LEFT]], %c1
// CHECK-NEXT: %[[ONE:.*]] = arith.cmpi sle, %[[END]], %arg15
// CHECK-NEXT: scf.if %[[ONE]] {
// CHECK: iter_args(
// CHECK: vector.broadcast {{.*}} : f32 to vector<16xf32>
// CHECK: math.fma
// CHECK: return
func.func @batch_tile(%x: tensor<?x8xf32>, %w: tensor<4x8xf32>) -> tensor<?x4xf32> {
  %y = lacuna.linear %x, %w structure(#lacuna.unstructured)
      schedule(<lanes = 16, tile = [4, 1, 1], chunk = 8, panel = [1, 16], taps = 9, unroll = 1, level = specialised>)
      : tensor<?x8xf32>, tensor<4x8xf32> -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// Sums start from the bias of their row.
// CHECK-LABEL: func.func @bias(
// CHECK: %[[BIAS:.*]] = memref.reinterpret_cast %arg5
// CHECK: %[[S0:.*]] = memref.load %[[BIAS]]
// CHECK-NEXT: %[[B0:.*]] = vector.broadcast %[[S0]] : f32 to vector<16xf32>
// CHECK: %[[S1:.*]] = memref.load %[[BIAS]]
// CHECK-NEXT: %[[B1:.*]] = vector.broadcast %[[S1]] : f32 to vector<16xf32>
// CHECK: iter_args(%{{.*}} = %[[B0]], %{{.*}} = %[[B1]], %{{[^,]*}} = %{{[^,]*}}) ->
// CHECK-COUNT-2: vector.broadcast {{.*}} : f32 to vector<16xf32>{{[[:space:]].*}}math.fma
// CHECK: return
func.func @bias(%x: tensor<?x8xf32>, %w: tensor<4x8xf32>, %b: tensor<4xf32>) -> tensor<?x4xf32> {
  %y = lacuna.linear %x, %w bias(%b : tensor<4xf32>) structure(#lacuna.dense)
      schedule(<lanes = 16, tile = [1, 1, 1], chunk = 8, panel = [2, 1], taps = 9, unroll = 1, level = specialised>)
      : tensor<?x8xf32>, tensor<4x8xf32> -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// The first chunk starts from zero, the others from what the result holds.
// CHECK-LABEL: func.func @chunks(
// CHECK: scf.for %[[CHUNK:.*]] = %c0 to %c2 step %c1 {
// CHECK: %[[FIRST:.*]] = arith.cmpi eq, %[[CHUNK]], %c0
// CHECK-NEXT: %[[START:.*]] = scf.if %[[FIRST]] -> (vector<16xf32>) {
// CHECK: scf.yield %cst
// CHECK-NEXT: } else {
// CHECK: %[[PARTIAL:.*]] = vector.load %[[RESULT:.*]][%
// CHECK-NEXT: scf.yield %[[PARTIAL]]
// CHECK: iter_args(%{{.*}} = %[[START]],
// CHECK: vector.broadcast {{.*}} : f32 to vector<16xf32>
// CHECK: math.fma
// CHECK: vector.store %{{.*}}, %[[RESULT]]
// CHECK: return
func.func @chunks(%x: tensor<?x8xf32>, %w: tensor<4x8xf32>) -> tensor<?x4xf32> {
  %y = lacuna.linear %x, %w structure(#lacuna.unstructured)
      schedule(<lanes = 16, tile = [1, 1, 1], chunk = 4, panel = [1, 1], taps = 9, unroll = 1, level = specialised>)
      : tensor<?x8xf32>, tensor<4x8xf32> -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// Packing: columns outside the plane read inside it and are masked to zero;
// rows outside are not read at all.
// CHECK-LABEL: func.func @border(
// CHECK: %[[SOURCE:.*]] = memref.reinterpret_cast %arg0
// CHECK: %[[SCRATCH:.*]] = memref.reinterpret_cast %arg10
// CHECK: %[[INSIDE:.*]] = arith.cmpi ult
// CHECK-NEXT: %[[BITS:.*]] = arith.extsi %[[INSIDE]] : i1 to i32
// CHECK-NEXT: %[[MASK:.*]] = vector.broadcast %[[BITS]] : i32 to vector<16xi32>
// CHECK-NEXT: arith.select %[[INSIDE]], %{{.*}}, %c0
// CHECK: scf.if %{{.*}} {
// CHECK: %[[V:.*]] = vector.load %[[SOURCE]]
// CHECK-NEXT: vector.bitcast %[[V]]
// CHECK-NEXT: arith.andi %{{.*}}, %[[MASK]]
// CHECK: } else {
// CHECK-NEXT: vector.store %cst, %[[SCRATCH]]
// CHECK: iter_args(
// CHECK: vector.broadcast {{.*}} : f32 to vector<16xf32>
// CHECK: math.fma
// CHECK: return
func.func @border(%x: tensor<?x1x2x2xf32>, %w: tensor<1x1x3x3xf32>) -> tensor<?x1x2x2xf32> {
  %y = lacuna.conv2d %x, %w structure(#lacuna.unstructured) strides([1, 1]) padding([1, 1])
      schedule(<lanes = 16, tile = [1, 1, 1], chunk = 1, panel = [1, 1], taps = 9, unroll = 1, level = specialised>)
      : tensor<?x1x2x2xf32>, tensor<1x1x3x3xf32> -> tensor<?x1x2x2xf32>
  return %y : tensor<?x1x2x2xf32>
}

// What is no layer stays.
// CHECK-LABEL: func.func @other(
func.func @other(%x: f32) -> f32 {
  return %x : f32
}
