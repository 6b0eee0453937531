//===- LacunaInterfaces.td - What all layer operations share -*- tablegen -*-=//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_INTERFACES_TD
#define LACUNA_INTERFACES_TD

include "mlir/IR/OpBase.td"

def LayerOpInterface : OpInterface<"LayerOpInterface"> {
  let cppNamespace = "::lacuna::ir";
  let description = [{
    The view of a layer operation from which passes work: what it computes, the
    geometry its types spell out, its structure, and the schedule once chosen.
  }];
  let methods = [
    InterfaceMethod<"What the operation computes.",
                    "::lacuna::Operation", "getKernelOperation">,
    InterfaceMethod<"The shape of the layer. Only valid on verified operations.",
                    "::lacuna::Geometry", "getGeometry">,
    InterfaceMethod<"What the operation does besides.",
                    "::lacuna::Fusion", "getFusion">,
    InterfaceMethod<"The structure attribute.",
                    "::mlir::Attribute", "getStructureAttribute">,
    InterfaceMethod<"Replaces the structure attribute.",
                    "void", "setStructureAttribute",
                    (ins "::mlir::Attribute":$structure)>,
    InterfaceMethod<"The schedule, null until chosen.",
                    "::lacuna::ir::ScheduleAttr", "getScheduleAttribute">,
    InterfaceMethod<"Sets the schedule.", "void", "setScheduleAttribute",
                    (ins "::lacuna::ir::ScheduleAttr":$schedule)>,
  ];
}

#endif // LACUNA_INTERFACES_TD
