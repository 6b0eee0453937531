// RUN: lacuna-opt %s --lacuna-export-network --split-input-file --verify-diagnostics

// expected-error@+1 {{is no network: it must have 3 pointers}}
llvm.func @wrong_arity(%in: !llvm.ptr, %out: !llvm.ptr) attributes {lacuna.network} {
  llvm.return
}

// -----

// expected-error@+1 {{is no network: it must have 3 pointers}}
llvm.func @no_pointers(%in: i64, %out: i64, %scratch: i64) attributes {lacuna.network} {
  llvm.return
}
