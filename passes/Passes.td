//===- Passes.td - The passes of the lacuna compiler -------*- tablegen -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_PASSES_TD
#define LACUNA_PASSES_TD

include "mlir/Pass/PassBase.td"

def ImportDescriptor
    : Pass<"lacuna-import-descriptor", "::mlir::ModuleOp"> {
  let summary = "Turn a JSON descriptor into a layer operation";
  let description = [{
    Reads a descriptor (docs/descriptor.md), which is untrusted, and adds one
    function that holds the asked-for operation of the layer.

    Before: `module {}` and `layer.json` with a linear layer.

    After:

    ```mlir
    func.func @kernel(%arg0: tensor<?x8xf32>, %arg1: tensor<4x8xf32>)
        -> tensor<?x4xf32> {
      %0 = lacuna.linear %arg0, %arg1
          structure(#lacuna.unstructured<active = [0, 9, 31]>)
          : tensor<?x8xf32>, tensor<4x8xf32> -> tensor<?x4xf32>
      return %0 : tensor<?x4xf32>
    }
    ```
  }];
  let options = [
    Option<"descriptor", "descriptor", "std::string", "",
           "The descriptor's file">,
    Option<"operation", "operation", "::lacuna::Operation",
           "::lacuna::Operation::Forward", "What the kernel computes",
           [{::llvm::cl::values(
              clEnumValN(::lacuna::Operation::Forward, "forward", "The output"),
              clEnumValN(::lacuna::Operation::GradInput, "grad-input",
                         "The gradient to the input"),
              clEnumValN(::lacuna::Operation::GradWeight, "grad-weight",
                         "The gradient to the active weights"))}]>,
    Option<"bias", "bias", "bool", "false", "Start the output from a bias">,
    Option<"name", "name", "std::string", "\"kernel\"",
           "The function's name">,
  ];
  let dependentDialects = ["::lacuna::ir::LacunaDialect",
                           "::mlir::func::FuncDialect"];
}

def FuseNormalise : Pass<"lacuna-fuse-normalise"> {
  let summary = "Normalise while packing";
  let description = [{
    Moves `lacuna.normalise` into the convolutions and weight gradients that
    read it: they scale, shift and rectify each source vector when they pack it,
    and the normalised tensor is never stored.

    ```mlir
    // Before
    %a = lacuna.normalise %z, %scale, %shift : ...
    %y = lacuna.conv2d %a, %w structure(#lacuna.unstructured) ...
    // After
    %y = lacuna.conv2d %z, %w normalise(%scale, %shift : tensor<64xf32>, tensor<64xf32>)
        structure(#lacuna.unstructured) ...
    ```
  }];
  let statistics = [
    Statistic<"normalisesFused", "normalises-fused",
              "Layer operations that now normalise their input">,
  ];
}

def FuseStatistics : Pass<"lacuna-fuse-statistics"> {
  let summary = "Sum channels where a convolution writes them";
  let description = [{
    Moves `lacuna.channel_sums` into the convolution that makes its operand: the
    sums come from registers, and the output is not read once more.

    ```mlir
    // Before
    %y = lacuna.conv2d %x, %w ... -> tensor<?x64x16x16xf32>
    %s = lacuna.channel_sums %y : tensor<?x64x16x16xf32> -> tensor<64x2xf32>
    // After
    %y, %s = lacuna.conv2d %x, %w ...
        -> tensor<?x64x16x16xf32>, tensor<64x2xf32>
    ```
  }];
  let statistics = [
    Statistic<"statisticsFused", "statistics-fused", "Channel sums moved">,
  ];
}

def FuseAccumulate : Pass<"lacuna-fuse-accumulate"> {
  let summary = "Add the gradients of two paths in the second's kernel";
  let description = [{
    Turns the sum of an input gradient and another gradient to the same tensor
    into one operation that starts from the addend.

    ```mlir
    // Before
    %g = lacuna.conv2d_grad_input %dy, %w ... -> tensor<?x64x16x16xf32>
    %s = arith.addf %g, %other : tensor<?x64x16x16xf32>
    // After
    %s = lacuna.conv2d_grad_input %dy, %w
        accumulate(%other : tensor<?x64x16x16xf32>) ...
        -> tensor<?x64x16x16xf32>
    ```
  }];
  let statistics = [
    Statistic<"sumsFused", "sums-fused", "Sums moved into kernels">,
  ];
}

