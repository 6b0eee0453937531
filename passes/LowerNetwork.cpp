//===- LowerNetwork.cpp - Frozen networks to loops ------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "StageEmitter.h"
#include "TargetOptions.h"

#include "lacuna/Passes/Passes.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace lacuna::ir {

#define GEN_PASS_DEF_LOWERNETWORK
#include "lacuna/Passes/Passes.h.inc"

namespace {

constexpr int64_t kMaxBatch = 1 << 16;

class LowerNetworkPass : public impl::LowerNetworkBase<LowerNetworkPass> {
public:
  using LowerNetworkBase::LowerNetworkBase;

  void runOnOperation() override {
    target = {lanes, vectorRegisters, l1Bytes};
    if (!isTarget(target) || batch < 1 || batch > kMaxBatch) {
      emitTargetError(getOperation()) << ", batch between 1 and " << kMaxBatch;
      return signalPassFailure();
    }
    SmallVector<func::FuncOp> networks;
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (function->hasAttr(kScratchAttribute))
        networks.push_back(function);
    for (func::FuncOp network : networks)
      if (failed(lower(network)))
        return signalPassFailure();
  }

private:
  LogicalResult lower(func::FuncOp network) {
    if (network.getNumArguments() != 1 || network.getNumResults() != 1)
      return network.emitOpError() << "must map images to logits";
    Block &body = network.front();
    OpBuilder builder(network);
    auto floats = [&](Type type, int64_t images) {
      return MemRefType::get({PlaneLayout::of(type).floats * images},
                             builder.getF32Type());
    };
    int64_t scratch =
        network->getAttrOfType<IntegerAttr>(kScratchAttribute).getInt();
    SmallVector<Type> operands{
        floats(network.getArgumentTypes()[0], batch),
        floats(network.getResultTypes()[0], batch),
        MemRefType::get({std::max<int64_t>(scratch, 1)}, builder.getF32Type())};
    SmallVector<Type> stageOperands(operands);
    stageOperands.push_back(builder.getIndexType());
    FunctionType stageType = builder.getFunctionType(stageOperands, {});

    places.clear();
    places[body.getArgument(0)] = {
        Storage::Images, 0, PlaneLayout::of(body.getArgument(0).getType())};
    SmallVector<func::FuncOp> calls;
    int64_t number = 0;
    for (mlir::Operation &op : body.without_terminator()) {
      Stage stage(builder, op.getLoc(),
                  (network.getName() + "_stage" + Twine(number)).str(),
                  stageType, target);
      if (auto view = dyn_cast<tensor::CollapseShapeOp>(op)) {
        Storage storage = places.lookup(view.getSrc());
        storage.planes = PlaneLayout::of(view.getResult().getType());
        places[view.getResult()] = storage;
        continue;
      }
      // Functions and tables stand before the network.
      builder.setInsertionPoint(network);
      if (failed(emit(op, stage)))
        return failure();
      stage.functions.front()->setAttr(kStageAttribute, describe(op));
      calls.append(stage.functions);
      ++number;
    }
    builder.setInsertionPoint(network);
    emitEntry(builder, network, operands, calls);
    network.erase();
    return success();
  }

  Storage placeOf(mlir::Operation &op) {
    Storage storage;
    storage.planes = PlaneLayout::of(op.getResult(0).getType());
    auto offset = op.getAttrOfType<IntegerAttr>(kOffsetAttribute);
    storage.kind = offset ? Storage::Scratch : Storage::Logits;
    storage.offset = offset ? offset.getInt() : 0;
    return storage;
  }

