//===- ImportDescriptor.cpp - JSON descriptor to layer operation ----------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Kernel/Descriptor.h"
#include "lacuna/Passes/Passes.h"
#include "lacuna/Support/Error.h"

using namespace mlir;

namespace lacuna::ir {

#define GEN_PASS_DEF_IMPORTDESCRIPTOR
#include "lacuna/Passes/Passes.h.inc"

namespace {

/// The tensor types of a layer, batch dynamic.
struct LayerTensors {
  RankedTensorType input, weights, output, bias;
};

LayerTensors tensorsOf(Builder &builder, const Geometry &g) {
  Type f32 = builder.getF32Type();
  auto tensor = [&](ArrayRef<int64_t> shape) {
    return RankedTensorType::get(shape, f32);
  };
  constexpr int64_t batch = ShapedType::kDynamic;
  RankedTensorType bias = tensor({g.outChannels});
  if (g.kind == LayerKind::Linear)
    return {tensor({batch, g.inChannels}),
            tensor({g.outChannels, g.inChannels}),
            tensor({batch, g.outChannels}), bias};
  Extent2d output = g.output();
  return {
      tensor({batch, g.inChannels, g.input.height, g.input.width}),
      tensor({g.outChannels, g.inChannels, g.kernel.height, g.kernel.width}),
      tensor({batch, g.outChannels, output.height, output.width}), bias};
}

Value createConv(OpBuilder &builder, Location loc, Operation operation,
                 const Geometry &g, const LayerTensors &types,
                 Attribute structure, ValueRange arguments) {
  auto pair = [&](const Extent2d &extent) {
    return builder.getDenseI64ArrayAttr({extent.height, extent.width});
  };
  Value first = arguments[0], second = arguments[1];
  switch (operation) {
  case Operation::Forward:
    return Conv2dOp::create(builder, loc, types.output, first, second,
                            arguments.size() > 2 ? arguments[2] : Value(),
                            structure, pair(g.stride), pair(g.padding),
                            ScheduleAttr());
  case Operation::GradInput:
    return Conv2dGradInputOp::create(builder, loc, types.input, first, second,
                                     structure, pair(g.stride), pair(g.padding),
                                     ScheduleAttr());
  case Operation::GradWeight:
    return Conv2dGradWeightOp::create(builder, loc, types.weights, first,
                                      second, structure, pair(g.stride),
                                      pair(g.padding), ScheduleAttr());
  }
  return {};
}

Value createLinear(OpBuilder &builder, Location loc, Operation operation,
                   const LayerTensors &types, Attribute structure,
                   ValueRange arguments) {
  Value first = arguments[0], second = arguments[1];
  switch (operation) {
  case Operation::Forward:
    return LinearOp::create(builder, loc, types.output, first, second,
                            arguments.size() > 2 ? arguments[2] : Value(),
                            structure, ScheduleAttr());
  case Operation::GradInput:
    return LinearGradInputOp::create(builder, loc, types.input, first, second,
                                     structure, ScheduleAttr());
  case Operation::GradWeight:
    return LinearGradWeightOp::create(builder, loc, types.weights, first,
                                      second, structure, ScheduleAttr());
  }
  return {};
}

class ImportDescriptorPass
    : public impl::ImportDescriptorBase<ImportDescriptorPass> {
public:
  using ImportDescriptorBase::ImportDescriptorBase;

  void runOnOperation() override {
    Descriptor layer;
    std::string problem;
    try {
      layer = loadDescriptor(descriptor);
    } catch (const Error &error) {
      problem = error.what();
    }
    if (problem.empty() && bias && operation != Operation::Forward)
      problem = "bias: only the forward operation has one";
    if (!problem.empty()) {
      getOperation().emitError() << problem;
      return signalPassFailure();
    }
    buildLayerFunction(getOperation(), name, operation, layer.geometry,
                       layer.structure, &layer.active, bias);
  }
};

} // namespace

void buildLayerFunction(ModuleOp module, StringRef name, Operation operation,
                        const Geometry &geometry, const Structure &structure,
                        const ActiveSet *active, bool bias) {
  OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
  Location loc = builder.getUnknownLoc();
  LayerTensors types = tensorsOf(builder, geometry);

  SmallVector<Type> arguments;
  Type result;
  switch (operation) {
  case Operation::Forward:
    arguments = {types.input, types.weights};
    if (bias)
      arguments.push_back(types.bias);
    result = types.output;
    break;
  case Operation::GradInput:
    arguments = {types.output, types.weights};
    result = types.input;
    break;
  case Operation::GradWeight:
    arguments = {types.input, types.output};
    result = types.weights;
    break;
  }

  auto function = func::FuncOp::create(
      builder, loc, name, builder.getFunctionType(arguments, result));
  Block *body = function.addEntryBlock();
  builder.setInsertionPointToStart(body);
  Attribute structureAttribute =
      fromStructure(builder.getContext(), structure, active);
  Value value = geometry.kind == LayerKind::Conv2d
                    ? createConv(builder, loc, operation, geometry, types,
                                 structureAttribute, body->getArguments())
                    : createLinear(builder, loc, operation, types,
                                   structureAttribute, body->getArguments());
  func::ReturnOp::create(builder, loc, value);
}

} // namespace lacuna::ir
