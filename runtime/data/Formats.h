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

/// One of the binary versions of CIFAR: records of labels, a byte each of which
/// the last is the finest, and of 32x32 pixels, colour by colour.
struct CifarFormat {
  int64_t labels;
  int64_t classes;
  int64_t imagesPerFile;
  const char *contents; ///< What a folder holds, for messages.
};

/// The files of one version, one after another.
ImageSet loadCifar(const CifarFormat &format, const std::string &folder,
                   const std::vector<std::string> &files);

/// Throws UserError naming file and image.
void verifyLabel(const std::string &path, int64_t image, Label label,
                 int64_t classes);

} // namespace lacuna

#endif // LACUNA_RUNTIME_DATA_FORMATS_H
