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
#include "llvm/Support/MathExtras.h"

#include <optional>

using namespace mlir;

namespace lacuna::ir {

#define GEN_PASS_DEF_LOWERNETWORK
#include "lacuna/Passes/Passes.h.inc"

namespace {

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
    if (failed(verifyNetwork(network)))
      return failure();
    if (network.getNumArguments() != 1 || network.getNumResults() != 1 ||
        !isPlain(network.getArgumentTypes()[0]) ||
        !isPlain(network.getResultTypes()[0]))
      return network.emitOpError()
             << "must map images to logits, both without planes";
    // The loops have other arguments, so its callers could not call them.
    if (!SymbolTable::symbolKnownUseEmpty(network, getOperation()))
      return network.emitOpError()
             << "must not be used in its module to be lowered";
    std::optional<int64_t> floatsOfScratch =
        countOf(network, kScratchAttribute);
    if (!floatsOfScratch)
      return network.emitOpError()
             << kScratchAttribute << " must be a number of floats";
    scratch = *floatsOfScratch;
    Block &body = network.front();
    logits = viewed(body.getTerminator()->getOperand(0));
    if (isa<BlockArgument>(logits))
      return network.emitOpError() << "must compute what it returns";
    OpBuilder builder(network);
    auto floats = [&](Type type, int64_t images) {
      return MemRefType::get({PlaneLayout::of(type).floats * images},
                             builder.getF32Type());
    };
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
    std::string stageName = freePrefix((network.getName() + "_stage").str());
    int64_t number = 0;
    for (mlir::Operation &op : body.without_terminator()) {
      Stage stage(builder, op.getLoc(), stageName + std::to_string(number),
                  stageType, target);
      if (auto view = dyn_cast<tensor::CollapseShapeOp>(op)) {
        if (failed(placeView(view)))
          return failure();
        continue;
      }
      // Functions and tables stand before the network.
      builder.setInsertionPoint(network);
      FailureOr<DictionaryAttr> description = emit(op, stage);
      if (failed(description))
        return failure();
      stage.functions.front()->setAttr(kStageAttribute, *description);
      calls.append(stage.functions);
      ++number;
    }
    builder.setInsertionPoint(network);
    emitEntry(builder, network, operands, calls);
    network.erase();
    return success();
  }

  /// What no symbol of the module begins with: `name`, or longer.
  std::string freePrefix(std::string name) {
    while (llvm::any_of(getOperation().getOps<SymbolOpInterface>(),
                        [&](SymbolOpInterface symbol) {
                          return symbol.getName().starts_with(name);
                        }))
      name += "_";
    return name;
  }

  static bool isPlain(Type type) {
    return !cast<RankedTensorType>(type).getEncoding();
  }

  static std::optional<int64_t> countOf(mlir::Operation *op, StringRef name) {
    auto count = op->getAttrOfType<IntegerAttr>(name);
    if (!count || !count.getType().isSignlessInteger(64) || count.getInt() < 0)
      return std::nullopt;
    return count.getInt();
  }

  static Value viewed(Value value) {
    while (auto view = value.getDefiningOp<tensor::CollapseShapeOp>())
      value = view.getSrc();
    return value;
  }

  /// A view lies where what it views does.
  LogicalResult placeView(tensor::CollapseShapeOp view) {
    Storage storage = places.lookup(view.getSrc());
    PlaneLayout planes = PlaneLayout::of(view.getResult().getType());
    if (!isPlain(view.getSrcType()) || planes.floats != storage.planes.floats)
      return view.emitOpError()
             << "must flatten images without planes: run lacuna-assign-planes "
                "first";
    storage.planes = planes;
    places[view.getResult()] = storage;
    return success();
  }

  /// The logits, or where lacuna-assign-scratch has put the result.
  FailureOr<Storage> placeOf(mlir::Operation &op) {
    Storage storage;
    storage.planes = PlaneLayout::of(op.getResult(0).getType());
    storage.kind =
        op.getResult(0) == logits ? Storage::Logits : Storage::Scratch;
    if (op.hasAttr(kOffsetAttribute) != (storage.kind == Storage::Scratch))
      return op.emitOpError() << "must have " << kOffsetAttribute
                              << " unless the network returns its result: run "
                                 "lacuna-assign-scratch first";
    if (storage.kind == Storage::Logits)
      return storage;
    std::optional<int64_t> offset = countOf(&op, kOffsetAttribute);
    if (!offset || *offset > scratch - storage.planes.floats - kReadSlack)
      return op.emitOpError() << kOffsetAttribute << " must leave room for "
                              << storage.planes.floats << " + " << kReadSlack
                              << " of the " << scratch << " floats of scratch";
    storage.offset = *offset;
    if (failed(verifyDisjoint(op, storage)))
      return failure();
    return storage;
  }