def FuseNormGradient : Pass<"lacuna-fuse-norm-gradient"> {
  let summary = "Start the gradient of a batch norm where its operand is made";
  let description = [{
    Moves `lacuna.norm_gradient` into the input gradient it reads: the kernel
    passes a row of tiles that it has finished through the ReLU, and adds up the
    sums of each channel, while the row is in the L2.

    ```mlir
    // Before
    %g = lacuna.conv2d_grad_input %dy, %w ... -> tensor<?x64x16x16xf32>
    %dz, %s = lacuna.norm_gradient %g, %x, %mean map(%scale, %shift : ...) ...
    // After
    %dz, %s = lacuna.conv2d_grad_input %dy, %w
        norm_gradient(%x, %mean : tensor<?x64x16x16xf32>, tensor<64xf32>)
        map(%scale, %shift : tensor<64xf32>, tensor<64xf32>) ...
        -> tensor<?x64x16x16xf32>, tensor<64x2xf32>
    ```
  }];
  let statistics = [
    Statistic<"normGradientsFused", "norm-gradients-fused",
              "Gradients of batch norms moved into kernels">,
  ];
}

def DropActiveSet : Pass<"lacuna-drop-active-set"> {
  let summary = "Keep the structure, drop what is active";
  let description = [{
    Which units are active is data: kernels walk it as a stream. Dropping it
    leaves the structure, from which the kernel key is made, so two masks of one
    structure get one kernel.

    ```mlir
    // Before
    structure(#lacuna.block<rows = 4, active = [0, 7, 12]>)
    // After
    structure(#lacuna.block<rows = 4>)
    ```
  }];
  let statistics = [
    Statistic<"unitsDropped", "units-dropped", "Active units dropped">,
  ];
}

def ChooseSchedule : Pass<"lacuna-choose-schedule"> {
  let summary = "Choose tile, chunk and panel of each layer operation";
  let description = [{
    Attaches the schedule that suits geometry, structure and target, by default one
    with AVX-512 (for AVX2: `lanes=8 vector-registers=16 l1-bytes=32768`).
    Operations that have one keep it.

    ```mlir
    // Before
    lacuna.conv2d ... structure(#lacuna.block<rows = 4>) ...
    // After, for 16 lanes, 32 registers and 48 KB of L1
    lacuna.conv2d ... structure(#lacuna.block<rows = 4>) ...
        schedule(<lanes = 16, tile = [1, 4, 4], chunk = 16, panel = [4, 4],
                  taps = 9, unroll = 1, level = specialised>)
    ```
  }];
  let options = [
    Option<"lanes", "lanes", "int64_t", "16",
           "Floats in a vector register, 16 by default">,
    Option<"vectorRegisters", "vector-registers", "int64_t", "32",
           "Vector registers of the target, 32 by default">,
    Option<"l1Bytes", "l1-bytes", "int64_t", "49152",
           "Bytes of the L1 data cache, 49152 by default">,
    Option<"streamingStores", "streaming-stores", "bool", "false",
           "Stores can go past the caches">,
    Option<"level", "level", "::lacuna::Level", "::lacuna::Level::Specialised",
           "How far to specialise",
           [{::llvm::cl::values(
              clEnumValN(::lacuna::Level::Stream, ::lacuna::levelName(::lacuna::Level::Stream),
                         "One loop over single weights"),
              clEnumValN(::lacuna::Level::Specialised, ::lacuna::levelName(::lacuna::Level::Specialised),
                         "Bodies unrolled for the scheme"))}]>,
  ];
}

def LowerToLoops : Pass<"lacuna-lower-to-loops", "::mlir::ModuleOp"> {
  let summary = "Lower a layer operation to a kernel over packed streams";
  let description = [{
    Replaces each function that holds one scheduled layer operation by a kernel
    function of `scf`, `memref` and `vector` operations over the operands of the
    kernel ABI (lacuna/Kernel/KernelAbi.h). The kernel walks its work items: it
    packs the source region of a tile of target pixels, border included, into
    scratch; then, for each group of target channels, keeps the tile in
    registers while it walks the group's items of the stream. docs/kernels.md
    tells what a stream holds. A function that does anything else besides is
    refused, as that would be lost; so is one that the module uses, as a kernel has
    other arguments, and a layer that is in no function of the module itself.

    ```mlir
    // Before
    func.func @k(%x: tensor<?x16x8x8xf32>, %w: tensor<16x16x3x3xf32>)
        -> tensor<?x16x8x8xf32> {
      %y = lacuna.conv2d %x, %w structure(#lacuna.unstructured) ...
      return %y
    }
    // After (abridged)
    func.func @k(%source: memref<f32>, ..., %begin: index, %end: index) {
      scf.for %work = %begin to %end {
        scf.for %column ... {
          scf.for %chunk ... {
            scf.for ... { /* pack */ }
            scf.for %group ... {
              %acc:16 = scf.for %item ... iter_args(...) {
                %w = vector.broadcast ...
                %x = vector.load %scratch[...]
                %y = math.fma %w, %x, ...
              }
              vector.store ...
    ```
  }];
  let options = [
    Option<"laneFactors", "lane-factors", "bool", "false",
           "Load weights as vectors, for FMAs that take one lane">,
    Option<"unscaledLoads", "unscaled-loads", "bool", "false",
           "Load from bases that are less than 256 bytes away">,
    Option<"streamingStores", "streaming-stores", "bool", "false",
           "Store large results past the caches">,
    Option<"multiplyAddsInFlight", "fmas-in-flight", "int64_t", "8",
           "Latency of an FMA times the ports for it, 8 by default">,
  ];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::func::FuncDialect",
    "::mlir::LLVM::LLVMDialect",
    "::mlir::math::MathDialect", "::mlir::memref::MemRefDialect",
    "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect"
  ];
  let statistics = [
    Statistic<"kernels", "kernels", "Kernels emitted">,
    Statistic<"multiplyAdds", "multiply-adds", "Vector FMAs in their code">,
  ];
}

