//===- Formats.h - Readers of the data file formats -------------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_RUNTIME_DATA_FORMATS_H
#define LACUNA_RUNTIME_DATA_FORMATS_H

#include "lacuna/Runtime/DataSet.h"

#include <string>
#include <vector>

namespace lacuna {

/// The pair PREFIX-images-idx3-ubyte and PREFIX-labels-idx1-ubyte, each plain
/// or .gz, of grey images.
ImageSet loadIdx(const std::string &folder, const std::string &prefix,
                 int64_t classes);

/// The files of CIFAR-10's binary version, one after another.
ImageSet loadCifar10(const std::string &folder,
                     const std::vector<std::string> &files);

/// Throws UserError naming file and image.
void verifyLabel(const std::string &path, int64_t image, Label label,
                 int64_t classes);

} // namespace lacuna

#endif // LACUNA_RUNTIME_DATA_FORMATS_H
