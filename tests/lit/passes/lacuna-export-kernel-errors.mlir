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

// -----

// expected-error@+1 {{is no kernel: it must be a definition of type '!llvm.func<void (ptr, }}
llvm.func @declared(!llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr, i64, i64, i64) attributes {lacuna.kernel}

// -----

// expected-error@+1 {{is no kernel: it must be a definition}}
llvm.func @returns(%a0: !llvm.ptr, %a1: !llvm.ptr, %a2: !llvm.ptr, %a3: !llvm.ptr, %a4: !llvm.ptr, %a5: !llvm.ptr, %a6: !llvm.ptr, %a7: !llvm.ptr, %a8: !llvm.ptr, %a9: !llvm.ptr, %a10: !llvm.ptr, %a11: !llvm.ptr, %a12: !llvm.ptr, %a13: !llvm.ptr, %a14: !llvm.ptr, %blocks: i64, %begin: i64, %end: i64) -> i64 attributes {lacuna.kernel} {
  llvm.return %end : i64
}

// -----

// expected-error@+1 {{is no kernel: it must be a definition}}
llvm.func @narrow(%a0: !llvm.ptr, %a1: !llvm.ptr, %a2: !llvm.ptr, %a3: !llvm.ptr, %a4: !llvm.ptr, %a5: !llvm.ptr, %a6: !llvm.ptr, %a7: !llvm.ptr, %a8: !llvm.ptr, %a9: !llvm.ptr, %a10: !llvm.ptr, %a11: !llvm.ptr, %a12: !llvm.ptr, %a13: !llvm.ptr, %a14: !llvm.ptr, %blocks: i32, %begin: i64, %end: i64) attributes {lacuna.kernel} {
  llvm.return
}
