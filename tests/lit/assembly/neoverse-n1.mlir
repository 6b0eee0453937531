// RUN: lacuna-opt %s --lacuna-lower-kernel="lanes=4 vector-registers=32 l1-bytes=65536" --lacuna-lower-to-llvm | mlir-translate --mlir-to-llvmir | %optimise | llc -mtriple=aarch64-linux-gnu -mcpu=neoverse-n1 -o %t.s
// RUN: FileCheck %s < %t.s

// Sixteen sums, a weight and the source fit in the 32 registers.
// CHECK-LABEL: k_body:
// CHECK-NOT: q{{[0-9]+}}, {{.*}}Spill
// CHECK: This Inner Loop Header: Depth=4
// CHECK: ldrh
// CHECK-COUNT-16: fmla v{{[0-9]+}}.4s, v{{[0-9]+}}.4s, v{{[0-9]+}}.{{4s|s\[0\]}}
// CHECK-NOT: fmla
// CHECK: b.{{[a-z]+}} .LBB
func.func @k(%x: tensor<?x64x16x16xf32>, %w: tensor<64x64x3x3xf32>) -> tensor<?x64x16x16xf32> {
  %y = lacuna.conv2d %x, %w structure(#lacuna.unstructured) strides([1, 1]) padding([1, 1])
      : tensor<?x64x16x16xf32>, tensor<64x64x3x3xf32> -> tensor<?x64x16x16xf32>
  return %y : tensor<?x64x16x16xf32>
}
