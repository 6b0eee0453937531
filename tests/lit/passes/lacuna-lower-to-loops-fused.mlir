// RUN: lacuna-opt %s --lacuna-lower-to-loops | FileCheck %s --implicit-check-not=math.fma --implicit-check-not="func.func"

// Kernels that take neighbouring work along. Every multiply-add of the output
// stands in the checks below: there are no others.

// Normalised and rectified as it is packed, with the scale and shift of its
// channel; the border is masked to zero after that, not before.
// CHECK-LABEL: func.func @normalise(
// CHECK: %[[SOURCE:.*]] = memref.reinterpret_cast %arg0
// CHECK: %[[SCALES:.*]] = memref.reinterpret_cast %arg6
// CHECK: %[[SHIFTS:.*]] = memref.reinterpret_cast %arg7
// CHECK: %[[SCRATCH:.*]] = memref.reinterpret_cast %arg10
// CHECK: %[[BITS:.*]] = arith.extsi
// CHECK-NEXT: %[[LEFT:.*]] = vector.broadcast %[[BITS]]
// CHECK: %[[BITS:.*]] = arith.extsi
// CHECK-NEXT: %[[RIGHT:.*]] = vector.broadcast %[[BITS]]
// CHECK: %[[FIRST:.*]] = arith.muli %{{.*}}, %c2
// CHECK: scf.for %[[C:.*]] = %c0 to
// CHECK-NEXT: %[[CHANNEL:.*]] = arith.addi %[[FIRST]], %[[C]]
// CHECK-NEXT: %[[S:.*]] = memref.load %[[SCALES]][%[[CHANNEL]]]
// CHECK-NEXT: %[[SCALE:.*]] = vector.broadcast %[[S]]
// CHECK-NEXT: %[[T:.*]] = memref.load %[[SHIFTS]][%[[CHANNEL]]]
// CHECK-NEXT: %[[SHIFT:.*]] = vector.broadcast %[[T]]
// CHECK: %[[X0:.*]] = vector.load %[[SOURCE]]
// CHECK-NEXT: %[[N0:.*]] = math.fma %[[X0]], %[[SCALE]], %[[SHIFT]] : vector<16xf32>
// CHECK-NEXT: %[[NEGATIVE:.*]] = arith.cmpf olt, %[[N0]], %cst
// CHECK-NEXT: %[[R0:.*]] = arith.select %[[NEGATIVE]], %cst, %[[N0]]
// CHECK-NEXT: %[[I0:.*]] = vector.bitcast %[[R0]]
// CHECK-NEXT: %[[M0:.*]] = arith.andi %[[I0]], %[[LEFT]]
// CHECK-NEXT: %[[V0:.*]] = vector.bitcast %[[M0]]
// CHECK-NEXT: vector.store %[[V0]], %[[SCRATCH]]
// CHECK: %[[X1:.*]] = vector.load %[[SOURCE]]
// CHECK-NEXT: %[[N1:.*]] = math.fma %[[X1]], %[[SCALE]], %[[SHIFT]]
// CHECK-NEXT: %[[NEGATIVE:.*]] = arith.cmpf olt, %[[N1]], %cst
// CHECK-NEXT: %[[R1:.*]] = arith.select %[[NEGATIVE]], %cst, %[[N1]]
// CHECK-NOT: arith.andi
// CHECK: vector.store %[[R1]], %[[SCRATCH]]
// CHECK: math.fma %{{.*}}, %[[SCALE]], %[[SHIFT]]
// CHECK-NOT: arith.andi
// CHECK: vector.store %{{.*}}, %[[SCRATCH]]
// CHECK: math.fma %{{.*}}, %[[SCALE]], %[[SHIFT]]
// CHECK-NEXT: arith.cmpf olt
// CHECK-NEXT: arith.select
// CHECK-NEXT: vector.bitcast
// CHECK-NEXT: arith.andi %{{.*}}, %[[RIGHT]]
// CHECK: iter_args(
// CHECK-COUNT-2: math.fma
// CHECK: return
func.func @normalise(%x: tensor<?x3x1x2xf32>, %w: tensor<1x3x1x3xf32>, %scale: tensor<3xf32>, %shift: tensor<3xf32>) -> tensor<?x1x1x2xf32> {
  %y = lacuna.conv2d %x, %w normalise(%scale, %shift : tensor<3xf32>, tensor<3xf32>)
      structure(#lacuna.unstructured) strides([1, 1]) padding([0, 1])
      schedule(<lanes = 16, tile = [1, 1, 2], chunk = 2, panel = [1, 2], taps = 3, unroll = 1, level = specialised>)
      : tensor<?x3x1x2xf32>, tensor<1x3x1x3xf32> -> tensor<?x1x1x2xf32>
  return %y : tensor<?x1x1x2xf32>
}

// Rows outside the plane are zero, not the shift.
// CHECK-LABEL: func.func @normalise_rows(
// CHECK: %[[SCRATCH:.*]] = memref.reinterpret_cast %arg10
// CHECK: scf.if %{{.*}} {
// CHECK: math.fma
// CHECK: vector.store %{{[0-9]+}}, %[[SCRATCH]]
// CHECK: } else {
// CHECK-NEXT: vector.store %cst, %[[SCRATCH]]
// CHECK-NEXT: }
// CHECK: math.fma
// CHECK: vector.store %{{[0-9]+}}, %[[SCRATCH]]
// CHECK: scf.if %{{.*}} {
// CHECK: math.fma
// CHECK: vector.store %{{[0-9]+}}, %[[SCRATCH]]
// CHECK: } else {
// CHECK-NEXT: vector.store %cst, %[[SCRATCH]]
// CHECK-NEXT: }
// CHECK: iter_args(
// CHECK: math.fma
// CHECK: return
func.func @normalise_rows(%x: tensor<?x1x2x1xf32>, %w: tensor<1x1x3x1xf32>, %scale: tensor<1xf32>, %shift: tensor<1xf32>) -> tensor<?x1x2x1xf32> {
  %y = lacuna.conv2d %x, %w normalise(%scale, %shift : tensor<1xf32>, tensor<1xf32>)
      structure(#lacuna.unstructured) strides([1, 1]) padding([1, 0])
      schedule(<lanes = 16, tile = [1, 1, 1], chunk = 1, panel = [1, 1], taps = 3, unroll = 1, level = specialised>)
      : tensor<?x1x2x1xf32>, tensor<1x1x3x1xf32> -> tensor<?x1x2x1xf32>
  return %y : tensor<?x1x2x1xf32>
}

// A weight gradient packs its input in the same way, and reads the output
// gradient as it is.
// CHECK-LABEL: func.func @normalise_grad_weight(
// CHECK: %[[SOURCE:.*]] = memref.reinterpret_cast %arg0
// CHECK: %[[GRADIENT:.*]] = memref.reinterpret_cast %arg1
// CHECK: %[[SCALES:.*]] = memref.reinterpret_cast %arg6
// CHECK: %[[SHIFTS:.*]] = memref.reinterpret_cast %arg7
// CHECK: %[[SCRATCH:.*]] = memref.reinterpret_cast %arg10
// CHECK: %[[S:.*]] = memref.load %[[SCALES]]
// CHECK-NEXT: %[[SCALE:.*]] = vector.broadcast %[[S]]
// CHECK-NEXT: %[[T:.*]] = memref.load %[[SHIFTS]]
// CHECK-NEXT: %[[SHIFT:.*]] = vector.broadcast %[[T]]
// CHECK: %[[X:.*]] = vector.load %[[SOURCE]]
// CHECK-NEXT: %[[N:.*]] = math.fma %[[X]], %[[SCALE]], %[[SHIFT]]
// CHECK-NEXT: %[[NEGATIVE:.*]] = arith.cmpf olt, %[[N]], %cst
// CHECK-NEXT: %[[R:.*]] = arith.select %[[NEGATIVE]], %cst, %[[N]]
// CHECK-NEXT: vector.store %[[R]], %[[SCRATCH]]
// CHECK: math.fma %{{.*}}, %[[SCALE]], %[[SHIFT]]
// CHECK: %[[DY:.*]] = vector.load %[[GRADIENT]]
// CHECK: iter_args(
// CHECK: %[[A:.*]] = vector.load %[[SCRATCH]]
// CHECK-NEXT: math.fma %[[DY]], %[[A]],
// CHECK: math.fma
// CHECK: return
func.func @normalise_grad_weight(%x: tensor<?x3x1x2xf32>, %dy: tensor<?x1x1x2xf32>, %scale: tensor<3xf32>, %shift: tensor<3xf32>) -> tensor<1x3x1x1xf32> {
  %dw = lacuna.conv2d_grad_weight %x, %dy normalise(%scale, %shift : tensor<3xf32>, tensor<3xf32>)
      structure(#lacuna.unstructured) strides([1, 1]) padding([0, 0])
      schedule(<lanes = 16, tile = [1, 1, 2], chunk = 2, panel = [1, 2], taps = 3, unroll = 1, level = specialised>)
      : tensor<?x3x1x2xf32>, tensor<?x1x1x2xf32> -> tensor<1x3x1x1xf32>
  return %dw : tensor<1x3x1x1xf32>
}

// Sums are added up once they are complete, in the last chunk, in the place of
// the batch block, row of tiles and channel: ((block * 3 + row) * 8 + channel)
// vectors of sums and of squares. The first panel of the first tile of a row
// starts from zero, the others from what is there.
// CHECK-LABEL: func.func @statistics(
// CHECK: %[[STATISTICS:.*]] = memref.reinterpret_cast %arg8
// CHECK: %[[RESULT:.*]] = memref.reinterpret_cast %arg9
// CHECK: scf.for %[[ITEM:.*]] = %arg16 to %arg17 step %c1 {
// CHECK-NEXT: %[[BLOCK:.*]] = arith.divui %[[ITEM]], %c3
// CHECK-NEXT: %[[ROW:.*]] = arith.remui %[[ITEM]], %c3
// CHECK-NEXT: scf.for %[[COLUMN:.*]] = %c0 to %c4 step %c2 {
// CHECK-NEXT: scf.for %[[CHUNK:.*]] = %c0 to %c2 step %c1 {
// CHECK: scf.for %[[GROUP:.*]] = %c0 to %c8 step %c1 {
// CHECK: %[[SUMS:.*]]:2 = scf.for {{.*}} iter_args(
// CHECK: math.fma
// CHECK: vector.store %[[SUMS]]#0, %[[RESULT]]
// CHECK-NEXT: %[[LAST:.*]] = arith.cmpi eq, %[[CHUNK]], %c1
// CHECK-NEXT: scf.if %[[LAST]] {
// CHECK-NEXT: %[[FRESH:.*]] = arith.cmpi eq, %[[COLUMN]], %c0
// CHECK-NEXT: %[[B:.*]] = arith.muli %[[BLOCK]], %c3
// CHECK-NEXT: %[[R:.*]] = arith.addi %[[B]], %[[ROW]]
// CHECK-NEXT: %[[R8:.*]] = arith.muli %[[R]], %c8
// CHECK-NEXT: %[[SLOT:.*]] = arith.addi %[[R8]], %[[GROUP]]
// CHECK-NEXT: %[[AT:.*]] = arith.muli %[[SLOT]], %c32
// CHECK-NEXT: %[[S:.*]] = vector.load %[[STATISTICS]][%[[AT]]]
// CHECK-NEXT: %[[SUM:.*]] = arith.select %[[FRESH]], %cst, %[[S]]
// CHECK-NEXT: %[[AFTER:.*]] = arith.addi %[[AT]], %c16
// CHECK-NEXT: %[[Q:.*]] = vector.load %[[STATISTICS]][%[[AFTER]]]
// CHECK-NEXT: %[[SQUARES:.*]] = arith.select %[[FRESH]], %cst, %[[Q]]
// CHECK-NEXT: %[[NEWSUM:.*]] = arith.addf %[[SUM]], %[[SUMS]]#0
// CHECK-NEXT: %[[NEWSQUARES:.*]] = math.fma %[[SUMS]]#0, %[[SUMS]]#0, %[[SQUARES]]
// CHECK-NEXT: vector.store %[[NEWSUM]], %[[STATISTICS]][%[[AT]]]
// CHECK-NEXT: %[[AFTER:.*]] = arith.addi %[[AT]], %c16
// CHECK-NEXT: vector.store %[[NEWSQUARES]], %[[STATISTICS]][%[[AFTER]]]
// CHECK-NEXT: } else {
// CHECK-NEXT: }
// CHECK: %[[SUMS:.*]]:2 = scf.for {{.*}} iter_args(
// CHECK: math.fma
// CHECK: vector.store %[[SUMS]]#0, %[[RESULT]]
// CHECK-NEXT: %[[LAST:.*]] = arith.cmpi eq, %[[CHUNK]], %c1
// CHECK-NEXT: scf.if %[[LAST]] {
// CHECK-NOT: arith.select
// CHECK: %[[S:.*]] = vector.load %[[STATISTICS]]
// CHECK-NOT: arith.select
// CHECK: %[[Q:.*]] = vector.load %[[STATISTICS]]
// CHECK-NEXT: arith.addf %[[S]], %[[SUMS]]#0
// CHECK-NEXT: math.fma %[[SUMS]]#0, %[[SUMS]]#0, %[[Q]]
// CHECK: return
func.func @statistics(%x: tensor<?x2x3x4xf32>, %w: tensor<8x2x1x1xf32>) -> (tensor<?x8x3x4xf32>, tensor<8x2xf32>) {
  %y, %s = lacuna.conv2d %x, %w structure(#lacuna.unstructured) strides([1, 1]) padding([0, 0])
      schedule(<lanes = 16, tile = [1, 1, 2], chunk = 1, panel = [1, 1], taps = 1, unroll = 1, level = specialised>)
      : tensor<?x2x3x4xf32>, tensor<8x2x1x1xf32> -> tensor<?x8x3x4xf32>, tensor<8x2xf32>
  return %y, %s : tensor<?x8x3x4xf32>, tensor<8x2xf32>
}

// With one chunk all sums are complete. A row of a block has statistics of its
// own; pixels of a panel are added before they go to memory.
// CHECK-LABEL: func.func @statistics_one_chunk(
// CHECK: %[[STATISTICS:.*]] = memref.reinterpret_cast %arg8
// CHECK: %[[SUMS:.*]]:5 = scf.for {{.*}} iter_args(
// CHECK-COUNT-4: math.fma
// CHECK-NOT: scf.if
// CHECK: vector.load %[[STATISTICS]]
// CHECK: vector.load %[[STATISTICS]]
// CHECK: %[[S:.*]] = arith.addf %{{.*}}, %[[SUMS]]#0
// CHECK-NEXT: %[[Q:.*]] = math.fma %[[SUMS]]#0, %[[SUMS]]#0,
// CHECK-NEXT: arith.addf %[[S]], %[[SUMS]]#1
// CHECK-NEXT: math.fma %[[SUMS]]#1, %[[SUMS]]#1, %[[Q]]
// CHECK-NEXT: vector.store %{{.*}}, %[[STATISTICS]]
// CHECK: vector.store %{{.*}}, %[[STATISTICS]]
// CHECK: vector.load %[[STATISTICS]]
// CHECK: vector.load %[[STATISTICS]]
// CHECK: %[[S:.*]] = arith.addf %{{.*}}, %[[SUMS]]#2
// CHECK-NEXT: %[[Q:.*]] = math.fma %[[SUMS]]#2, %[[SUMS]]#2,
// CHECK-NEXT: arith.addf %[[S]], %[[SUMS]]#3
// CHECK-NEXT: math.fma %[[SUMS]]#3, %[[SUMS]]#3, %[[Q]]
// CHECK-NEXT: vector.store %{{.*}}, %[[STATISTICS]]
// CHECK: vector.store %{{.*}}, %[[STATISTICS]]
// CHECK: return
func.func @statistics_one_chunk(%x: tensor<?x2x1x2xf32>, %w: tensor<8x2x1x1xf32>) -> (tensor<?x8x1x2xf32>, tensor<8x2xf32>) {
  %y, %s = lacuna.conv2d %x, %w structure(#lacuna.block<rows = 2>) strides([1, 1]) padding([0, 0])
      schedule(<lanes = 16, tile = [1, 1, 2], chunk = 2, panel = [2, 2], taps = 1, unroll = 1, level = specialised>)
      : tensor<?x2x1x2xf32>, tensor<8x2x1x1xf32> -> tensor<?x8x1x2xf32>, tensor<8x2xf32>
  return %y, %s : tensor<?x8x1x2xf32>, tensor<8x2xf32>
}

// Sums start from what the result holds, in every chunk. The three phases that
// a strided 1x1 kernel does not reach keep it: they have no code at all.
// CHECK-LABEL: func.func @accumulate(
// CHECK: %[[RESULT:.*]] = memref.reinterpret_cast %arg9
// CHECK: scf.for %[[CHUNK:.*]] = %c0 to %c2 step %c1 {
// CHECK-NOT: memref.prefetch
// CHECK: %[[A:.*]] = vector.load %[[RESULT]]
// CHECK: %[[B:.*]] = vector.load %[[RESULT]]
// CHECK: %[[C:.*]] = vector.load %[[RESULT]]
// CHECK: %[[D:.*]] = vector.load %[[RESULT]]
// CHECK-NEXT: %[[SUMS:.*]]:5 = scf.for {{.*}} iter_args(%{{.*}} = %[[A]], %{{.*}} = %[[B]], %{{.*}} = %[[C]], %{{.*}} = %[[D]], %{{[^,]*}} = %{{[^,]*}}) ->
// CHECK-COUNT-4: math.fma
// CHECK: scf.yield
// CHECK: vector.store %[[SUMS]]#0, %[[RESULT]]
// CHECK: vector.store %[[SUMS]]#1, %[[RESULT]]
// CHECK: vector.store %[[SUMS]]#2, %[[RESULT]]
// CHECK: vector.store %[[SUMS]]#3, %[[RESULT]]
// CHECK-NOT: vector.store
// CHECK-NOT: scf.for
// CHECK: return
func.func @accumulate(%dy: tensor<?x8x2x2xf32>, %w: tensor<8x2x1x1xf32>, %other: tensor<?x2x4x4xf32>) -> tensor<?x2x4x4xf32> {
  %dx = lacuna.conv2d_grad_input %dy, %w accumulate(%other : tensor<?x2x4x4xf32>)
      structure(#lacuna.unstructured) strides([2, 2]) padding([0, 0])
      schedule(<lanes = 16, tile = [1, 2, 2], chunk = 4, panel = [1, 16], taps = 9, unroll = 1, level = specialised>)
      : tensor<?x8x2x2xf32>, tensor<8x2x1x1xf32> -> tensor<?x2x4x4xf32>
  return %dx : tensor<?x2x4x4xf32>
}

// A weight gradient takes the chunks of a row of tiles before the next row, so
// that the row's output gradient stays in cache.
// CHECK-LABEL: func.func @chunk_inner(
// CHECK: %[[LANES:.*]] = memref.reinterpret_cast %arg11
// CHECK: vector.store %cst, %[[LANES]]
// CHECK: scf.for %{{.*}} = %c0 to %arg15 step %c1 {
// CHECK-NEXT: scf.for %{{.*}} = %c0 to %c1 step %c1 {
// CHECK-NEXT: scf.for %{{.*}} = %arg16 to %arg17 step %c1 {
// CHECK-COUNT-2: math.fma
// CHECK: scf.for %{{.*}} = %arg16 to %arg17 step %c1 {
// CHECK: vector.extract_strided_slice
// CHECK: return
func.func @chunk_inner(%x: tensor<?x2x1x2xf32>, %dy: tensor<?x1x1x2xf32>) -> tensor<1x2x1x1xf32> {
  %dw = lacuna.conv2d_grad_weight %x, %dy structure(#lacuna.unstructured) strides([1, 1]) padding([0, 0])
      schedule(<lanes = 16, tile = [1, 1, 2], chunk = 1, panel = [1, 2], taps = 1, unroll = 1, level = specialised>)
      : tensor<?x2x1x2xf32>, tensor<?x1x1x2xf32> -> tensor<1x2x1x1xf32>
  return %dw : tensor<1x2x1x1xf32>
}

// With chunk_outer it finishes a chunk before the next, so that the lane sums
// stay there.
// CHECK-LABEL: func.func @chunk_outer(
// CHECK: %[[LANES:.*]] = memref.reinterpret_cast %arg11
// CHECK: vector.store %cst, %[[LANES]]
// CHECK: scf.for %{{.*}} = %arg16 to %arg17 step %c1 {
// CHECK-NOT: vector.extract_strided_slice
// CHECK: scf.for %{{.*}} = %c0 to %arg15 step %c1 {
// CHECK-NEXT: scf.for %{{.*}} = %c0 to %c1 step %c1 {
// CHECK-COUNT-2: math.fma
// CHECK: scf.for %{{.*}} = %arg16 to %arg17 step %c1 {
// CHECK: vector.extract_strided_slice
// CHECK: return
func.func @chunk_outer(%x: tensor<?x2x1x2xf32>, %dy: tensor<?x1x1x2xf32>) -> tensor<1x2x1x1xf32> {
  %dw = lacuna.conv2d_grad_weight %x, %dy structure(#lacuna.unstructured) strides([1, 1]) padding([0, 0])
      schedule(<lanes = 16, tile = [1, 1, 2], chunk = 1, panel = [1, 2], taps = 1, unroll = 1, chunk_outer = true, level = specialised>)
      : tensor<?x2x1x2xf32>, tensor<?x1x1x2xf32> -> tensor<1x2x1x1xf32>
  return %dw : tensor<1x2x1x1xf32>
}

// The next tile is asked for while this one computes: of its six columns two
// are packed already, so four in each of two rows. The pixels that it stores are
// asked for too. The last tile of a row asks for the first of the row below:
// 2 * 8 - 4 pixels on.
// CHECK-LABEL: func.func @prefetch(
// CHECK: %[[SOURCE:.*]] = memref.reinterpret_cast %arg0
// CHECK: %[[RESULT:.*]] = memref.reinterpret_cast %arg9
// CHECK: scf.for %[[COLUMN:.*]] = %c0 to %c8 step %c4 {
// CHECK-NOT: memref.prefetch
// CHECK: vector.load %[[SOURCE]]
// CHECK: %[[LAST:.*]] = arith.cmpi eq, %[[COLUMN]], %c4
// CHECK-NEXT: %[[NEXT:.*]] = arith.select %[[LAST]], %c192, %c64 : index
// CHECK: arith.addi %{{.*}}, %[[NEXT]]
// CHECK-COUNT-8: memref.prefetch %[[SOURCE]][%{{.*}}], read, locality<2>, data
// CHECK-NOT: memref.prefetch
// CHECK: %[[TARGET:.*]] = arith.select %{{.*}}, %c192, %c64 : index
// CHECK: arith.addi %{{[0-9]+}}, %[[TARGET]]
// CHECK-COUNT-8: memref.prefetch %[[RESULT]][%{{.*}}], write, locality<3>, data
// CHECK-NOT: memref.prefetch
// CHECK: iter_args(
// CHECK-COUNT-8: math.fma
// CHECK: return
func.func @prefetch(%x: tensor<?x1x4x8xf32>, %w: tensor<1x1x1x3xf32>) -> tensor<?x1x4x8xf32> {
  %y = lacuna.conv2d %x, %w structure(#lacuna.unstructured) strides([1, 1]) padding([0, 1])
      schedule(<lanes = 16, tile = [1, 2, 4], chunk = 1, panel = [1, 8], taps = 3, unroll = 1, level = specialised>)
      : tensor<?x1x4x8xf32>, tensor<1x1x1x3xf32> -> tensor<?x1x4x8xf32>
  return %y : tensor<?x1x4x8xf32>
}

// With a stride, the pixels that a tile skips are left out: two in each of two
// tiles, one column apart.
// CHECK-LABEL: func.func @prefetch_strided(
// CHECK: %[[SOURCE:.*]] = memref.reinterpret_cast %arg0
// CHECK: %[[RESULT:.*]] = memref.reinterpret_cast %arg9
// CHECK: %[[LAST:.*]] = arith.cmpi eq, %{{.*}}, %c2
// CHECK-NEXT: arith.select %[[LAST]], %c192, %c64 : index
// CHECK: memref.prefetch %[[SOURCE]][%[[AT:.*]]], read, locality<2>, data
// CHECK-NEXT: %[[SKIPPED:.*]] = arith.addi %[[AT]], %c32
// CHECK-NEXT: memref.prefetch %[[SOURCE]][%[[SKIPPED]]], read, locality<2>, data
// CHECK-NOT: memref.prefetch %[[SOURCE]][
// CHECK-COUNT-2: memref.prefetch %[[RESULT]][%{{.*}}], write, locality<3>, data
// CHECK-NOT: memref.prefetch
// CHECK-COUNT-2: math.fma
// CHECK: return
func.func @prefetch_strided(%x: tensor<?x1x4x8xf32>, %w: tensor<1x1x1x1xf32>) -> tensor<?x1x2x4xf32> {
  %y = lacuna.conv2d %x, %w structure(#lacuna.unstructured) strides([2, 2]) padding([0, 0])
      schedule(<lanes = 16, tile = [1, 1, 2], chunk = 1, panel = [1, 2], taps = 1, unroll = 1, level = specialised>)
      : tensor<?x1x4x8xf32>, tensor<1x1x1x1xf32> -> tensor<?x1x2x4xf32>
  return %y : tensor<?x1x2x4xf32>
}

// Tiles that span fifteen lines of a row are followed by the hardware.
// CHECK-LABEL: func.func @followed(
// CHECK-NOT: memref.prefetch
// CHECK-COUNT-8: math.fma
// CHECK: return
func.func @followed(%x: tensor<?x1x1x32xf32>, %w: tensor<1x1x1x1xf32>) -> tensor<?x1x1x16xf32> {
  %y = lacuna.conv2d %x, %w structure(#lacuna.unstructured) strides([1, 2]) padding([0, 0])
      schedule(<lanes = 16, tile = [1, 1, 8], chunk = 1, panel = [1, 8], taps = 1, unroll = 1, level = specialised>)
      : tensor<?x1x1x32xf32>, tensor<1x1x1x1xf32> -> tensor<?x1x1x16xf32>
  return %y : tensor<?x1x1x16xf32>
}

// The gradient to a strided input prefetches in the last phase that has taps: of
// a 1x1 kernel, the first.
// CHECK-LABEL: func.func @prefetch_first_phase(
// CHECK: %[[SOURCE:.*]] = memref.reinterpret_cast %arg0
// CHECK-COUNT-2: memref.prefetch %[[SOURCE]][
// CHECK-NOT: memref.prefetch %[[SOURCE]][
// CHECK-COUNT-2: math.fma
// CHECK: return
func.func @prefetch_first_phase(%dy: tensor<?x1x2x4xf32>, %w: tensor<1x1x1x1xf32>) -> tensor<?x1x4x8xf32> {
  %dx = lacuna.conv2d_grad_input %dy, %w structure(#lacuna.unstructured) strides([2, 2]) padding([0, 0])
      schedule(<lanes = 16, tile = [1, 1, 2], chunk = 1, panel = [1, 2], taps = 1, unroll = 1, level = specialised>)
      : tensor<?x1x2x4xf32>, tensor<1x1x1x1xf32> -> tensor<?x1x4x8xf32>
  return %dx : tensor<?x1x4x8xf32>
}

// Two vectors of eight lanes share a cache line, which is asked for once. Of the
// columns 5 to 8 that are new, 6 and 8 start a line; that of 5 holds it alone.
// CHECK-LABEL: func.func @prefetch_lines(
// CHECK: %[[SOURCE:.*]] = memref.reinterpret_cast %arg0
// CHECK: %[[RESULT:.*]] = memref.reinterpret_cast %arg9
// CHECK-COUNT-6: memref.prefetch %[[SOURCE]][%{{.*}}], read, locality<2>, data
// CHECK-NOT: memref.prefetch
// CHECK: %[[TARGET:.*]] = arith.select
// CHECK-COUNT-4: memref.prefetch %[[RESULT]][%{{.*}}], write, locality<3>, data
// CHECK-NOT: memref.prefetch
// CHECK: iter_args(
// CHECK-COUNT-8: math.fma
// CHECK: return
func.func @prefetch_lines(%x: tensor<?x1x4x8xf32>, %w: tensor<1x1x1x3xf32>) -> tensor<?x1x4x8xf32> {
  %y = lacuna.conv2d %x, %w structure(#lacuna.unstructured) strides([1, 1]) padding([0, 1])
      schedule(<lanes = 8, tile = [1, 2, 4], chunk = 1, panel = [1, 8], taps = 3, unroll = 1, level = specialised>)
      : tensor<?x1x4x8xf32>, tensor<1x1x1x3xf32> -> tensor<?x1x4x8xf32>
  return %y : tensor<?x1x4x8xf32>
}

// When a row of tiles is finished, each channel's pixels of it go through the
// ReLU side by side, two at a time, and their sums are stored once. Until then
// the panels prefetch what belongs to them.
// CHECK-LABEL: func.func @norm_gradient(
// CHECK: %[[SCALE:.*]] = memref.reinterpret_cast %arg6
// CHECK: %[[SHIFT:.*]] = memref.reinterpret_cast %arg7
// CHECK: %[[STATISTICS:.*]] = memref.reinterpret_cast %arg8
// CHECK: %[[RESULT:.*]] = memref.reinterpret_cast %arg9
// CHECK: %[[X:.*]] = memref.reinterpret_cast %arg12
// CHECK: %[[MEAN:.*]] = memref.reinterpret_cast %arg14
// CHECK: memref.prefetch %[[X]]
// CHECK: iter_args(
// CHECK-COUNT-4: math.fma
// CHECK: vector.store %{{.*}}, %[[RESULT]]
// CHECK: scf.for %[[C:.*]] = %c0 to %c2 step %c1 {
// CHECK-NEXT: memref.load %[[MEAN]][%[[C]]]
// CHECK-NEXT: vector.broadcast
// CHECK-NEXT: memref.load %[[SCALE]][%[[C]]]
// CHECK-NEXT: vector.broadcast
// CHECK-NEXT: memref.load %[[SHIFT]][%[[C]]]
// CHECK: scf.for %{{.*}} = %c0 to %c128 step %c32 iter_args(
// CHECK: memref.prefetch %[[RESULT]]
// CHECK-NEXT: %[[G:.*]] = vector.load %[[RESULT]]
// CHECK-NEXT: %[[V:.*]] = vector.load %[[X]]
// CHECK-NEXT: %[[Z:.*]] = math.fma %[[V]], %{{.*}}, %{{.*}}
// CHECK-NEXT: %[[H:.*]] = arith.addf %[[G]], %cst
// CHECK-NEXT: %[[P:.*]] = arith.cmpf ogt, %[[Z]], %cst
// CHECK-NEXT: %[[D:.*]] = arith.select %[[P]], %[[H]], %cst
// CHECK-NEXT: vector.store %[[D]], %[[RESULT]]
// CHECK-NEXT: arith.addf %{{.*}}, %[[D]]
// CHECK-NEXT: %[[F:.*]] = arith.subf %[[V]]
// CHECK-NEXT: math.fma %[[D]], %[[F]]
// CHECK-COUNT-2: math.fma
// CHECK-NOT: vector.load
// CHECK: vector.store %{{.*}}, %[[STATISTICS]]
// CHECK: vector.store %{{.*}}, %[[STATISTICS]]
// CHECK-NOT: vector.store
// CHECK: return
func.func @norm_gradient(%dy: tensor<?x8x4x4xf32>, %w: tensor<8x2x1x1xf32>, %x: tensor<?x2x4x4xf32>, %mean: tensor<2xf32>, %scale: tensor<2xf32>, %shift: tensor<2xf32>) -> (tensor<?x2x4x4xf32>, tensor<2x2xf32>) {
  %dx, %s = lacuna.conv2d_grad_input %dy, %w norm_gradient(%x, %mean : tensor<?x2x4x4xf32>, tensor<2xf32>)
      map(%scale, %shift : tensor<2xf32>, tensor<2xf32>)
      structure(#lacuna.unstructured) strides([1, 1]) padding([0, 0])
      schedule(<lanes = 16, tile = [1, 2, 2], chunk = 8, panel = [1, 4], taps = 9, unroll = 1, level = specialised>)
      : tensor<?x8x4x4xf32>, tensor<8x2x1x1xf32> -> tensor<?x2x4x4xf32>, tensor<2x2xf32>
  return %dx, %s : tensor<?x2x4x4xf32>, tensor<2x2xf32>
}

// Behind a residual the stored output tells where it passed, in every phase of a
// strided kernel: those that no tap reaches are visited too.
// CHECK-LABEL: func.func @norm_residual(
// CHECK: %[[RESULT:.*]] = memref.reinterpret_cast %arg9
// CHECK: %[[Y:.*]] = memref.reinterpret_cast %arg13
// CHECK: memref.prefetch %[[Y]]
// CHECK: iter_args(
// CHECK-COUNT-4: math.fma
// CHECK: scf.for %{{.*}} = %c0 to %c2 step %c1 {
// CHECK: scf.for %{{.*}} = %c0 to %c256 step %c32 iter_args(
// CHECK: %[[G:.*]] = vector.load %[[RESULT]]
// CHECK: %[[S:.*]] = vector.load %[[Y]]
// CHECK-NEXT: %[[H:.*]] = arith.addf %[[G]], %cst
// CHECK-NEXT: %[[P:.*]] = arith.cmpf ogt, %[[S]], %cst
// CHECK-NEXT: arith.select %[[P]], %[[H]], %cst
// CHECK-COUNT-2: math.fma
// CHECK: return
func.func @norm_residual(%dy: tensor<?x8x2x2xf32>, %w: tensor<8x2x1x1xf32>, %other: tensor<?x2x4x4xf32>, %x: tensor<?x2x4x4xf32>, %mean: tensor<2xf32>, %y: tensor<?x2x4x4xf32>) -> (tensor<?x2x4x4xf32>, tensor<2x2xf32>) {
  %dx, %s = lacuna.conv2d_grad_input %dy, %w accumulate(%other : tensor<?x2x4x4xf32>)
      norm_gradient(%x, %mean : tensor<?x2x4x4xf32>, tensor<2xf32>) output(%y : tensor<?x2x4x4xf32>)
      structure(#lacuna.unstructured) strides([2, 2]) padding([0, 0])
      schedule(<lanes = 16, tile = [1, 2, 2], chunk = 8, panel = [1, 4], taps = 9, unroll = 1, level = specialised>)
      : tensor<?x8x2x2xf32>, tensor<8x2x1x1xf32> -> tensor<?x2x4x4xf32>, tensor<2x2xf32>
  return %dx, %s : tensor<?x2x4x4xf32>, tensor<2x2xf32>
}
