//===- TemporaryFolder.h - Files for another program ------------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_COMPILER_TEMPORARYFOLDER_H
#define LACUNA_COMPILER_TEMPORARYFOLDER_H

#include "lacuna/Support/Error.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"

#include <string>

namespace lacuna {

/// A folder that goes, with its files, at the end of a scope.
class TemporaryFolder {
public:
  TemporaryFolder() {
    if (std::error_code error =
            llvm::sys::fs::createUniqueDirectory("lacuna", root))
      throw EnvironmentError("cannot make a temporary folder: " +
                             error.message());
  }
  ~TemporaryFolder() { (void)llvm::sys::fs::remove_directories(root); }
  TemporaryFolder(const TemporaryFolder &) = delete;
  TemporaryFolder &operator=(const TemporaryFolder &) = delete;

  std::string path() const { return root.str().str(); }
  std::string file(const std::string &name) const {
    return path() + "/" + name;
  }

private:
  llvm::SmallString<128> root;
};

} // namespace lacuna

#endif // LACUNA_COMPILER_TEMPORARYFOLDER_H
