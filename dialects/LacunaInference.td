//===- LacunaInference.td - Frozen networks ----------------*- tablegen -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_INFERENCE_TD
#define LACUNA_INFERENCE_TD

include "LacunaAttributes.td"

def Lacuna_PlanesAttr : Lacuna_Attribute<"Planes", "planes"> {
  let summary = "Where the pixels of a frozen network's tensor lie";
  let description = [{
    The encoding of a tensor of one image in scratch memory, chosen by
    `lacuna-assign-planes`. With `Y = y + margin[0]` and `X = x + margin[1]`,
    the pixel (c, y, x) lies at

        c * channel + (Y mod phases[0] * phases[1] + X mod phases[1]) * phase
          + Y / phases[0] * row + X / phases[1]

    Margins are zero, and so is what lies between the end of a row and the next.
    The right margin of a row is the left one of the row below, as the lower
    margin of a channel is the upper one of the next. `floats` is the length of
    the whole, with what vectors may touch behind the last pixel. A tensor
    without encoding lies as C does: `[channels][height][width]`. Only a
    convolution reads planes with more than one phase, and only a copy writes
    them.

    ```mlir
    // 3x3 convolutions read 8x8 pixels with a margin of one.
    tensor<?x64x8x8xf32, #lacuna.planes<phases = [1, 1], margin = [1, 1],
        row = 9, phase = 88, channel = 88, floats = 5680>>
    ```
  }];
  let parameters = (ins "::mlir::DenseI64ArrayAttr":$phases,
                        "::mlir::DenseI64ArrayAttr":$margin, "int64_t":$row,
                        "int64_t":$phase, "int64_t":$channel,
                        "int64_t":$floats);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

def Lacuna_FrozenLayerOp : Lacuna_Op<"frozen_layer"> {
  let summary = "Convolution or linear layer whose weights are constants";
  let description = [{
    `bias + weights * input`, plus `residual` and rectified where asked for.
    `values` are those of the active weights that `structure` lists, in its
    order. With `kernel`, `strides` and `padding` it is a convolution on
    `[batch, channels, height, width]`, without them a linear layer on
    `[batch, features]`.

    ```mlir
    %y = lacuna.frozen_layer %x
        structure(#lacuna.block<rows = 2, active = [1]>) values([0.5, -1.0])
        bias([0.0, 0.0]) kernel([1, 1]) strides([1, 1]) padding([0, 0]) relu
        : tensor<?x4x8x8xf32> -> tensor<?x2x8x8xf32>
    ```
  }];
  let arguments = (ins ActivationTensor:$input,
                       Optional<ActivationTensor>:$residual,
                       Lacuna_StructureAttr:$structure,
                       DenseF32ArrayAttr:$values, DenseF32ArrayAttr:$bias,
                       OptionalAttr<DenseI64ArrayAttr>:$kernel,
                       OptionalAttr<DenseI64ArrayAttr>:$strides,
                       OptionalAttr<DenseI64ArrayAttr>:$padding,
                       UnitAttr:$relu);
  let results = (outs ActivationTensor:$result);
  let assemblyFormat = [{
    $input (`residual` `(` $residual^ `:` type($residual) `)`)?
    `structure` `(` $structure `)` `values` `(` $values `)` `bias` `(` $bias `)`
    (`kernel` `(` $kernel^ `)`)? (`strides` `(` $strides^ `)`)?
    (`padding` `(` $padding^ `)`)? (`relu` $relu^)? attr-dict
    `:` type($input) `->` type($result)
  }];
  let extraClassDeclaration = [{
    /// The shape of the layer. Only valid on verified operations.
    ::lacuna::Geometry getGeometry();
    bool isConvolution() { return getKernel().has_value(); }
  }];
}

def Lacuna_AffineOp : Lacuna_Op<"affine"> {
  let summary = "Scale and shift each channel by constants";
  let description = [{
    `result[n, c, ...] = input[n, c, ...] * scale[c] + shift[c]`, rectified where
    asked for: a batch norm with its running statistics. `lacuna-fold-affine`
    folds it into the layer before it.

    ```mlir
    %y = lacuna.affine %x scale([2.0, 1.0]) shift([0.5, 0.0])
        : tensor<?x2x8x8xf32> -> tensor<?x2x8x8xf32>
    ```
  }];
  let arguments = (ins ActivationTensor:$input, DenseF32ArrayAttr:$scale,
                       DenseF32ArrayAttr:$shift, UnitAttr:$relu);
  let results = (outs ActivationTensor:$result);
  let assemblyFormat = [{
    $input `scale` `(` $scale `)` `shift` `(` $shift `)` (`relu` $relu^)?
    attr-dict `:` type($input) `->` type($result)
  }];
}

def Lacuna_ReluOp : Lacuna_Op<"relu", [AllTypesMatch<["input", "result"]>]> {
  let summary = "max(x, 0)";
  let description = [{
    A NaN stays one. `lacuna-fuse-epilogue` moves it into the operation before.

    ```mlir
    %y = lacuna.relu %x : tensor<?x2x8x8xf32>
    ```
  }];
  let arguments = (ins ActivationTensor:$input);
  let results = (outs ActivationTensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($result)";
}

def Lacuna_MaxPoolOp : Lacuna_Op<"max_pool"> {
  let summary = "The greatest pixel of each window";
  let description = [{
    Windows are square; padding is never the greatest.

    ```mlir
    %y = lacuna.max_pool %x window(2) stride(2) padding(0)
        : tensor<?x20x24x24xf32> -> tensor<?x20x12x12xf32>
    ```
  }];
  let arguments = (ins ActivationTensor:$input, I64Attr:$window, I64Attr:$stride,
                       I64Attr:$padding);
  let results = (outs ActivationTensor:$result);
  let assemblyFormat = [{
    $input `window` `(` $window `)` `stride` `(` $stride `)`
    `padding` `(` $padding `)` attr-dict `:` type($input) `->` type($result)
  }];
  let extraClassDeclaration = [{
    /// The rows (columns) that a plane of `extent` rows (columns) becomes.
    static int64_t outputExtent(int64_t extent, int64_t window, int64_t stride,
                                int64_t padding);
  }];
}

def Lacuna_AveragePoolOp : Lacuna_Op<"average_pool"> {
  let summary = "The mean of each window";
  let description = [{
    Windows are square, do not overlap, and divide the plane.

    ```mlir
    %y = lacuna.average_pool %x window(8)
        : tensor<?x128x8x8xf32> -> tensor<?x128x1x1xf32>
    ```
  }];
  let arguments = (ins ActivationTensor:$input, I64Attr:$window);
  let results = (outs ActivationTensor:$result);
  let assemblyFormat = [{
    $input `window` `(` $window `)` attr-dict
    `:` type($input) `->` type($result)
  }];
}

def Lacuna_RepackOp : Lacuna_Op<"repack"> {
  let summary = "Copy a tensor into other planes";
  let description = [{
    The same pixels, laid out as the encoding of the result says.
    `lacuna-assign-planes` inserts it where a producer cannot write what a
    consumer reads.

    ```mlir
    %p = lacuna.repack %x : tensor<?x3x32x32xf32>
        -> tensor<?x3x32x32xf32, #lacuna.planes<phases = [1, 1],
            margin = [1, 1], row = 33, phase = 1096, channel = 1096,
            floats = 3408>>
    ```
  }];
  let arguments = (ins ActivationTensor:$input);
  let results = (outs ActivationTensor:$result);
  let assemblyFormat = [{
    $input attr-dict `:` type($input) `->` type($result)
  }];
}

#endif // LACUNA_INFERENCE_TD