def VerifyKernel : Pass<"lacuna-verify-kernel", "::mlir::func::FuncOp"> {
  let summary = "Check what kernels promise before they become LLVM IR";
  let description = [{
    A kernel computes on vectors of the target's lanes, allocates nothing and
    calls nothing, holds no unlowered tensor, and stays within the size limit
    for unrolled code. A kernel that does not is an error, never a slow kernel.

    ```mlir
    // Rejected: "a kernel must not allocate"
    func.func @k() attributes {lacuna.kernel} {
      %0 = memref.alloc() : memref<4xf32>
      return
    }
    ```
  }];
  let options = [
    Option<"lanes", "lanes", "int64_t", "16",
           "Floats in a vector register, 16 by default">,
    Option<"maxMultiplyAdds", "max-multiply-adds", "int64_t", "16000",
           "Most vector FMAs a kernel may unroll, 16000 by default">,
  ];
}

def ExportKernel : Pass<"lacuna-export-kernel", "::mlir::ModuleOp"> {
  let summary = "Give each kernel the entry point of the kernel ABI";
  let description = [{
    Runs after the conversion to the LLVM dialect. Makes the kernel's function
    internal and adds an entry point that takes the operands' structure.

    ```mlir
    // Before
    llvm.func @k(%source: !llvm.ptr, ..., %begin: i64, %end: i64)
    // After
    llvm.func internal @k_body(%source: !llvm.ptr, ..., %begin: i64, %end: i64)
    llvm.func @k(%operands: !llvm.ptr, %begin: i64, %end: i64)
    ```
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

def FoldAffine : Pass<"lacuna-fold-affine"> {
  let summary = "Fold batch norms into the layers before them";
  let description = [{
    Multiplies the weights of a frozen layer by the scale that follows, and moves
    the shift into its bias. An affine map whose operand is no layer, has other
    readers, or was already changed after the layer stays.

    ```mlir
    // Before
    %z = lacuna.frozen_layer %x ... values([1.0, 2.0]) bias([0.0, 1.0]) ...
    %y = lacuna.affine %z scale([3.0, 1.0]) shift([0.5, 0.0]) ...
    // After
    %y = lacuna.frozen_layer %x ... values([3.0, 2.0]) bias([0.5, 1.0]) ...
    ```
  }];
  let statistics = [
    Statistic<"mapsFolded", "maps-folded", "Affine maps folded">,
  ];
}

def FuseEpilogue : Pass<"lacuna-fuse-epilogue"> {
  let summary = "Add residuals and rectify where a layer writes its result";
  let description = [{
    Moves a sum of two tensors into the frozen layer that makes one of them, and
    a ReLU into the layer or affine map that makes its operand. A ReLU that
    finds neither becomes an affine map of its own.

    ```mlir
    // Before
    %z = lacuna.frozen_layer %x ...
    %s = arith.addf %z, %other : tensor<?x64x16x16xf32>
    %y = lacuna.relu %s : tensor<?x64x16x16xf32>
    // After
    %y = lacuna.frozen_layer %x residual(%other : tensor<?x64x16x16xf32>)
        ... relu : ...
    ```
  }];
  let statistics = [
    Statistic<"sumsFused", "sums-fused", "Sums moved into layers">,
    Statistic<"relusFused", "relus-fused", "ReLUs moved">,
  ];
}

def AssignPlanes : Pass<"lacuna-assign-planes", "::mlir::func::FuncOp"> {
  let summary = "Choose where the pixels of each tensor lie";
  let description = [{
    Gives the tensors between frozen operations an encoding, `#lacuna.planes`,
    such that a convolution reads all its taps, and writes its result, at one
    distance between rows: vectors then run on from row to row, whatever the
    width of a plane. Inserts `lacuna.repack` where a producer cannot write what
    a consumer reads: for images, strided convolutions (whose rows and columns
    are split by the stride), and convolutions whose input lies closer.

    ```mlir
    // Before
    %y = lacuna.frozen_layer %x ... padding([1, 1]) : tensor<?x3x8x8xf32> -> ...
    // After
    %p = lacuna.repack %x : tensor<?x3x8x8xf32>
        -> tensor<?x3x8x8xf32, #lacuna.planes<... margin = [1, 1], row = 9 ...>>
    %y = lacuna.frozen_layer %p ... padding([1, 1]) : ...
    ```
  }];
  let options = [
    Option<"lanes", "lanes", "int64_t", "16",
           "Floats in a vector register, 16 by default">,
  ];
}

def AssignScratch : Pass<"lacuna-assign-scratch", "::mlir::func::FuncOp"> {
  let summary = "Give each tensor a place in scratch memory";
  let description = [{
    Sets `lacuna.offset` of each operation, in floats, and
    `lacuna.scratch_floats` of the function. Tensors that do not live at the same
    time share memory. What the function returns needs none.

    ```mlir
    // Before
    func.func @net(%x: tensor<?x784xf32>) -> tensor<?x10xf32> {
      %a = lacuna.frozen_layer %x ... -> tensor<?x300xf32>
      %y = lacuna.frozen_layer %a ... -> tensor<?x10xf32>
    // After
    func.func @net(...) attributes {lacuna.scratch_floats = 432 : i64} {
      %a = lacuna.frozen_layer %x ... {lacuna.offset = 0 : i64} ...
    ```
  }];
}

def LowerNetwork : Pass<"lacuna-lower-network", "::mlir::ModuleOp"> {
  let summary = "Lower a frozen network to loops, one function an operation";
  let description = [{
    Replaces each function of frozen operations by one that runs over the images
    of a batch and calls a function for each operation. Lanes are pixels in
    convolutions, output channels in linear layers. Small layers are *baked*:
    each active weight is code of its own, and its index part of an address.
    Others walk constant tables of the active weights, in loops for the rows that
    share a source value (docs/offline.md). A function whose tensors have no
    place that fits them, or that is called in its module, is an error.

    ```mlir
    // Before
    func.func @net(%x: tensor<?x784xf32>) -> tensor<?x10xf32>
    // After
    memref.global "private" constant @net_stage0_values : memref<23520xf32> = ...
    func.func @net_stage0(%in: memref<784xf32>, %out: memref<10xf32>,
                          %scratch: memref<432xf32>, %image: index)
    func.func @net(%in: memref<784xf32>, %out: memref<10xf32>,
                   %scratch: memref<432xf32>) attributes {lacuna.network}
    ```
  }];
  let options = [
    Option<"lanes", "lanes", "int64_t", "16",
           "Floats in a vector register, 16 by default">,
    Option<"vectorRegisters", "vector-registers", "int64_t", "32",
           "Vector registers of the target, 32 by default">,
    Option<"l1Bytes", "l1-bytes", "int64_t", "49152",
           "Bytes of the L1 data cache, 49152 by default">,
    Option<"batch", "batch", "int64_t", "1", "Images of a call">,
    Option<"bakeLimit", "bake-limit", "int64_t", "-1",
           "Most bytes of code a baked layer may take; -1: the default">,
  ];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::func::FuncDialect",
    "::mlir::math::MathDialect", "::mlir::memref::MemRefDialect",
    "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect",
    "::mlir::LLVM::LLVMDialect"
  ];
  let statistics = [
    Statistic<"layersBaked", "layers-baked", "Layers whose weights are code">,
    Statistic<"layersTabled", "layers-tabled", "Layers that walk tables">,
  ];
}

def ExportNetwork : Pass<"lacuna-export-network", "::mlir::ModuleOp"> {
  let summary = "Give each network the entry point that C calls";
  let description = [{
    Runs after the conversion to the LLVM dialect. Makes the function of a
    network internal and adds `int NAME_run(in, out, scratch)`, which returns 1
    when a pointer is null and 0 otherwise.

    ```mlir
    // Before
    llvm.func @net(%in: !llvm.ptr, %out: !llvm.ptr, %scratch: !llvm.ptr)
        attributes {lacuna.network}
    // After
    llvm.func internal @net(...)
    llvm.func @net_run(%in: !llvm.ptr, %out: !llvm.ptr, %scratch: !llvm.ptr) -> i32
    ```
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

#endif // LACUNA_PASSES_TD
