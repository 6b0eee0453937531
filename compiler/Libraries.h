//===- Libraries.h - Objects into libraries, files into folders -*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_COMPILER_LIBRARIES_H
#define LACUNA_COMPILER_LIBRARIES_H

#include "lacuna/Runtime/Bundle.h"

#include "llvm/TargetParser/Triple.h"

#include <map>
#include <string>
#include <vector>

namespace lacuna {

struct NamedObject {
  std::string name; ///< With .o.
  std::string bytes;
};

/// A static library. `darwin`: in the form of Apple's tools.
std::string archiveOf(const std::vector<NamedObject> &objects, bool darwin);

/// An ELF shared object that needs no other: what the objects call must be in
/// them, but for libgcc on 32-bit ARM. Throws EnvironmentError without a linker
/// (ld.lld).
std::string sharedObjectOf(const std::vector<NamedObject> &objects,
                           const std::string &name, const llvm::Triple &triple);

/// A folder that is written file by file. Whoever needs to tell a whole folder
/// writes a manifest last; one that is there already is removed at the start.
class OutputFolder {
public:
  /// Makes the folder. Throws EnvironmentError.
  explicit OutputFolder(const std::string &path);
  void write(const std::string &name, const std::string &content);
  /// What was written so far.
  const std::map<std::string, BundledFile> &files() const { return written; }

private:
  std::string path;
  std::map<std::string, BundledFile> written;
};

} // namespace lacuna

#endif // LACUNA_COMPILER_LIBRARIES_H
