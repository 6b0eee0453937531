//===- DataSet.h - Labelled images, checked while loaded --------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Data files are not trusted: whatever is missing, cut short, too long, damaged
// or out of range is a UserError that names the file and the place in it. What
// the system will not open or read is an EnvironmentError.
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_RUNTIME_DATASET_H
#define LACUNA_RUNTIME_DATASET_H

#include "lacuna/Runtime/Label.h"
#include "lacuna/Runtime/Memory.h"
#include "lacuna/Runtime/ThreadPool.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace lacuna {

/// Which random numbers a training image gets.
struct AugmentationKey {
  uint64_t seed;
  int epoch;
};

/// Images that are read when they are needed.
class ImageSource {
public:
  virtual ~ImageSource() = default;

  /// Writes images index[0] ... index[count - 1] of a set to `pixels`,
  /// [count][channels][height][width]. With a key they are random crops, the
  /// same for the same key, otherwise the centre. Throws UserError naming the
  /// file that cannot be read or decoded. Thread-safe.
  virtual void load(ThreadPool &pool, const uint32_t *index, int64_t count,
                    const AugmentationKey *key, uint8_t *pixels) = 0;

  /// Tells the first `count` images from others without decoding them: a CRC-32
  /// of where they come from and how long their files are. Throws UserError
  /// naming a file that is not there.
  virtual uint32_t fingerprint(int64_t count) const = 0;
};

/// Images of bytes, [images][channels][height][width], one label each.
struct ImageSet {
  int64_t channels = 0;
  int64_t height = 0;
  int64_t width = 0;
  int64_t classes = 0;
  Buffer<uint8_t> images; ///< Empty when there is a source.
  std::shared_ptr<ImageSource> source;
  std::vector<Label> labels; ///< Each below `classes`.

  int64_t count() const { return static_cast<int64_t>(labels.size()); }
  int64_t imageBytes() const { return channels * height * width; }
};

struct DataSet {
  std::string name;
  ImageSet train, test; ///< Of the same shape.
  /// Per channel, of pixels / 255.
  std::vector<float> mean, deviation;
  /// Whether training crops from images padded by `pad`, or as their source
  /// does, and flips them.
  bool augment = false;
  int64_t pad = 0; ///< Less than height and width.

  /// Throws UserError naming the field that does not fit the others, which is
  /// only possible in a set that is not of loadDataSet().
  void verify() const;
};

/// What is subtracted from pixels / 255 of each channel, and what they are then
/// divided by.
struct Normalisation {
  std::vector<float> mean, deviation;

  /// Throws UserError naming the field unless both have one finite value for
  /// each channel, those of deviation positive.
  void verify(int64_t channels) const;
};

/// That of a data set by name ("cifar10", ...), as the literature has it. Empty
/// for a name that is not known.
Normalisation normalisationOf(const std::string &dataSet);

struct ImageFolderOptions {
  int64_t imageSize = 224; ///< Height and width that images are brought to.
  /// What decoded images may take in memory, for training and test images each.
  int64_t cacheBytes = int64_t(1) << 30;

  /// Throws UserError naming the flag of `lacuna train` that is out of range.
  void verify() const;
};

/// Loads "cifar10:DIR" or "cifar100:DIR" (the binary versions), "mnist:DIR" or
/// "fashion-mnist[:DIR]" (IDX files, plain or .gz; without DIR, where the
/// Debian package dataset-fashion-mnist puts them), or "images:DIR": JPEG and
/// PNG files DIR/train/CLASS/... and DIR/val/CLASS/..., listed now and read
/// when they are needed.
DataSet loadDataSet(const std::string &spec,
                    const ImageFolderOptions &folders = {});

/// Drops all but the first `images` images. UserError unless there are as many
/// and at least one, or where labels and pixels of the set do not fit.
void limitImages(ImageSet &set, int64_t images);

} // namespace lacuna

#endif // LACUNA_RUNTIME_DATASET_H
