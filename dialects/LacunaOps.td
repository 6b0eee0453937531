//===- LacunaOps.td - Layers and their gradients -----------*- tablegen -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_OPS_TD
#define LACUNA_OPS_TD

include "LacunaAttributes.td"
include "LacunaInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def ActivationTensor : TensorRankOf<[F32], [2, 4]>;
def WeightTensor : TensorRankOf<[F32], [2, 4]>;
def BiasTensor : TensorRankOf<[F32], [1]>;

def ChannelTensor : TensorRankOf<[F32], [1]>;
def StatisticsTensor : TensorRankOf<[F32], [2]>;

class Lacuna_Op<string mnemonic, list<Trait> traits = []>
    : Op<Lacuna_Dialect, mnemonic, !listconcat([Pure], traits)> {
  let hasVerifier = 1;
}

class Lacuna_LayerOp<string mnemonic, list<Trait> traits = []>
    : Lacuna_Op<mnemonic,
                !listconcat([DeclareOpInterfaceMethods<LayerOpInterface>],
                            traits)>;

def Lacuna_NormaliseOp
    : Lacuna_Op<"normalise", [AllTypesMatch<["input", "result"]>,
                              AllTypesMatch<["scale", "shift"]>]> {
  let summary = "Scale, shift and rectify each channel";
  let description = [{
    `result[n, c, y, x] = max(input[n, c, y, x] * scale[c] + shift[c], 0)`: a
    batch norm whose statistics are known, with the ReLU that follows it.
    `lacuna-fuse-normalise` moves it into the kernels that read its result.

    ```mlir
    %a = lacuna.normalise %z, %scale, %shift
        : tensor<?x64x16x16xf32>, tensor<64xf32>
    ```
  }];
  let arguments = (ins ActivationTensor:$input, ChannelTensor:$scale,
                       ChannelTensor:$shift);
  let results = (outs ActivationTensor:$result);
  let assemblyFormat = [{
    $input `,` $scale `,` $shift attr-dict `:` type($result) `,` type($scale)
  }];
}

def Lacuna_ChannelSumsOp : Lacuna_Op<"channel_sums"> {
  let summary = "Sum and sum of squares of each channel";
  let description = [{
    `result[c, 0]` is the sum of `input[n, c, y, x]` over images and pixels,
    `result[c, 1]` that of its square: what a batch norm needs.
    `lacuna-fuse-statistics` moves it into the kernel that writes its operand.

    ```mlir
    %s = lacuna.channel_sums %y : tensor<?x64x16x16xf32> -> tensor<64x2xf32>
    ```
  }];
  let arguments = (ins ActivationTensor:$input);
  let results = (outs StatisticsTensor:$result);
  let assemblyFormat = [{
    $input attr-dict `:` type($input) `->` type($result)
  }];
}

def Lacuna_NormGradientOp : Lacuna_Op<"norm_gradient", [AttrSizedOperandSegments,
                                           AllTypesMatch<["gradient", "input", "result"]>]> {
  let summary = "Gradient through a rectified batch norm, up to its sums";
  let description = [{
    `result[n, c, y, x]` is `gradient[n, c, y, x]` where the ReLU after the batch
    norm passed, zero elsewhere. It passed where `input * scale[c] + shift[c]` is
    positive or, where a residual was added before it, where the stored `output`
    is. `sums[c, 0]` is the sum of the result over images and pixels,
    `sums[c, 1]` that of `result * (input - mean[c])`: what the gradients of the
    batch norm's parameters and input need. `lacuna-fuse-norm-gradient` moves it
    into the kernel that makes the gradient.

    ```mlir
    %dz, %s = lacuna.norm_gradient %g, %x, %mean
        map(%scale, %shift : tensor<64xf32>, tensor<64xf32>)
        : tensor<?x64x16x16xf32>, tensor<64xf32> -> tensor<64x2xf32>
    ```
  }];
  let arguments = (ins ActivationTensor:$gradient, ActivationTensor:$input,
                       ChannelTensor:$mean, Optional<ChannelTensor>:$scale,
                       Optional<ChannelTensor>:$shift,
                       Optional<ActivationTensor>:$output);
  let results = (outs ActivationTensor:$result, StatisticsTensor:$sums);
  let assemblyFormat = [{
    $gradient `,` $input `,` $mean
    (`map` `(` $scale^ `,` $shift `:` type($scale) `,` type($shift) `)`)?
    (`output` `(` $output^ `:` type($output) `)`)? attr-dict
    `:` type($result) `,` type($mean) `->` type($sums)
  }];
}

