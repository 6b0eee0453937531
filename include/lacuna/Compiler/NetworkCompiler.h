//===- NetworkCompiler.h - A network as one C function ----------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_COMPILER_NETWORKCOMPILER_H
#define LACUNA_COMPILER_NETWORKCOMPILER_H

#include "lacuna/Compiler/CodePart.h"
#include "lacuna/Compiler/KernelCompiler.h"
#include "lacuna/Compiler/Target.h"
#include "lacuna/Runtime/FrozenNetwork.h"

#include <string>
#include <vector>

namespace lacuna {

/// A function `int NAME_run(const float *images, float *logits, void *scratch)`
/// to be compiled. Images are [batch][channels][height][width], logits
/// [batch][classes]. It allocates nothing, calls nothing and keeps no state.
struct NetworkRequest {
  std::string name = "network"; ///< A C identifier.
  FrozenNetwork network;
  Target target;
  int64_t batch = 1;
  /// Most bytes of code a layer is baked into, up to 128 KB; beyond it walks
  /// tables. 0: none is baked. Negative: a default.
  int64_t bakeLimit = -1;
  /// Of each channel of the images it was trained on, of pixels / 255: told in
  /// the header. Empty where they are not known.
  std::vector<float> mean, deviation;
};

/// What became of one operation.
struct NetworkStage {
  std::string layer;     ///< It comes from.
  std::string operation; ///< As the dialect calls it.
  /// Of frozen layers: "baked" or "tables", active weights and all.
  std::string form;
  int64_t active = 0, weights = 0;
};

struct CompiledNetwork {
  std::string code; ///< An object, or the form asked for.
  int64_t scratchBytes = 0;
  int64_t inputFloats = 0, outputFloats = 0; ///< Of one image.
  std::vector<NetworkStage> stages;
};

/// Throws UserError for a bad name or batch, or a network that cannot be
/// frozen, naming the layer.
CompiledNetwork compileNetwork(const NetworkRequest &request,
                               KernelOutput output = KernelOutput::Object);

/// Writes the parts asked for, as libNAME.a, libNAME.so, NAME.o, NAME.s,
/// NAME.ll or NAME.mlir, and NAME.h. Throws as compileNetwork() does, UserError
/// for a part that the target does not have, EnvironmentError when the folder
/// cannot be written or the linker (ld.lld) is missing.
CompiledNetwork writeNetwork(const NetworkRequest &request,
                             const CodeParts &parts,
                             const std::string &directory);

} // namespace lacuna

#endif // LACUNA_COMPILER_NETWORKCOMPILER_H
