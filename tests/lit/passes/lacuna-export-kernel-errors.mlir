// RUN: lacuna-opt %s --lacuna-export-kernel --split-input-file --verify-diagnostics

// expected-error@+1 {{is no kernel: it has 3 arguments, not 18}}
llvm.func @wrong_arity(%operands: !llvm.ptr, %begin: i64, %end: i64) attributes {lacuna.kernel} {
  llvm.return
}

// -----

// expected-error@+1 {{is no kernel: it has 0 arguments, not 18}}
llvm.func @nothing() attributes {lacuna.kernel} {
  llvm.return
}
