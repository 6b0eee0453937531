//===- LayerBuilderTest.cpp - Fusions that layers are built with ----------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Passes/Passes.h"
#include "lacuna/Support/Error.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Pass/PassManager.h"

#include <gtest/gtest.h>

#include <vector>

namespace lacuna {
namespace {

/// Every combination of flags.
std::vector<Fusion> allFusions() {
  std::vector<Fusion> result{Fusion()};
  size_t flag = 0;
  Fusion::forEach(result.front(), [&](const char *, bool &) { ++flag; });
  for (size_t bits = 1; bits < size_t(1) << flag; ++bits) {
    Fusion fusion;
    size_t bit = 0;
    Fusion::forEach(fusion, [&](const char *, bool &wanted) {
      wanted = (bits >> bit++ & 1) != 0;
    });
    result.push_back(fusion);
  }
  return result;
}

class LayerBuilderTest : public ::testing::Test {
protected:
  LayerBuilderTest() {
    context.loadDialect<ir::LacunaDialect, mlir::func::FuncDialect,
                        mlir::arith::ArithDialect>();
  }

  /// What the one layer of the function does once its neighbours are fused.
  Fusion fused(Operation operation, const Geometry &geometry,
               const Fusion &fusion) {
    mlir::OwningOpRef<mlir::ModuleOp> module =
        mlir::ModuleOp::create(mlir::UnknownLoc::get(&context));
    ir::buildLayerFunction(*module, "layer", operation, geometry,
                           Structure::unstructured(), nullptr, fusion);
    mlir::PassManager manager(&context);
    manager.addPass(ir::createFuseNormalise());
    manager.addPass(ir::createFuseStatistics());
    manager.addPass(ir::createFuseAccumulate());
    manager.addPass(ir::createFuseNormGradient());
    EXPECT_TRUE(mlir::succeeded(manager.run(*module)));
    std::vector<Fusion> layers;
    module->walk([&](ir::LayerOpInterface layer) {
      layers.push_back(layer.getFusion());
    });
    EXPECT_EQ(layers.size(), 1u);
    return layers.empty() ? Fusion() : layers.front();
  }

  mlir::MLIRContext context;
};

/// None is lost in silence.
TEST_F(LayerBuilderTest, FusesAllThatIsAskedForOrRefuses) {
  Geometry conv = Geometry::conv2d(4, 4, {6, 6}, {3, 3}, {1, 1}, {1, 1});
  size_t built = 0, refused = 0;
  for (const Geometry &geometry : {conv, Geometry::linear(4, 4)})
    for (Operation operation : kAllOperations)
      for (const Fusion &fusion : allFusions()) {
        try {
          EXPECT_EQ(fused(operation, geometry, fusion), fusion)
              << operationName(operation);
          ++built;
        } catch (const InternalError &error) {
          EXPECT_FALSE(fusion.suits(operation, geometry.kind)) << error.what();
          ++refused;
        }
      }
  // Of a convolution 8, 6 and 2, of a linear layer 2, 1 and 1.
  EXPECT_EQ(built, 20u);
  EXPECT_EQ(refused, 6u * 64u - 20u);
}

} // namespace
} // namespace lacuna