  LogicalResult emit(mlir::Operation &op, Stage &stage) {
    if (!isa<FrozenLayerOp, AffineOp, RepackOp, MaxPoolOp, AveragePoolOp>(op))
      return op.emitOpError()
             << "has no place in a lowered network: run lacuna-fold-affine, "
                "lacuna-fuse-epilogue, lacuna-assign-planes and "
                "lacuna-assign-scratch first";
    for (Value operand : op.getOperands())
      if (!places.contains(operand))
        return op.emitOpError() << "reads what lies nowhere";
    stage.source = places.lookup(op.getOperand(0));
    stage.result = placeOf(op);
    places[op.getResult(0)] = stage.result;
    if (auto layer = dyn_cast<FrozenLayerOp>(op))
      return emitLayer(layer, stage);
    if (auto map = dyn_cast<AffineOp>(op))
      emitAffine(stage, map);
    else if (auto pool = dyn_cast<MaxPoolOp>(op))
      emitMaxPool(stage, pool);
    else if (auto pool = dyn_cast<AveragePoolOp>(op))
      emitAveragePool(stage, pool);
    else
      emitRepack(stage);
    return success();
  }

  LogicalResult emitLayer(FrozenLayerOp layer, Stage &stage) {
    if (layer.getResidual())
      stage.residual = places.lookup(layer.getResidual());
    Geometry geometry = layer.getGeometry();
    const PlaneLayout &source = stage.source.planes;
    const PlaneLayout &result = stage.result.planes;
    if (layer.isConvolution() &&
        (stage.source.kind != Storage::Scratch ||
         stage.result.kind != Storage::Scratch ||
         source.rowPitch != result.rowPitch ||
         source.margin.height < geometry.padding.height ||
         source.margin.width < geometry.padding.width ||
         !(source.phases == geometry.stride) ||
         (stage.residual &&
          stage.residual->planes.rowPitch != result.rowPitch)))
      return layer.emitOpError()
             << "lies in planes that it cannot read or write: run "
                "lacuna-assign-planes first";
    ArrayRef<float> values = layer.getValues();
    FrozenPlan plan =
        planFrozenLayer(geometry, toStructure(layer.getStructure()),
                        toActiveSet(layer.getStructure()),
                        std::vector<float>(values.begin(), values.end()),
                        source.rowPitch, target);
    bool baked = isBaked(plan, bakeLimit);
    ++(baked ? layersBaked : layersTabled);
    layer->setAttr("form",
                   StringAttr::get(&getContext(), baked ? "baked" : "tables"));
    if (layer.isConvolution())
      emitFrozenConvolution(stage, plan, layer, baked);
    else
      emitFrozenLinear(stage, plan, layer, baked);
    return success();
  }

  /// What the command reports of a stage.
  DictionaryAttr describe(mlir::Operation &op) {
    Builder builder(&getContext());
    NamedAttrList entries;
    auto name = dyn_cast<NameLoc>(op.getLoc());
    entries.set("layer", name ? name.getName() : builder.getStringAttr(""));
    entries.set("operation",
                builder.getStringAttr(op.getName().stripDialect()));
    if (auto layer = dyn_cast<FrozenLayerOp>(op)) {
      entries.set("form", op.getAttr("form"));
      entries.set("active",
                  builder.getI64IntegerAttr(int64_t(layer.getValues().size())));
      entries.set("weights",
                  builder.getI64IntegerAttr(layer.getGeometry().weights()));
    }
    return entries.getDictionary(&getContext());
  }

  /// The function of the network: all stages for one image after the other.
  void emitEntry(OpBuilder &builder, func::FuncOp network, TypeRange operands,
                 ArrayRef<func::FuncOp> calls) {
    Location loc = network.getLoc();
    auto entry = func::FuncOp::create(builder, loc, network.getName(),
                                      builder.getFunctionType(operands, {}));
    entry->setAttr(kNetworkAttribute, builder.getUnitAttr());
    entry->setAttr(kScratchAttribute, network->getAttr(kScratchAttribute));
    LoopEmitter emitter(builder, loc, lanes);
    Block *body = entry.addEntryBlock();
    emitter.enter(body);
    func::ReturnOp::create(builder, loc);
    builder.setInsertionPoint(body->getTerminator());
    emitter.loop(emitter.constant(0), emitter.constant(batch), 1,
                 [&](Value image) {
                   SmallVector<Value> arguments(body->getArguments());
                   arguments.push_back(image);
                   for (func::FuncOp call : calls)
                     func::CallOp::create(builder, loc, call, arguments);
                 });
  }

  TargetDescription target;
  llvm::DenseMap<Value, Storage> places;
};

} // namespace
} // namespace lacuna::ir
