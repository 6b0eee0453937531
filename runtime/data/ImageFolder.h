//===- ImageFolder.h - A folder of images for each class --------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_RUNTIME_DATA_IMAGEFOLDER_H
#define LACUNA_RUNTIME_DATA_IMAGEFOLDER_H

#include "lacuna/Runtime/DataSet.h"

#include <string>

namespace lacuna {

/// FOLDER/train/CLASS/IMAGE and FOLDER/val/CLASS/IMAGE: see loadDataSet().
/// Classes are numbered in the order of their names. Images are listed class by
/// class in turn, so that the first few are a fair sample.
DataSet loadImageFolders(const std::string &folder,
                         const ImageFolderOptions &options);

} // namespace lacuna

#endif // LACUNA_RUNTIME_DATA_IMAGEFOLDER_H
