// RUN: lacuna-opt %s --lacuna-export-network --split-input-file --verify-diagnostics

// expected-error@+1 {{is no network: it must be a definition of type '!llvm.func<void (ptr, ptr, ptr)>'}}
llvm.func @wrong_arity(%in: !llvm.ptr, %out: !llvm.ptr) attributes {lacuna.network} {
  llvm.return
}

// -----

// expected-error@+1 {{is no network: it must be a definition of type '!llvm.func<void (ptr, ptr, ptr)>'}}
llvm.func @no_pointers(%in: i64, %out: i64, %scratch: i64) attributes {lacuna.network} {
  llvm.return
}

// -----

// What C calls has the name it is declared by.
// expected-error@+1 {{needs an entry point @net_run: the module has another}}
llvm.func @net(%in: !llvm.ptr, %out: !llvm.ptr, %scratch: !llvm.ptr) attributes {lacuna.network} {
  llvm.return
}
// expected-note@+1 {{which is this}}
llvm.func @net_run() {
  llvm.return
}

// -----

// expected-error@+1 {{is no network: it must be a definition}}
llvm.func @declared(!llvm.ptr, !llvm.ptr, !llvm.ptr) attributes {lacuna.network}

// -----

// expected-error@+1 {{is no network: it must be a definition}}
llvm.func @returns(%in: !llvm.ptr, %out: !llvm.ptr, %scratch: !llvm.ptr) -> !llvm.ptr attributes {lacuna.network} {
  llvm.return %in : !llvm.ptr
}
