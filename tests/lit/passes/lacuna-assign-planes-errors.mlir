// RUN: lacuna-opt %s --lacuna-assign-planes=lanes=12 --verify-diagnostics

// expected-error@+1 {{lanes must be a power of two up to 64}}
func.func @f(%x: tensor<?x2xf32>) -> tensor<?x2xf32> {
  return %x : tensor<?x2xf32>
}
