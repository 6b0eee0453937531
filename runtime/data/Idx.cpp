//===- Idx.cpp - IDX files: MNIST and its kin -----------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ByteReader.h"
#include "Formats.h"

#include "lacuna/Support/Error.h"

#include <filesystem>
#include <limits>
#include <system_error>

namespace lacuna {

namespace {

constexpr uint32_t kImagesMagic = 0x0803; ///< Unsigned bytes, three axes.
constexpr uint32_t kLabelsMagic = 0x0801; ///< Unsigned bytes, one axis.
constexpr uint32_t kMaxExtent = 4096;
constexpr uint32_t kMaxCount = std::numeric_limits<int32_t>::max();

std::string findFile(const std::string &folder, const std::string &name) {
  std::string plain = (std::filesystem::path(folder) / name).string();
  std::error_code error;
  for (const std::string &path : {plain, plain + ".gz"})
    if (std::filesystem::is_regular_file(path, error))
      return path;
  throw UserError("data set: neither " + plain + " nor " + plain +
                  ".gz exists; give the folder that holds the IDX files");
}

void expectMagic(ByteReader &reader, uint32_t wanted) {
  uint32_t magic = reader.readBigEndian("the magic number");
  if (magic != wanted)
    throw UserError(reader.path() + ": the magic number at byte 0 is " +
                    std::to_string(magic) + ", must be " +
                    std::to_string(wanted) +
                    "; this is not the IDX file that its name promises");
}

int64_t readExtent(ByteReader &reader, const std::string &field,
                   uint32_t maximum) {
  int64_t at = reader.offset();
  uint32_t value = reader.readBigEndian(field);
  if (value < 1 || value > maximum)
    throw UserError(reader.path() + ": " + field + " at byte " +
                    std::to_string(at) + " is " + std::to_string(value) +
                    ", must be between 1 and " + std::to_string(maximum) +
                    "; the file is damaged or not supported");
  return value;
}

} // namespace

void verifyLabel(const std::string &path, int64_t image, Label label,
                 int64_t classes) {
  if (label >= classes)
    throw UserError(path + ": the label of image " + std::to_string(image) +
                    " is " + std::to_string(label) + ", must be below " +
                    std::to_string(classes) +
                    "; the file is damaged: fetch it again");
}

ImageSet loadIdx(const std::string &folder, const std::string &prefix,
                 int64_t classes) {
  ByteReader images(findFile(folder, prefix + "-images-idx3-ubyte"));
  ByteReader labels(findFile(folder, prefix + "-labels-idx1-ubyte"));

  expectMagic(images, kImagesMagic);
  int64_t count = readExtent(images, "the number of images", kMaxCount);
  ImageSet set;
  set.channels = 1;
  set.height = readExtent(images, "the number of rows", kMaxExtent);
  set.width = readExtent(images, "the number of columns", kMaxExtent);
  set.classes = classes;

  expectMagic(labels, kLabelsMagic);
  int64_t labelCount = readExtent(labels, "the number of labels", kMaxCount);
  if (labelCount != count)
    throw UserError(labels.path() + ": the number of labels at byte 4 is " +
                    std::to_string(labelCount) + ", but " + images.path() +
                    " holds " + std::to_string(count) +
                    " images; the two files do not belong together");

  images.requireRoomFor(count * set.imageBytes(), "pixels");
  set.images = Buffer<uint8_t>(MemoryKind::Data, count * set.imageBytes());
  images.read(set.images.data(), set.images.size(), "pixels");
  images.expectEnd();

  labels.requireRoomFor(count, "labels");
  std::vector<uint8_t> bytes(static_cast<size_t>(count));
  labels.read(bytes.data(), count, "labels");
  labels.expectEnd();
  set.labels.assign(bytes.begin(), bytes.end());
  for (int64_t i = 0; i < count; ++i)
    verifyLabel(labels.path(), i, set.labels[static_cast<size_t>(i)], classes);
  return set;
}

} // namespace lacuna
