// RUN: lacuna-opt %s --lacuna-lower-kernel="lanes=4 vector-registers=32 l1-bytes=65536 lane-factors unscaled-loads fmas-in-flight=16" --lacuna-lower-to-llvm | mlir-translate --mlir-to-llvmir | %optimise | llc -mtriple=aarch64-linux-gnu -mcpu=neoverse-n1 -relocation-model=pic -o %t.s
// RUN: %python %S/Inputs/heavy-loops.py %t.s | FileCheck %s

// Sixteen sums stay in registers in each inner loop, for each operation of
// blocks and patterns, and nothing of the loop is on the stack.

#block = #lacuna.block<rows = 4>
#pattern = #lacuna.pattern<library = [[4, 5, 7, 8], [1, 3, 4, 7]]>
!x = tensor<?x64x16x16xf32>
!w = tensor<64x64x3x3xf32>

// CHECK-LABEL: block_forward_body
// CHECK-NEXT: 16 FMAs to at least 16 sums, 0 stack accesses
func.func @block_forward(%x: !x, %w: !w) -> !x {
  %y = lacuna.conv2d %x, %w structure(#block) strides([1, 1]) padding([1, 1]) : !x, !w -> !x
  return %y : !x
}

// CHECK-LABEL: block_grad_input_body
// CHECK-NEXT: 256 FMAs to at least 16 sums, 0 stack accesses
func.func @block_grad_input(%dy: !x, %w: !w) -> !x {
  %dx = lacuna.conv2d_grad_input %dy, %w structure(#block) strides([1, 1]) padding([1, 1]) : !x, !w -> !x
  return %dx : !x
}

// CHECK-LABEL: block_grad_weight_body
// CHECK-NEXT: 256 FMAs to at least 16 sums, 0 stack accesses
func.func @block_grad_weight(%x: !x, %dy: !x) -> !w {
  %dw = lacuna.conv2d_grad_weight %x, %dy structure(#block) strides([1, 1]) padding([1, 1]) : !x, !x -> !w
  return %dw : !w
}

// CHECK-LABEL: pattern_forward_body
// CHECK-NEXT: 64 FMAs to at least 16 sums, 0 stack accesses
// CHECK-NEXT: 64 FMAs to at least 16 sums, 0 stack accesses
func.func @pattern_forward(%x: !x, %w: !w) -> !x {
  %y = lacuna.conv2d %x, %w structure(#pattern) strides([1, 1]) padding([1, 1]) : !x, !w -> !x
  return %y : !x
}

// CHECK-LABEL: pattern_grad_input_body
// CHECK-NEXT: 64 FMAs to at least 16 sums, 0 stack accesses
// CHECK-NEXT: 64 FMAs to at least 16 sums, 0 stack accesses
func.func @pattern_grad_input(%dy: !x, %w: !w) -> !x {
  %dx = lacuna.conv2d_grad_input %dy, %w structure(#pattern) strides([1, 1]) padding([1, 1]) : !x, !w -> !x
  return %dx : !x
}

// CHECK-LABEL: pattern_grad_weight_body
// CHECK-NEXT: 128 FMAs to at least 16 sums, 0 stack accesses
// CHECK-NEXT: 128 FMAs to at least 16 sums, 0 stack accesses
// CHECK-NOT: FMAs
func.func @pattern_grad_weight(%x: !x, %dy: !x) -> !w {
  %dw = lacuna.conv2d_grad_weight %x, %dy structure(#pattern) strides([1, 1]) padding([1, 1]) : !x, !x -> !w
  return %dw : !w
}
