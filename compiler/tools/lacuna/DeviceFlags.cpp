//===- DeviceFlags.cpp - For which device, in which form ------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DeviceFlags.h"

#include <map>

namespace lacuna {

static const std::map<std::string, CodePart> kParts = {
    {"mlir", CodePart::Mlir},       {"llvm", CodePart::Llvm},
    {"asm", CodePart::Assembly},    {"obj", CodePart::Object},
    {"archive", CodePart::Archive}, {"shared", CodePart::Shared}};

Target DeviceFlags::target() const { return crossTarget(triple, cpu); }

CodeParts DeviceFlags::parts(const Target &target) const {
  CodeParts parts;
  for (const std::string &name : emit)
    parts.insert(kParts.at(name));
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
  app.add_option("--emit", flags.emit,
                 "Any of mlir,llvm,asm,obj,archive,shared; default "
                 "archive,shared")
      ->delimiter(',')
      ->check(CLI::IsMember(kParts));
}

} // namespace lacuna
