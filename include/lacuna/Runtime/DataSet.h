//===- DataSet.h - Labelled images, checked while loaded --------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Data files are not trusted: whatever is missing, cut short, too long, damaged
// or out of range is a UserError that names the file and the place in it.
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_RUNTIME_DATASET_H
#define LACUNA_RUNTIME_DATASET_H

#include "lacuna/Runtime/Label.h"
#include "lacuna/Runtime/Memory.h"

#include <cstdint>
#include <string>
#include <vector>

namespace lacuna {

/// Images of bytes, [images][channels][height][width], one label each.
struct ImageSet {
  int64_t channels = 0;
  int64_t height = 0;
  int64_t width = 0;
  int64_t classes = 0;
  Buffer<uint8_t> images;
  std::vector<Label> labels; ///< Each below `classes`.

  int64_t count() const { return static_cast<int64_t>(labels.size()); }
  int64_t imageBytes() const { return channels * height * width; }
};

struct DataSet {
  std::string name;
  ImageSet train, test; ///< Of the same shape.
  /// Per channel, of pixels / 255.
  std::vector<float> mean, deviation;
  /// Whether training crops from images padded by `pad` and flips them.
  bool augment = false;
  int64_t pad = 0;
};

/// Loads "cifar10:DIR" (the binary version), "mnist:DIR" or
/// "fashion-mnist[:DIR]" (IDX files, plain or .gz; without DIR, where the
/// Debian package dataset-fashion-mnist puts them).
DataSet loadDataSet(const std::string &spec);

/// Drops all but the first `images` images. UserError unless there are as many
/// and at least one.
void limitImages(ImageSet &set, int64_t images);

} // namespace lacuna

#endif // LACUNA_RUNTIME_DATASET_H
