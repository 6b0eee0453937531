//===- LowerToLoops.cpp - Layer operations to kernels ---------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KernelEmitter.h"

#include "lacuna/Compiler/ScheduleChoice.h"
#include "lacuna/Passes/Passes.h"

#include "mlir/Dialect/Math/IR/Math.h"

#include <optional>

using namespace mlir;

namespace lacuna::ir {

#define GEN_PASS_DEF_LOWERTOLOOPS
#include "lacuna/Passes/Passes.h.inc"

namespace {

class LowerToLoopsPass : public impl::LowerToLoopsBase<LowerToLoopsPass> {
public:
  using LowerToLoopsBase::LowerToLoopsBase;

  void runOnOperation() override {
    if (failed(verifyPlaces()))
      return signalPassFailure();
    SmallVector<func::FuncOp> functions(getOperation().getOps<func::FuncOp>());
    for (func::FuncOp function : functions)
      if (failed(lower(function)))
        return signalPassFailure();
  }

private:
  /// Layers elsewhere would stay what they are, unseen.
  LogicalResult verifyPlaces() {
    WalkResult result = getOperation().walk([&](LayerOpInterface layer) {
      auto function = layer->getParentOfType<func::FuncOp>();
      if (function && function->getParentOp() == getOperation())
        return WalkResult::advance();
      layer->emitOpError() << "must be in a function of the module itself, and "
                              "not of one within it, to become a kernel";
      return WalkResult::interrupt();
    });
    return failure(result.wasInterrupted());
  }

  /// Whether the kernel of the layer can take the function's place: anything
  /// else in it would be lost.
  static bool isWholeFunction(func::FuncOp function, LayerOpInterface layer) {
    if (!llvm::hasSingleElement(function.getBody()))
      return false;
    Block &body = function.front();
    auto isArgument = [&](Value operand) {
      return llvm::is_contained(body.getArguments(), operand);
    };
    return body.getOperations().size() == 2 && layer->getBlock() == &body &&
           llvm::all_of(layer->getOperands(), isArgument) &&
           llvm::equal(body.getTerminator()->getOperands(),
                       layer->getResults());
  }

  LogicalResult lower(func::FuncOp function) {
    SmallVector<LayerOpInterface> layers;
    function.walk([&](LayerOpInterface layer) { layers.push_back(layer); });
    if (layers.empty())
      return success();
    if (layers.size() != 1)
      return function.emitOpError()
             << "must hold one layer operation to become a kernel, not "
             << layers.size();
    LayerOpInterface layer = layers.front();
    if (!isWholeFunction(function, layer))
      return function.emitOpError()
             << "must only apply its layer operation to its arguments and "
                "return the result to become a kernel";
    // A kernel has other arguments, so its callers could not call it.
    if (!SymbolTable::symbolKnownUseEmpty(function, getOperation()))
      return function.emitOpError()
             << "must not be used in its module to become a kernel";
    if (!layer.getScheduleAttribute())
      return layer->emitOpError()
             << "has no schedule: run lacuna-choose-schedule first";

    std::optional<StreamLayout> layout;
    std::string rule;
    try {
      layout.emplace(layer.getKernelOperation(), layer.getGeometry(),
                     toStructure(layer.getStructureAttribute()),
                     toSchedule(layer.getScheduleAttribute()));
    } catch (const ScheduleError &error) {
      rule = error.rule();
    }
    if (!layout)
      return layer->emitOpError() << "cannot follow its schedule: " << rule;

    // Emitted first, such code would take all memory before it is checked.
    if (int64_t count = unrolledMultiplyAdds(*layout, layer.getFusion());
        count > kMaxUnrolledMultiplyAdds)
      return layer->emitOpError()
             << "unrolls about " << count << " multiply-adds, the limit is "
             << kMaxUnrolledMultiplyAdds << ": use a smaller schedule";

    OpBuilder builder(function);
    KernelEmitter emitter(
        builder, function, *layout, layer.getFusion(),
        {laneFactors, unscaledLoads, streamingStores, multiplyAddsInFlight});
    if (layout->operation == Operation::GradWeight)
      emitWeightGradient(emitter);
    else
      emitContraction(emitter);
    ++kernels;
    multiplyAdds += emitter.multiplyAdds();
    function.erase();
    return success();
  }
};

} // namespace
} // namespace lacuna::ir
