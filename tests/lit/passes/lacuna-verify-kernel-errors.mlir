// RUN: lacuna-opt %s --split-input-file --verify-diagnostics --pass-pipeline='builtin.module(func.func(lacuna-verify-kernel{lanes=8 max-multiply-adds=1}))'

func.func @allocates() attributes {lacuna.kernel} {
  // expected-error@+1 {{breaks a promise: a kernel must not allocate}}
  %0 = memref.alloc() : memref<4xf32>
  return
}

// -----

func.func @allocates_on_the_stack() attributes {lacuna.kernel} {
  // expected-error@+1 {{breaks a promise: a kernel must not allocate}}
  %0 = memref.alloca() : memref<4xf32>
  return
}

// -----

func.func private @callee()
func.func @calls(%n: index) attributes {lacuna.kernel} {
  %c0 = arith.constant 0 : index
  scf.for %i = %c0 to %n step %n {
    // expected-error@+1 {{breaks a promise: a kernel must not call}}
    func.call @callee() : () -> ()
  }
  return
}

// -----

func.func @holds_a_tensor() attributes {lacuna.kernel} {
  // expected-error@+1 {{breaks a promise: a kernel must hold no tensor}}
  %0 = tensor.empty() : tensor<4xf32>
  return
}

// -----

// expected-error@+1 {{breaks a promise: a kernel must hold no tensor}}
func.func @takes_a_tensor(%x: tensor<4xf32>) attributes {lacuna.kernel} {
  return
}

// -----

func.func @wrong_lanes(%m: memref<?xf32>, %i: index) attributes {lacuna.kernel} {
  // expected-error@+1 {{breaks a promise: a kernel must compute on whole vectors of 8 lanes}}
  %v = vector.load %m[%i] : memref<?xf32>, vector<16xf32>
  return
}

// -----

func.func @wrong_store(%m: memref<?xf32>, %i: index, %v: vector<4xf32>) attributes {lacuna.kernel} {
  // expected-error@+1 {{breaks a promise: a kernel must compute on whole vectors of 8 lanes}}
  vector.store %v, %m[%i] : memref<?xf32>, vector<4xf32>
  return
}

// -----

func.func @scalar(%x: f32) attributes {lacuna.kernel} {
  // expected-error@+1 {{breaks a promise: a kernel must compute on whole vectors of 8 lanes}}
  %y = math.fma %x, %x, %x : f32
  return
}

// -----

// expected-error@+1 {{unrolls 2 multiply-adds, the limit is 1: use the stream level}}
func.func @too_long(%v: vector<8xf32>) attributes {lacuna.kernel} {
  %0 = math.fma %v, %v, %v : vector<8xf32>
  %1 = math.fma %0, %v, %v : vector<8xf32>
  return
}
