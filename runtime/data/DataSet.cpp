//===- DataSet.cpp - Data sets by name ------------------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Runtime/DataSet.h"

#include "Formats.h"
#include "ImageFolder.h"

#include "lacuna/Support/Error.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace lacuna {

namespace {

/// Where the Debian package dataset-fashion-mnist puts its files.
constexpr const char *kFashionMnistFolder = "/usr/share/datasets/fashion-mnist";
constexpr int64_t kDigits = 10;

void normalise(DataSet &set) {
  Normalisation normalisation = normalisationOf(set.name);
  set.mean = std::move(normalisation.mean);
  set.deviation = std::move(normalisation.deviation);
}

DataSet idxDataSet(const std::string &name, const std::string &folder) {
  DataSet set;
  set.name = name;
  set.train = loadIdx(folder, "train", kDigits);
  set.test = loadIdx(folder, "t10k", kDigits);
  if (set.train.height != set.test.height || set.train.width != set.test.width)
    throw UserError("data set: the images of train and t10k in " + folder +
                    " differ in size (" + std::to_string(set.train.height) +
                    " x " + std::to_string(set.train.width) + " and " +
                    std::to_string(set.test.height) + " x " +
                    std::to_string(set.test.width) +
                    "); the files do not belong together");
  normalise(set);
  return set;
}

constexpr CifarFormat kCifar10 = {
    1, 10, 10000,
    "data_batch_1.bin to data_batch_5.bin and test_batch.bin (CIFAR-10, binary "
    "version)"};
constexpr const char *kCifar100Contents =
    "train.bin and test.bin (CIFAR-100, binary version)";

/// The augmentation that the literature uses.
DataSet cifar100DataSet(const std::string &folder) {
  DataSet set;
  set.name = "cifar100";
  set.train =
      loadCifar({2, 100, 50000, kCifar100Contents}, folder, {"train.bin"});
  set.test =
      loadCifar({2, 100, 10000, kCifar100Contents}, folder, {"test.bin"});
  normalise(set);
  set.augment = true;
  set.pad = 4;
  return set;
}

DataSet cifar10DataSet(const std::string &folder) {
  DataSet set;
  set.name = "cifar10";
  set.train =
      loadCifar(kCifar10, folder,
                {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin",
                 "data_batch_4.bin", "data_batch_5.bin"});
  set.test = loadCifar(kCifar10, folder, {"test_batch.bin"});
  normalise(set);
  set.augment = true;
  set.pad = 4;
  return set;
}

/// Indices of images are 32-bit, and so are those of the pixels of one.
constexpr int64_t kMaxImages = std::numeric_limits<uint32_t>::max();
constexpr int64_t kMaxPixels = std::numeric_limits<int32_t>::max();

/// Calls fail(field and problem) where labels and pixels do not fit.
template <typename Fail> void verifyExtents(const ImageSet &set, Fail fail) {
  if (set.labels.empty())
    fail(": has no images");
  if (set.count() > kMaxImages)
    fail(": has " + std::to_string(set.count()) + " images, the limit is " +
         std::to_string(kMaxImages));
  // Step by step: the whole product may pass 64 bits.
  int64_t room = kMaxPixels;
  for (int64_t extent : {set.channels, set.height, set.width}) {
    if (extent < 1 || extent > room)
      fail(": channels, height and width must be positive, their product at "
           "most " +
           std::to_string(kMaxPixels));
    room /= extent;
  }
  int64_t bytes = set.count() * set.imageBytes();
  if (!set.source && set.images.size() != bytes)
    fail(".images: holds " + std::to_string(set.images.size()) +
         " bytes where " + std::to_string(set.count()) + " labels and " +
         std::to_string(set.imageBytes()) + " pixels each need " +
         std::to_string(bytes));
}

} // namespace

