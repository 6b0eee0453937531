//===- NetworkCompiler.cpp - A network as one C function ------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Compiler/NetworkCompiler.h"

#include "ModuleCompiler.h"

#include "lacuna/Passes/Passes.h"
#include "lacuna/Runtime/Bundle.h"
#include "lacuna/Support/Error.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace lacuna {

namespace {

using mlir::RankedTensorType;
using mlir::Value;

/// Builds a function of frozen operations, one for each of the network.
class NetworkBuilder {
public:
  NetworkBuilder(mlir::ModuleOp module, const FrozenNetwork &network)
      : builder(mlir::OpBuilder::atBlockEnd(module.getBody())),
        network(network) {}

  void build(const std::string &name) {
    const ImageShape &input = network.input;
    RankedTensorType images =
        tensor({input.channels, input.height, input.width});
    // Linear layers read images flat; a network that starts with one has no
    // use for their shape.
    if (const auto *layer = firstLayer();
        layer && layer->geometry.kind == LayerKind::Linear)
      images = tensor({layer->geometry.inChannels});
    auto function =
        mlir::func::FuncOp::create(builder, builder.getUnknownLoc(), name,
                                   builder.getFunctionType({images}, {}));
    mlir::Block *body = function.addEntryBlock();
    builder.setInsertionPointToStart(body);
    values.push_back(body->getArgument(0));
    for (const FrozenOperation &operation : network.operations) {
      loc = mlir::NameLoc::get(builder.getStringAttr(operation.name));
      values.push_back(
          std::visit([&](const auto &part) { return add(operation, part); },
                     operation.body));
    }
    mlir::func::ReturnOp::create(builder, builder.getUnknownLoc(),
                                 values.back());
    function.setType(
        builder.getFunctionType({images}, values.back().getType()));
  }

private:
  const FrozenLayer *firstLayer() const {
    return std::get_if<FrozenLayer>(&network.operations.front().body);
  }

  RankedTensorType tensor(std::vector<int64_t> shape) {
    shape.insert(shape.begin(), mlir::ShapedType::kDynamic);
    return RankedTensorType::get(shape, builder.getF32Type());
  }

  Value operand(const FrozenOperation &operation, size_t number = 0) {
    return values.at(operation.operands.at(number));
  }
  static RankedTensorType typeOf(Value value) {
    return mlir::cast<RankedTensorType>(value.getType());
  }
  /// Of [batch, channels, height, width].
  Value images(const FrozenOperation &operation) {
    Value value = operand(operation);
    if (typeOf(value).getRank() != 4)
      throw UserError(operation.name + ": needs planes, but comes after a "
                                       "linear layer, and cannot be frozen");
    return value;
  }

  mlir::DenseI64ArrayAttr pair(const Extent2d &extent) {
    return builder.getDenseI64ArrayAttr({extent.height, extent.width});
  }

  Value flat(Value value) {
    RankedTensorType type = typeOf(value);
    if (type.getRank() == 2)
      return value;
    int64_t features =
        type.getDimSize(1) * type.getDimSize(2) * type.getDimSize(3);
    return mlir::tensor::CollapseShapeOp::create(
        builder, loc, tensor({features}), value,
        llvm::ArrayRef<mlir::ReassociationIndices>{{0}, {1, 2, 3}});
  }

  Value add(const FrozenOperation &operation, const FrozenLayer &layer) {
    const Geometry &g = layer.geometry;
    bool linear = g.kind == LayerKind::Linear;
    Value input = linear ? flat(operand(operation)) : images(operation);
    mlir::Attribute structure =
        ir::fromStructure(builder.getContext(), layer.structure, &layer.active);
    Extent2d output = g.output();
    RankedTensorType result =
        linear ? tensor({g.outChannels})
               : tensor({g.outChannels, output.height, output.width});
    mlir::DenseI64ArrayAttr none;
    return ir::FrozenLayerOp::create(
        builder, loc, result, input, /*residual=*/Value(), structure,
        builder.getDenseF32ArrayAttr(layer.values),
        builder.getDenseF32ArrayAttr(layer.bias),
        linear ? none : pair(g.kernel), linear ? none : pair(g.stride),
        linear ? none : pair(g.padding), /*relu=*/nullptr);
  }

