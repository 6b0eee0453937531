// RUN: lacuna-opt %s --lacuna-lower-kernel="lanes=8 vector-registers=16 l1-bytes=32768" --lacuna-lower-to-llvm | mlir-translate --mlir-to-llvmir | %optimise | llc -mtriple=x86_64-linux-gnu -mcpu=x86-64-v3 -relocation-model=pic -o %t.s
// RUN: FileCheck %s < %t.s
// RUN: FileCheck %s --check-prefix=NOSPILL < %t.s

// The loop over items is what a sparse layer spends its time in: an index, a
// broadcast weight, eight FMAs that read L1 as memory operands, two counters.
// CHECK-LABEL: k_body:
// CHECK: Inner Loop Header: Depth=5
// CHECK: movzwl
// CHECK: vbroadcastss {{.*}}, [[WEIGHT:%ymm[0-9]+]]
// CHECK-COUNT-8: vfmadd231ps {{[0-9]*}}({{%r.*,%r.*}}), [[WEIGHT]], %ymm
// CHECK-NOT: vfmadd
// CHECK: j{{l|ne|b}} .LBB
// No vector register is spilled.
// NOSPILL-NOT: 32-byte {{.*}}Spill
func.func @k(%x: tensor<?x64x16x16xf32>, %w: tensor<64x64x3x3xf32>) -> tensor<?x64x16x16xf32> {
  %y = lacuna.conv2d %x, %w structure(#lacuna.unstructured) strides([1, 1]) padding([1, 1])
      : tensor<?x64x16x16xf32>, tensor<64x64x3x3xf32> -> tensor<?x64x16x16xf32>
  return %y : tensor<?x64x16x16xf32>
}

// Behind a batch norm, finished gradients are masked and stored whole: a masked
// store is slow on AMD's cores.
// CHECK-LABEL: norm_body:
// CHECK-NOT: vmaskmov
// CHECK: vcmp
// CHECK-NOT: vmaskmov
// CHECK: .size norm_body
func.func @norm(%dy: tensor<?x64x16x16xf32>, %w: tensor<64x64x3x3xf32>, %x: tensor<?x64x16x16xf32>, %mean: tensor<64xf32>, %scale: tensor<64xf32>, %shift: tensor<64xf32>) -> (tensor<?x64x16x16xf32>, tensor<64x2xf32>) {
  %g, %sums = lacuna.conv2d_grad_input %dy, %w norm_gradient(%x, %mean : tensor<?x64x16x16xf32>, tensor<64xf32>) map(%scale, %shift : tensor<64xf32>, tensor<64xf32>) structure(#lacuna.block<rows = 4, active = [3]>) strides([1, 1]) padding([1, 1])
      : tensor<?x64x16x16xf32>, tensor<64x64x3x3xf32> -> tensor<?x64x16x16xf32>, tensor<64x2xf32>
  return %g, %sums : tensor<?x64x16x16xf32>, tensor<64x2xf32>
}