Normalisation normalisationOf(const std::string &dataSet) {
  if (dataSet == "mnist")
    return {{0.1307f}, {0.3081f}};
  if (dataSet == "fashion-mnist")
    return {{0.2860f}, {0.3530f}};
  if (dataSet == "cifar10")
    return {{0.4914f, 0.4822f, 0.4465f}, {0.2023f, 0.1994f, 0.2010f}};
  if (dataSet == "cifar100")
    return {{0.5071f, 0.4865f, 0.4409f}, {0.2673f, 0.2564f, 0.2762f}};
  if (dataSet == "images")
    return {{0.485f, 0.456f, 0.406f}, {0.229f, 0.224f, 0.225f}};
  return {};
}

void Normalisation::verify(int64_t channels) const {
  for (const auto &[field, values] :
       {std::pair("mean", &mean), {"deviation", &deviation}})
    if (static_cast<int64_t>(values->size()) != channels)
      throw UserError(std::string(field) + ": has " +
                      std::to_string(values->size()) +
                      " values, must have one for each of " +
                      std::to_string(channels) + " channels");
  for (float value : mean)
    if (!std::isfinite(value))
      throw UserError("mean: is " + std::to_string(value) + ", must be finite");
  for (float value : deviation)
    if (!(value > 0) || !std::isfinite(value))
      throw UserError("deviation: is " + std::to_string(value) +
                      ", must be positive and finite");
}

void DataSet::verify() const {
  auto fail = [&](const std::string &problem) {
    throw UserError("data set " + name + ": " + problem);
  };
  for (const auto &[part, set] :
       {std::pair("train", &train), {"test", &test}}) {
    std::string where(part);
    verifyExtents(*set,
                  [&](const std::string &problem) { fail(where + problem); });
    for (int64_t i = 0; i < set->count(); ++i)
      if (set->labels[i] >= set->classes)
        fail(where + ".labels[" + std::to_string(i) + "]: is " +
             std::to_string(set->labels[i]) + ", must be below the " +
             std::to_string(set->classes) + " classes");
  }
  if (train.channels != test.channels || train.height != test.height ||
      train.width != test.width || train.classes != test.classes)
    fail("images of train and test differ in shape or classes");
  try {
    Normalisation{mean, deviation}.verify(train.channels);
  } catch (const UserError &error) {
    fail(error.what());
  }
  int64_t most = std::min(train.height, train.width) - 1;
  if (pad < 0 || pad > most)
    fail("pad: is " + std::to_string(pad) + ", must be between 0 and " +
         std::to_string(most) + ", less than height and width");
}

DataSet loadDataSet(const std::string &spec,
                    const ImageFolderOptions &folders) {
  size_t colon = spec.find(':');
  std::string name = spec.substr(0, colon);
  std::string folder = colon == std::string::npos ? "" : spec.substr(colon + 1);
  if (name == "fashion-mnist" && colon == std::string::npos)
    folder = kFashionMnistFolder;
  if (name != "cifar10" && name != "cifar100" && name != "mnist" &&
      name != "fashion-mnist" && name != "images")
    throw UserError("data set: '" + name +
                    "' is not known; use cifar10:DIR, cifar100:DIR, mnist:DIR, "
                    "fashion-mnist[:DIR] or images:DIR");
  if (folder.empty())
    throw UserError("data set: '" + spec + "' names no folder; write " + name +
                    ":DIR");
  if (name == "cifar10")
    return cifar10DataSet(folder);
  if (name == "cifar100")
    return cifar100DataSet(folder);
  if (name == "images")
    return loadImageFolders(folder, folders);
  return idxDataSet(name, folder);
}

void limitImages(ImageSet &set, int64_t images) {
  if (images < 1 || images > set.count())
    throw UserError("number of images: is " + std::to_string(images) +
                    ", must be between 1 and " + std::to_string(set.count()));
  verifyExtents(set, [](const std::string &problem) {
    throw UserError("image set" + problem);
  });
  if (!set.source) {
    Buffer<uint8_t> kept(MemoryKind::Data, images * set.imageBytes());
    std::copy_n(set.images.data(), kept.size(), kept.data());
    set.images = std::move(kept);
  }
  set.labels.resize(static_cast<size_t>(images));
}

} // namespace lacuna
