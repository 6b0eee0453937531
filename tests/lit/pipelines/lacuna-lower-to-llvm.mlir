// RUN: lacuna-opt %s --lacuna-lower-kernel --lacuna-lower-to-llvm | FileCheck %s
// RUN: lacuna-opt /dev/null --lacuna-lower-to-llvm --dump-pass-pipeline 2>&1 >/dev/null | FileCheck %s --check-prefix=PIPELINE
// RUN: lacuna-opt %s --lacuna-lower-kernel --lacuna-lower-to-llvm | mlir-translate --mlir-to-llvmir | FileCheck %s --check-prefix=IR

// Only the LLVM dialect is left, and the entry point of the kernel ABI.
// CHECK: llvm.func internal @k_body(
// CHECK-NOT: {{memref|vector|scf|arith|math}}.
// CHECK: llvm.intr.fma(
// CHECK-NOT: unrealized_conversion_cast
// CHECK: llvm.func @k(%{{.*}}: !llvm.ptr, %{{.*}}: i64, %{{.*}}: i64) {

// Operands alias nothing, so that loads move freely; reaches LLVM.
// IR: define internal void @k_body(ptr noalias {{.*}} %0,
// IR: call <16 x float> @llvm.fma.v16f32(
// IR: define void @k(ptr %0, i64 %1, i64 %2)

// PIPELINE: builtin.module(
// PIPELINE-NEXT: canonicalize
// PIPELINE-NEXT: cse
// PIPELINE-NEXT: convert-scf-to-cf
// PIPELINE-NEXT: convert-vector-to-llvm
// PIPELINE-NEXT: convert-math-to-llvm
// PIPELINE-NEXT: finalize-memref-to-llvm
// PIPELINE-NEXT: convert-arith-to-llvm
// PIPELINE-NEXT: convert-cf-to-llvm
// PIPELINE-NEXT: convert-func-to-llvm{{.*}}use-bare-ptr-memref-call-conv=true
// PIPELINE-NEXT: reconcile-unrealized-casts
// PIPELINE-NEXT: lacuna-export-kernel
// PIPELINE-NEXT: lacuna-export-network
// PIPELINE-NEXT: )
func.func @k(%x: tensor<?x8xf32>, %w: tensor<4x8xf32>) -> tensor<?x4xf32> {
  %y = lacuna.linear %x, %w structure(#lacuna.unstructured)
      : tensor<?x8xf32>, tensor<4x8xf32> -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}
