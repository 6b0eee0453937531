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

class ImportDescriptorPass
    : public impl::ImportDescriptorBase<ImportDescriptorPass> {
public:
  using ImportDescriptorBase::ImportDescriptorBase;

  void runOnOperation() override {
    Descriptor layer;
    std::string problem;
    if (descriptor.empty())
      problem = "descriptor: is missing, must be a file";
    else if (name.empty())
      problem = "name: is empty, must name a function";
    try {
      if (problem.empty())
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
    if (mlir::Operation *taken = SymbolTable(getOperation()).lookup(name)) {
      taken->emitError() << "has the name '" << name
                         << "' that is asked for: give the layer another";
      return signalPassFailure();
    }
    Fusion fusion;
    fusion.bias = bias;
    buildLayerFunction(getOperation(), name, operation, layer.geometry,
                       layer.structure, &layer.active, fusion);
  }
};

} // namespace

} // namespace lacuna::ir
