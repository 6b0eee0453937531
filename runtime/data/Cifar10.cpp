//===- Cifar10.cpp - CIFAR-10, binary version -----------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ByteReader.h"
#include "Formats.h"

#include "lacuna/Support/Error.h"

#include <cstring>
#include <filesystem>
#include <system_error>

namespace lacuna {

namespace {

constexpr int64_t kExtent = 32;
constexpr int64_t kChannels = 3;
constexpr int64_t kClasses = 10;
constexpr int64_t kImagesPerFile = 10000;
constexpr int64_t kRecordBytes = 1 + kChannels * kExtent * kExtent;

} // namespace

ImageSet loadCifar10(const std::string &folder,
                     const std::vector<std::string> &files) {
  ImageSet set;
  set.channels = kChannels;
  set.height = set.width = kExtent;
  set.classes = kClasses;
  int64_t count = static_cast<int64_t>(files.size()) * kImagesPerFile;
  set.images = Buffer<uint8_t>(MemoryKind::Data, count * set.imageBytes());
  set.labels.reserve(static_cast<size_t>(count));

  std::vector<uint8_t> record(static_cast<size_t>(kRecordBytes));
  for (const std::string &file : files) {
    std::string path = (std::filesystem::path(folder) / file).string();
    std::error_code error;
    if (!std::filesystem::is_regular_file(path, error))
      throw UserError("data set: " + path +
                      " does not exist; give the folder that holds "
                      "data_batch_1.bin to data_batch_5.bin and "
                      "test_batch.bin (CIFAR-10, binary version)");
    ByteReader reader(path);
    for (int64_t i = 0; i < kImagesPerFile; ++i) {
      reader.read(record.data(), kRecordBytes, "image " + std::to_string(i));
      verifyLabel(path, i, record[0], kClasses);
      std::memcpy(set.images.data() + set.count() * set.imageBytes(),
                  record.data() + 1, static_cast<size_t>(set.imageBytes()));
      set.labels.push_back(record[0]);
    }
    reader.expectEnd();
  }
  return set;
}

} // namespace lacuna