  Value add(const FrozenOperation &operation, const FrozenAffine &map) {
    Value input = operand(operation);
    return ir::AffineOp::create(builder, loc, input.getType(), input, map.scale,
                                map.shift, /*relu=*/false);
  }

  Value add(const FrozenOperation &operation, const FrozenRelu &) {
    Value input = operand(operation);
    return ir::ReluOp::create(builder, loc, input.getType(), input);
  }

  Value add(const FrozenOperation &operation, const FrozenMaxPool &pool) {
    Value input = images(operation);
    const operators::PoolWindow &window = pool.window;
    auto pooled = [&](int64_t extent) {
      return ir::MaxPoolOp::outputExtent(extent, window.window, window.stride,
                                         window.padding);
    };
    RankedTensorType type = typeOf(input);
    return ir::MaxPoolOp::create(
        builder, loc,
        tensor({type.getDimSize(1), pooled(type.getDimSize(2)),
                pooled(type.getDimSize(3))}),
        input, window.window, window.stride, window.padding);
  }

  Value add(const FrozenOperation &operation, const FrozenAveragePool &pool) {
    Value input = images(operation);
    RankedTensorType type = typeOf(input);
    return ir::AveragePoolOp::create(
        builder, loc,
        tensor({type.getDimSize(1), type.getDimSize(2) / pool.window,
                type.getDimSize(3) / pool.window}),
        input, pool.window);
  }

  Value add(const FrozenOperation &operation, const FrozenSum &) {
    return mlir::arith::AddFOp::create(builder, loc, operand(operation),
                                       operand(operation, 1));
  }

  mlir::OpBuilder builder;
  mlir::Location loc = builder.getUnknownLoc();
  const FrozenNetwork &network;
  std::vector<Value> values;
};

NetworkStage describe(mlir::DictionaryAttr entry) {
  NetworkStage stage;
  auto text = [&](llvm::StringRef field) {
    auto value = entry.getAs<mlir::StringAttr>(field);
    return value ? value.str() : std::string();
  };
  auto number = [&](llvm::StringRef field) {
    auto value = entry.getAs<mlir::IntegerAttr>(field);
    return value ? value.getInt() : 0;
  };
  stage.layer = text("layer");
  stage.operation = text("operation");
  stage.form = text("form");
  stage.active = number("active");
  stage.weights = number("weights");
  return stage;
}

} // namespace

CompiledNetwork compileNetwork(const NetworkRequest &request,
                               KernelOutput output) {
  if (!isIdentifier(request.name))
    throw UserError("name: '" + request.name +
                    "' must be an identifier of C: it becomes part of names");
  if (request.batch < 1 || request.batch > ir::kMaxBatch)
    throw UserError("batch: is " + std::to_string(request.batch) +
                    ", must be between 1 and " + std::to_string(ir::kMaxBatch));
  if (request.network.operations.empty())
    throw UserError(request.network.name + ": has no layers to freeze");

  ModuleCompiler compiler(request.target, "", request.name);
  NetworkBuilder(*compiler.module, request.network).build(request.name);
  CompiledNetwork result;
  auto floats = [](mlir::Type type) {
    int64_t count = 1;
    for (int64_t extent :
         mlir::cast<RankedTensorType>(type).getShape().drop_front())
      count *= extent;
    return count;
  };
  auto built = *compiler.module->getOps<mlir::func::FuncOp>().begin();
  result.inputFloats = floats(built.getArgumentTypes().front());
  result.outputFloats = floats(built.getResultTypes().front());

  compiler.lower([&](mlir::OpPassManager &manager) {
    ir::buildNetworkPipeline(manager, request.target.description, request.batch,
                             request.bakeLimit);
  });
  for (auto function : compiler.module->getOps<mlir::func::FuncOp>()) {
    if (auto stage =
            function->getAttrOfType<mlir::DictionaryAttr>(ir::kStageAttribute))
      result.stages.push_back(describe(stage));
    if (auto scratch =
            function->getAttrOfType<mlir::IntegerAttr>(ir::kScratchAttribute))
      result.scratchBytes =
          scratch.getInt() * static_cast<int64_t>(sizeof(float));
  }
  result.code = compiler.emit(output);
  return result;
}

} // namespace lacuna
