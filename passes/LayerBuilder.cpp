//===- LayerBuilder.cpp - Functions with one layer operation --------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Passes/Passes.h"
#include "lacuna/Support/Error.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace lacuna::ir {

namespace {

/// Builds a layer operation and, as operations of their own, the neighbours
/// that the fusion passes then move into it.
class LayerBuilder {
public:
  LayerBuilder(ModuleOp module, const Geometry &geometry)
      : builder(OpBuilder::atBlockEnd(module.getBody())),
        loc(builder.getUnknownLoc()), geometry(geometry) {}

  void build(StringRef name, Operation operation, Attribute structure,
             const Fusion &fusion) {
    auto function = func::FuncOp::create(builder, loc, name,
                                         builder.getFunctionType({}, {}));
    body = function.addEntryBlock();
    builder.setInsertionPointToStart(body);
    SmallVector<Value> results;
    switch (operation) {
    case Operation::Forward:
      results = forward(structure, fusion);
      break;
    case Operation::GradInput:
      results = gradInput(structure, fusion);
      break;
    case Operation::GradWeight:
      results = gradWeight(structure, fusion);
      break;
    }
    func::ReturnOp::create(builder, loc, results);
    function.setFunctionType(builder.getFunctionType(
        body->getArgumentTypes(), ValueRange(results).getTypes()));
  }

private:
  bool isLinear() const { return geometry.kind == LayerKind::Linear; }

  RankedTensorType tensor(ArrayRef<int64_t> shape) {
    return RankedTensorType::get(shape, builder.getF32Type());
  }
  RankedTensorType activations(int64_t channels, const Extent2d &plane) {
    constexpr int64_t batch = ShapedType::kDynamic;
    return isLinear() ? tensor({batch, channels})
                      : tensor({batch, channels, plane.height, plane.width});
  }
  RankedTensorType inputType() {
    return activations(geometry.inChannels, geometry.input);
  }
  RankedTensorType outputType() {
    return activations(geometry.outChannels, geometry.output());
  }
  RankedTensorType weightType() {
    return isLinear() ? tensor({geometry.outChannels, geometry.inChannels})
                      : tensor({geometry.outChannels, geometry.inChannels,
                                geometry.kernel.height, geometry.kernel.width});
  }
  Value argument(Type type) { return body->addArgument(type, loc); }

  DenseI64ArrayAttr pair(const Extent2d &extent) {
    return builder.getDenseI64ArrayAttr({extent.height, extent.width});
  }

  /// Scale and shift are the last arguments.
  Value normalised(Value input) {
    RankedTensorType channels = tensor({geometry.inChannels});
    Value scale = argument(channels), shift = argument(channels);
    return NormaliseOp::create(builder, loc, inputType(), input, scale, shift);
  }

  SmallVector<Value> forward(Attribute structure, const Fusion &fusion) {
    Value input = argument(inputType()), weights = argument(weightType());
    Value bias;
    if (fusion.bias)
      bias = argument(tensor({geometry.outChannels}));
    if (isLinear())
      return {LinearOp::create(builder, loc, outputType(), input, weights, bias,
                               structure, ScheduleAttr())};
    if (fusion.normalise)
      input = normalised(input);
    auto conv = Conv2dOp::create(
        builder, loc, outputType(), /*statistics=*/Type(), input, weights, bias,
        /*scale=*/Value(), /*shift=*/Value(), structure, pair(geometry.stride),
        pair(geometry.padding), ScheduleAttr());
    SmallVector<Value> results{conv.getResult()};
    if (fusion.statistics)
      results.push_back(ChannelSumsOp::create(
          builder, loc, tensor({geometry.outChannels, 2}), conv.getResult()));
    return results;
  }

  SmallVector<Value> gradInput(Attribute structure, const Fusion &fusion) {
    Value gradient = argument(outputType()), weights = argument(weightType());
    if (isLinear())
      return {LinearGradInputOp::create(builder, loc, inputType(), gradient,
                                        weights, structure, ScheduleAttr())};
    Value result =
        Conv2dGradInputOp::create(
            builder, loc, inputType(), /*sums=*/Type(), gradient, weights,
            /*addend=*/Value(), /*normInput=*/Value(), /*mean=*/Value(),
            /*scale=*/Value(), /*shift=*/Value(), /*normOutput=*/Value(),
            structure, pair(geometry.stride), pair(geometry.padding),
            ScheduleAttr())
            .getResult();
    if (fusion.accumulate)
      result =
          arith::AddFOp::create(builder, loc, result, argument(inputType()));
    if (!fusion.normGradient)
      return {result};
    RankedTensorType channels = tensor({geometry.inChannels});
    Value input = argument(inputType()), mean = argument(channels);
    Value scale, shift, output;
    if (fusion.normResidual) {
      output = argument(inputType());
    } else {
      scale = argument(channels);
      shift = argument(channels);
    }
    auto norm = NormGradientOp::create(builder, loc, inputType(),
                                       tensor({geometry.inChannels, 2}), result,
                                       input, mean, scale, shift, output);
    return {norm.getResult(), norm.getSums()};
  }

  SmallVector<Value> gradWeight(Attribute structure, const Fusion &fusion) {
    Value input = argument(inputType()), gradient = argument(outputType());
    if (isLinear())
      return {LinearGradWeightOp::create(builder, loc, weightType(), input,
                                         gradient, structure, ScheduleAttr())};
    if (fusion.normalise)
      input = normalised(input);
    return {Conv2dGradWeightOp::create(
        builder, loc, weightType(), input, gradient, /*scale=*/Value(),
        /*shift=*/Value(), structure, pair(geometry.stride),
        pair(geometry.padding), ScheduleAttr())};
  }

  OpBuilder builder;
  Location loc;
  const Geometry &geometry;
  Block *body = nullptr;
};

} // namespace

void buildLayerFunction(ModuleOp module, StringRef name, Operation operation,
                        const Geometry &geometry, const Structure &structure,
                        const ActiveSet *active, const Fusion &fusion) {
  verifyInvariant(fusion.suits(operation, geometry.kind),
                  "a layer is to be built with neighbours that its operation "
                  "cannot have");
  LayerBuilder(module, geometry)
      .build(name, operation,
             fromStructure(module.getContext(), structure, active), fusion);
}

} // namespace lacuna::ir
