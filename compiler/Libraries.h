//===- Libraries.h - Objects into libraries, files into folders -*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_COMPILER_LIBRARIES_H
#define LACUNA_COMPILER_LIBRARIES_H

#include "lacuna/Compiler/CodePart.h"
#include "lacuna/Compiler/KernelCompiler.h"
#include "lacuna/Runtime/Bundle.h"

#include <map>
#include <string>
#include <vector>

namespace lacuna {

struct NamedObject {
  std::string name; ///< With .o.
  std::string bytes;
};

/// A folder that is written file by file.
class OutputFolder {
public:
  /// Makes the folder. Throws EnvironmentError.
  explicit OutputFolder(const std::string &path);
  void write(const std::string &name, const std::string &content);
  /// The files of the bundle that the folder holds, none if it holds none.
  /// Throws UserError for a manifest.json that is not a bundle's, and would be
  /// overwritten.
  std::vector<std::string> bundledFiles() const;
  /// Removes the manifest of a bundle that is about to be replaced, then those
  /// of its files that are not written yet: until the new one stands, there is
  /// none to load. Throws EnvironmentError.
  void withdrawBundle(const std::vector<std::string> &files);
  /// Removes those of these files that were not written. Throws
  /// EnvironmentError.
  void removeOthers(const std::vector<std::string> &files);
  /// What was written so far.
  const std::map<std::string, BundledFile> &files() const { return written; }

private:
  void remove(const std::string &name);

  std::string path;
  std::map<std::string, BundledFile> written;
};

/// Throws UserError when the target does not have one of the parts.
void checkParts(const CodeParts &parts, const Target &target);

/// A part that is a text for people.
struct TextPart {
  CodePart part;
  KernelOutput output;
  const char *extension;
};

/// Those among the parts.
std::vector<TextPart> textParts(const CodeParts &parts);

/// Writes those of object, archive and shared that are among the parts: the
/// objects, libNAME.a (in the form of Apple's tools for Mach-O), and
/// libNAME.so, which needs no other library: what the objects call must be in
/// them, but for libgcc on 32-bit ARM. Throws EnvironmentError without a linker
/// (ld.lld).
void writeLibraries(const std::vector<NamedObject> &objects,
                    const std::string &name, const CodeParts &parts,
                    const Target &target, OutputFolder &folder);

} // namespace lacuna

#endif // LACUNA_COMPILER_LIBRARIES_H