def Lacuna_Conv2dOp : Lacuna_LayerOp<"conv2d", [AttrSizedOperandSegments]> {
  let summary = "Convolution with sparse weights";
  let description = [{
    `result[n, o, y, x] = bias[o] + sum over active (o, c, kh, kw) of
    weights[o, c, kh, kw] * input[n, c, y * sh + kh - ph, x * sw + kw - pw]`,
    with zeros outside the input.

    With `normalise`, `input` is scaled, shifted and rectified first, as by
    `lacuna.normalise`. With a second result, the channel sums of the first come
    along, as by `lacuna.channel_sums`.

    Before `lacuna-lower-to-loops`:

    ```mlir
    func.func @layer(%x: tensor<?x64x16x16xf32>, %w: tensor<64x64x3x3xf32>)
        -> tensor<?x64x16x16xf32> {
      %y = lacuna.conv2d %x, %w structure(#lacuna.block<rows = 4>)
          strides([1, 1]) padding([1, 1])
          : tensor<?x64x16x16xf32>, tensor<64x64x3x3xf32>
          -> tensor<?x64x16x16xf32>
      return %y : tensor<?x64x16x16xf32>
    }
    ```

    After it, `@layer` is a loop over work items that packs input tiles and
    walks the stream (see the pass).
  }];
  let arguments = (ins ActivationTensor:$input, WeightTensor:$weights,
                       Optional<BiasTensor>:$bias,
                       Optional<ChannelTensor>:$scale,
                       Optional<ChannelTensor>:$shift,
                       Lacuna_StructureAttr:$structure,
                       DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$padding,
                       OptionalAttr<Lacuna_ScheduleAttr>:$schedule);
  let results = (outs ActivationTensor:$result,
                      Optional<StatisticsTensor>:$statistics);
  let assemblyFormat = [{
    $input `,` $weights (`bias` `(` $bias^ `:` type($bias) `)`)?
    (`normalise` `(` $scale^ `,` $shift `:` type($scale) `,` type($shift) `)`)? `structure` `(` $structure `)`
    `strides` `(` $strides `)` `padding` `(` $padding `)`
    (`schedule` `(` $schedule^ `)`)? attr-dict
    `:` type($input) `,` type($weights) `->` type($result)
    (`,` type($statistics)^)?
  }];
}

def Lacuna_Conv2dGradInputOp : Lacuna_LayerOp<"conv2d_grad_input", [AttrSizedOperandSegments]> {
  let summary = "Gradient of a convolution to its input";
  let description = [{
    `result[n, c, i, j] = sum over active (o, c, kh, kw) of
    weights[o, c, kh, kw] * gradient[n, o, (i + ph - kh) / sh, (j + pw - kw) / sw]`
    where the divisions are exact and the position lies inside the gradient.
    With `accumulate`, the addend is added: the gradient that another path to the
    same input has left. With `norm_gradient`, the gradient then goes through the
    ReLU of the batch norm that made the input, and the second result holds the
    sums, as by `lacuna.norm_gradient`.

    ```mlir
    %dx = lacuna.conv2d_grad_input %dy, %w structure(#lacuna.unstructured)
        strides([2, 2]) padding([1, 1])
        : tensor<?x64x8x8xf32>, tensor<64x32x3x3xf32> -> tensor<?x32x16x16xf32>
    ```
  }];
  let arguments = (ins ActivationTensor:$gradient, WeightTensor:$weights,
                       Optional<ActivationTensor>:$addend,
                       Optional<ActivationTensor>:$normInput,
                       Optional<ChannelTensor>:$mean,
                       Optional<ChannelTensor>:$scale,
                       Optional<ChannelTensor>:$shift,
                       Optional<ActivationTensor>:$normOutput,
                       Lacuna_StructureAttr:$structure,
                       DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$padding,
                       OptionalAttr<Lacuna_ScheduleAttr>:$schedule);
  let results = (outs ActivationTensor:$result, Optional<StatisticsTensor>:$sums);
  let assemblyFormat = [{
    $gradient `,` $weights (`accumulate` `(` $addend^ `:` type($addend) `)`)?
    (`norm_gradient` `(` $normInput^ `,` $mean `:` type($normInput) `,` type($mean) `)`)?
    (`map` `(` $scale^ `,` $shift `:` type($scale) `,` type($shift) `)`)?
    (`output` `(` $normOutput^ `:` type($normOutput) `)`)? `structure` `(` $structure `)`
    `strides` `(` $strides `)` `padding` `(` $padding `)`
    (`schedule` `(` $schedule^ `)`)? attr-dict
    `:` type($gradient) `,` type($weights) `->` type($result)
    (`,` type($sums)^)?
  }];
}

