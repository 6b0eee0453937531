//===- LacunaAttributes.td - Structures and schedules ------*- tablegen -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_ATTRIBUTES_TD
#define LACUNA_ATTRIBUTES_TD

include "LacunaDialect.td"
include "mlir/IR/AttrTypeBase.td"

class Lacuna_Attribute<string name, string attrMnemonic>
    : AttrDef<Lacuna_Dialect, name> {
  let mnemonic = attrMnemonic;
}

def Lacuna_DenseAttr : Lacuna_Attribute<"Dense", "dense"> {
  let summary = "Every weight is active";
  let description = [{
    ```mlir
    #lacuna.dense
    ```
  }];
}

def Lacuna_UnstructuredAttr : Lacuna_Attribute<"Unstructured", "unstructured"> {
  let summary = "The unit of sparsity is one weight";
  let description = [{
    `active` lists the flat `[out, in, height, width]` positions of the active
    weights in ascending order. It is data, not structure:
    `lacuna-drop-active-set` removes it before code is emitted.

    ```mlir
    #lacuna.unstructured
    #lacuna.unstructured<active = [0, 4, 17]>
    ```
  }];
  let parameters = (ins OptionalParameter<"::mlir::DenseI64ArrayAttr">:$active);
  let assemblyFormat = "(`<` struct($active)^ `>`)?";
  let genVerifyDecl = 1;
}

def Lacuna_BlockAttr : Lacuna_Attribute<"Block", "block"> {
  let summary = "The unit of sparsity is a piece of a column";
  let description = [{
    A block is one column (input channel and tap) of one group of `rows`
    consecutive output channels, so each source vector that is loaded feeds
    `rows` outputs. MEST uses four rows. `active` lists blocks as
    `group * columns + column`.

    ```mlir
    #lacuna.block<rows = 4>
    #lacuna.block<rows = 4, active = [0, 7]>
    ```
  }];
  let parameters = (ins "int64_t":$rows,
                        OptionalParameter<"::mlir::DenseI64ArrayAttr">:$active);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

def Lacuna_PatternAttr : Lacuna_Attribute<"Pattern", "pattern"> {
  let summary = "The unit of sparsity is a kernel that carries a pattern";
  let description = [{
    Each active kernel `(out, in)` keeps the taps of one pattern of the
    library. A pattern lists taps as `row * width + column`, ascending.
    `active` lists kernels as `out * in_channels + in`, `ids` the pattern of
    each.

    ```mlir
    #lacuna.pattern<library = [[4, 5, 7, 8], [3, 4, 6, 7]]>
    #lacuna.pattern<library = [[4, 5, 7, 8]], active = [3], ids = [0]>
    ```
  }];
  let parameters = (ins "::mlir::ArrayAttr":$library,
                        OptionalParameter<"::mlir::DenseI64ArrayAttr">:$active,
                        OptionalParameter<"::mlir::DenseI64ArrayAttr">:$ids);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

def Lacuna_ChannelAttr : Lacuna_Attribute<"Channel", "channel"> {
  let summary = "The unit of sparsity is a whole filter";
  let description = [{
    `active` lists the output channels whose filters are active.

    ```mlir
    #lacuna.channel
    #lacuna.channel<active = [1, 2, 30]>
    ```
  }];
  let parameters = (ins OptionalParameter<"::mlir::DenseI64ArrayAttr">:$active);
  let assemblyFormat = "(`<` struct($active)^ `>`)?";
  let genVerifyDecl = 1;
}

def Lacuna_StructureAttr
    : AnyAttrOf<[Lacuna_DenseAttr, Lacuna_UnstructuredAttr, Lacuna_BlockAttr,
                 Lacuna_PatternAttr, Lacuna_ChannelAttr],
                "a sparsity structure: #lacuna.dense, unstructured, block, "
                "pattern or channel">;

// The level of the runtime, by its name there.
def Lacuna_LevelParameter
    : AttrParameter<"::lacuna::Level", "stream or specialised"> {
  let parser = "::lacuna::ir::parseLevel($_parser)";
  let printer = "$_printer << ::lacuna::levelName($_self)";
}

def Lacuna_ScheduleAttr : Lacuna_Attribute<"Schedule", "schedule"> {
  let summary = "How a kernel walks its work";
  let description = [{
    Chosen by `lacuna-choose-schedule` from target and geometry, obeyed by
    `lacuna-lower-to-loops` and by the packer of the runtime.

    - `lanes`: images in a vector.
    - `tile`: batch blocks, rows and columns of target pixels of a packed tile.
    - `chunk`: source channels packed at a time.
    - `panel`: target channels and target pixels held in registers.
    - `taps`: most taps unrolled in one body.
    - `unroll`: items of a body in one turn of its loop.
    - `chunk_outer`: a weight gradient finishes a chunk before the next.
    - `skip_padding`: tiles are whole planes, packed without their padding, and
      nothing is computed with it.
    - `level`: `stream` walks single weights, `specialised` unrolls the
      scheme's blocks and patterns.

    Every extent is from 1 to 65536, and `lanes` a power of two
    up to 64.

    ```mlir
    #lacuna.schedule<lanes = 16, tile = [1, 4, 4], chunk = 16, panel = [4, 4],
                     taps = 9, unroll = 1, level = specialised>
    ```
  }];
  let parameters = (ins "int64_t":$lanes, "::mlir::DenseI64ArrayAttr":$tile,
                        "int64_t":$chunk, "::mlir::DenseI64ArrayAttr":$panel,
                        "int64_t":$taps, "int64_t":$unroll,
                        DefaultValuedParameter<"bool", "false">:$chunk_outer,
                        DefaultValuedParameter<"bool", "false">:$skip_padding,
                        Lacuna_LevelParameter:$level);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

#endif // LACUNA_ATTRIBUTES_TD
