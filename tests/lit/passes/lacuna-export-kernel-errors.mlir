// RUN: lacuna-opt %s --lacuna-export-kernel --split-input-file --verify-diagnostics

// expected-error@+1 {{is no kernel: it has 3 arguments, not 18}}
llvm.func @wrong_arity(%operands: !llvm.ptr, %begin: i64, %end: i64) attributes {lacuna.kernel} {
  llvm.return
}

// -----

func.func @layer(%x: tensor<?x8xf32>, %w: tensor<4x8xf32>) -> tensor<?x4xf32> {
  // expected-error@+1 {{is not lowered to loops: lacuna-lower-kernel, or lacuna-freeze for networks, must run before}}
  %y = lacuna.linear %x, %w structure(#lacuna.unstructured)
      : tensor<?x8xf32>, tensor<4x8xf32> -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

// expected-error@+1 {{is no kernel: it has 0 arguments, not 18}}
llvm.func @nothing() attributes {lacuna.kernel} {
  llvm.return
}
