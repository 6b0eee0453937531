//===- BundleWriter.h - Kernels compiled offline ----------------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_COMPILER_BUNDLEWRITER_H
#define LACUNA_COMPILER_BUNDLEWRITER_H

#include "lacuna/Compiler/CodePart.h"
#include "lacuna/Compiler/Target.h"
#include "lacuna/Runtime/Bundle.h"

#include <string>
#include <vector>

namespace lacuna {

struct BundleRequest {
  std::string name = "kernels"; ///< A C identifier.
  Target target;
  std::vector<KernelRequest> kernels;
  CodeParts parts;
  int threads = 1; ///< Kernels compiled at once.
};

/// The requests, each once, and for every layer, operation and fusion among
/// them the stream kernel that serves structures which have no kernel.
std::vector<KernelRequest>
withStreamKernels(const std::vector<KernelRequest> &requests);

/// Compiles the kernels and writes the folder: the parts asked for, and with
/// any of object, archive and shared also NAME.h and the manifest. The manifest
/// is removed first and written last, so a folder that has one is whole. Throws
/// UserError for a bad name or a part that the target does not have,
/// EnvironmentError when the folder cannot be written or the linker (ld.lld) is
/// missing.
BundleManifest writeBundle(const BundleRequest &request,
                           const std::string &directory);

} // namespace lacuna

#endif // LACUNA_COMPILER_BUNDLEWRITER_H
