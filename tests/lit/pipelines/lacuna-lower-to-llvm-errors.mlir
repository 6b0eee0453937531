// RUN: lacuna-opt %s --lacuna-lower-to-llvm --split-input-file --verify-diagnostics

// A function that says it is a kernel has the arguments of one.
// expected-error@+1 {{is no kernel: it has 1 arguments, not 18}}
func.func @too_few(%begin: index) attributes {lacuna.kernel} {
  return
}
