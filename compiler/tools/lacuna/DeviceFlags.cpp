//===- DeviceFlags.cpp - For which device, in which form ------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DeviceFlags.h"

#include "CommandLine.h"

namespace lacuna {

static const Choices<CodePart> kParts = {
    {"mlir", CodePart::Mlir},       {"llvm", CodePart::Llvm},
    {"asm", CodePart::Assembly},    {"obj", CodePart::Object},
    {"archive", CodePart::Archive}, {"shared", CodePart::Shared}};

Target DeviceFlags::target() const { return crossTarget(triple, cpu); }

CodeParts DeviceFlags::parts(const Target &target) const {
  CodeParts parts(emit.begin(), emit.end());
  if (!parts.empty())
    return parts;
  parts.insert(CodePart::Archive);
  // Said by `lacuna targets`; whoever asks for it by name gets an error.
  if (target.triple.find("apple") == std::string::npos)
    parts.insert(CodePart::Shared);
  return parts;
}

void addDeviceFlags(CLI::App &app, DeviceFlags &flags) {
  app.add_option("--target", flags.triple,
                 "Triple, or a name that `lacuna targets` lists; default this "
                 "machine");
  app.add_option("--cpu", flags.cpu,
                 "CPU as LLVM names it; default the target's least");
  addChoices(app, "--emit", flags.emit, kParts,
             "A list of what to write; default archive,shared");
}

} // namespace lacuna