def Lacuna_Conv2dGradWeightOp : Lacuna_LayerOp<"conv2d_grad_weight", [AttrSizedOperandSegments]> {
  let summary = "Gradient of a convolution to its active weights";
  let description = [{
    `result[o, c, kh, kw] = sum over n, y, x of gradient[n, o, y, x] *
    input[n, c, y * sh + kh - ph, x * sw + kw - pw]` at active positions; inactive
    ones are never computed. `normalise` is that of `lacuna.conv2d`.

    ```mlir
    %dw = lacuna.conv2d_grad_weight %x, %dy structure(#lacuna.block<rows = 4>)
        strides([1, 1]) padding([1, 1])
        : tensor<?x64x8x8xf32>, tensor<?x64x8x8xf32> -> tensor<64x64x3x3xf32>
    ```
  }];
  let arguments = (ins ActivationTensor:$input, ActivationTensor:$gradient,
                       Optional<ChannelTensor>:$scale,
                       Optional<ChannelTensor>:$shift,
                       Lacuna_StructureAttr:$structure,
                       DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$padding,
                       OptionalAttr<Lacuna_ScheduleAttr>:$schedule);
  let results = (outs WeightTensor:$result);
  let assemblyFormat = [{
    $input `,` $gradient
    (`normalise` `(` $scale^ `,` $shift `:` type($scale) `,` type($shift) `)`)? `structure` `(` $structure `)`
    `strides` `(` $strides `)` `padding` `(` $padding `)`
    (`schedule` `(` $schedule^ `)`)? attr-dict
    `:` type($input) `,` type($gradient) `->` type($result)
  }];
}

def Lacuna_LinearOp : Lacuna_LayerOp<"linear"> {
  let summary = "Linear layer with sparse weights";
  let description = [{
    `result[n, o] = bias[o] + sum over active (o, c) of weights[o, c] *
    input[n, c]`.

    ```mlir
    %y = lacuna.linear %x, %w bias(%b : tensor<500xf32>)
        structure(#lacuna.block<rows = 4>)
        : tensor<?x800xf32>, tensor<500x800xf32> -> tensor<?x500xf32>
    ```
  }];
  let arguments = (ins ActivationTensor:$input, WeightTensor:$weights,
                       Optional<BiasTensor>:$bias,
                       Lacuna_StructureAttr:$structure,
                       OptionalAttr<Lacuna_ScheduleAttr>:$schedule);
  let results = (outs ActivationTensor:$result);
  let assemblyFormat = [{
    $input `,` $weights (`bias` `(` $bias^ `:` type($bias) `)`)? `structure` `(` $structure `)`
    (`schedule` `(` $schedule^ `)`)? attr-dict
    `:` type($input) `,` type($weights) `->` type($result)
  }];
}

def Lacuna_LinearGradInputOp : Lacuna_LayerOp<"linear_grad_input"> {
  let summary = "Gradient of a linear layer to its input";
  let description = [{
    `result[n, c] = sum over active (o, c) of weights[o, c] * gradient[n, o]`.

    ```mlir
    %dx = lacuna.linear_grad_input %dy, %w structure(#lacuna.unstructured)
        : tensor<?x500xf32>, tensor<500x800xf32> -> tensor<?x800xf32>
    ```
  }];
  let arguments = (ins ActivationTensor:$gradient, WeightTensor:$weights,
                       Lacuna_StructureAttr:$structure,
                       OptionalAttr<Lacuna_ScheduleAttr>:$schedule);
  let results = (outs ActivationTensor:$result);
  let assemblyFormat = [{
    $gradient `,` $weights `structure` `(` $structure `)`
    (`schedule` `(` $schedule^ `)`)? attr-dict
    `:` type($gradient) `,` type($weights) `->` type($result)
  }];
}

def Lacuna_LinearGradWeightOp : Lacuna_LayerOp<"linear_grad_weight"> {
  let summary = "Gradient of a linear layer to its active weights";
  let description = [{
    `result[o, c] = sum over n of gradient[n, o] * input[n, c]` at active
    positions; inactive ones are never computed.

    ```mlir
    %dw = lacuna.linear_grad_weight %x, %dy structure(#lacuna.unstructured)
        : tensor<?x800xf32>, tensor<?x500xf32> -> tensor<500x800xf32>
    ```
  }];
  let arguments = (ins ActivationTensor:$input, ActivationTensor:$gradient,
                       Lacuna_StructureAttr:$structure,
                       OptionalAttr<Lacuna_ScheduleAttr>:$schedule);
  let results = (outs WeightTensor:$result);
  let assemblyFormat = [{
    $input `,` $gradient `structure` `(` $structure `)`
    (`schedule` `(` $schedule^ `)`)? attr-dict
    `:` type($input) `,` type($gradient) `->` type($result)
  }];
}

include "LacunaInference.td"

#endif // LACUNA_OPS_TD
