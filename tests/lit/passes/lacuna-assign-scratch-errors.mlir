// RUN: lacuna-opt %s --lacuna-assign-scratch --verify-diagnostics

// expected-error@+1 {{must have one block to be given scratch}}
func.func @branches(%x: tensor<?x2xf32>) -> tensor<?x2xf32> {
  cf.br ^next
^next:
  return %x : tensor<?x2xf32>
}