  /// Nothing may be written over what is still to be read, the operands of the
  /// writer included. What is cleared is so in whole vectors.
  LogicalResult verifyDisjoint(mlir::Operation &op, const Storage &storage) {
    auto end = [&](const Storage &place) {
      return place.offset +
             static_cast<int64_t>(llvm::alignTo(place.planes.floats, lanes));
    };
    for (mlir::Operation &earlier :
         llvm::make_range(op.getBlock()->begin(), mlir::Block::iterator(op))) {
      Storage place = places.lookup(earlier.getResult(0));
      mlir::Operation *reader = lastReader(earlier.getResult(0));
      if (place.kind != Storage::Scratch || !reader ||
          reader->isBeforeInBlock(&op))
        continue;
      if (storage.offset < end(place) && place.offset < end(storage)) {
        InFlightDiagnostic problem =
            op.emitOpError() << kOffsetAttribute
                             << " puts its result over a tensor that is still "
                                "to be read: run lacuna-assign-scratch";
        problem.attachNote(earlier.getLoc()) << "which this makes";
        return problem;
      }
    }
    return success();
  }

  FailureOr<DictionaryAttr> emit(mlir::Operation &op, Stage &stage) {
    if (!isa<FrozenLayerOp, AffineOp, RepackOp, MaxPoolOp, AveragePoolOp>(op))
      return op.emitOpError()
             << "has no place in a lowered network: run lacuna-fold-affine, "
                "lacuna-fuse-epilogue, lacuna-assign-planes and "
                "lacuna-assign-scratch first";
    FailureOr<Storage> place = placeOf(op);
    if (failed(place))
      return failure();
    stage.source = places.lookup(op.getOperand(0));
    stage.result = places[op.getResult(0)] = *place;

    if (auto layer = dyn_cast<FrozenLayerOp>(op)) {
      FailureOr<bool> baked = emitLayer(layer, stage);
      if (failed(baked))
        return failure();
      return describe(op, *baked ? "baked" : "tables");
    }
    if (auto map = dyn_cast<AffineOp>(op))
      emitAffine(stage, map);
    else if (auto pool = dyn_cast<MaxPoolOp>(op))
      emitMaxPool(stage, pool);
    else if (auto pool = dyn_cast<AveragePoolOp>(op))
      emitAveragePool(stage, pool);
    else
      emitRepack(stage);
    return describe(op, "");
  }

  /// What the command reports of a stage. `form`: of layers only.
  DictionaryAttr describe(mlir::Operation &op, StringRef form) {
    Builder builder(&getContext());
    NamedAttrList entries;
    auto name = dyn_cast<NameLoc>(op.getLoc());
    entries.set("layer", name ? name.getName() : builder.getStringAttr(""));
    entries.set("operation",
                builder.getStringAttr(op.getName().stripDialect()));
    if (auto layer = dyn_cast<FrozenLayerOp>(op)) {
      entries.set("form", builder.getStringAttr(form));
      entries.set("active",
                  builder.getI64IntegerAttr(int64_t(layer.getValues().size())));
      entries.set("weights",
                  builder.getI64IntegerAttr(layer.getGeometry().weights()));
    }
    return entries.getDictionary(&getContext());
  }

  /// Gives whether the layer was baked.
  FailureOr<bool> emitLayer(FrozenLayerOp layer, Stage &stage) {
    if (layer.getResidual())
      stage.residual = places.lookup(layer.getResidual());
    Geometry geometry = layer.getGeometry();
    const PlaneLayout &source = stage.source.planes;
    const PlaneLayout &result = stage.result.planes;
    auto isInReach = [&](const Storage &storage) {
      return storage.kind == Storage::Scratch &&
             storage.planes.rowPitch == result.rowPitch &&
             storage.planes.takesVectors(lanes);
    };
    if (layer.isConvolution() &&
        (!isInReach(stage.source) || !isInReach(stage.result) ||
         (stage.residual && !isInReach(*stage.residual)) ||
         source.margin.height < geometry.padding.height ||
         source.margin.width < geometry.padding.width ||
         !(source.phases == geometry.stride)))
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
    if (layer.isConvolution())
      emitFrozenConvolution(stage, plan, layer, baked);
    else
      emitFrozenLinear(stage, plan, layer, baked);
    return baked;
  }

  /// The function of the network: all stages for one image after the other.
  void emitEntry(OpBuilder &builder, func::FuncOp network, TypeRange operands,
                 ArrayRef<func::FuncOp> calls) {
    Location loc = network.getLoc();
    auto entry = func::FuncOp::create(
        builder, loc, network.getName(), builder.getFunctionType(operands, {}),
        llvm::to_vector(network->getDiscardableAttrs()));
    entry.setVisibility(network.getVisibility());
    entry->setAttr(kNetworkAttribute, builder.getUnitAttr());
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
  // Of the network that is being lowered.
  int64_t scratch = 0;
  Value logits;
  llvm::DenseMap<Value, Storage> places;
};

} // namespace
} // namespace lacuna::ir
