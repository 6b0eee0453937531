//===- Emission.cpp - From LLVM IR to files -------------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Emission.h"

#include "lacuna/Support/Error.h"

#include "llvm/IR/LegacyPassManager.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"

#include <mutex>

namespace lacuna {

const llvm::Target &backendFor(const std::string &triple) {
  static std::once_flag once;
  std::call_once(once, [] {
    llvm::InitializeAllTargetInfos();
    llvm::InitializeAllTargets();
    llvm::InitializeAllTargetMCs();
    llvm::InitializeAllAsmPrinters();
  });
  std::string problem;
  const llvm::Target *known =
      llvm::TargetRegistry::lookupTarget(llvm::Triple(triple), problem);
  if (!known)
    throw EnvironmentError("this LLVM cannot emit code for " + triple + ": " +
                           problem);
  return *known;
}

std::unique_ptr<llvm::TargetMachine> createMachine(const Target &target) {
  return std::unique_ptr<llvm::TargetMachine>(
      backendFor(target.triple)
          .createTargetMachine(llvm::Triple(target.triple), target.cpu,
                               target.features, llvm::TargetOptions(),
                               llvm::Reloc::PIC_, llvm::CodeModel::Small,
                               llvm::CodeGenOptLevel::Default));
}

std::string emit(llvm::Module &module, llvm::TargetMachine &machine,
                 llvm::CodeGenFileType type) {
  llvm::SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream out(bytes);
  llvm::legacy::PassManager passes;
  if (machine.addPassesToEmitFile(passes, out, nullptr, type))
    throw InternalError("this target emits no such file");
  passes.run(module);
  return std::string(bytes.data(), bytes.size());
}

} // namespace lacuna
