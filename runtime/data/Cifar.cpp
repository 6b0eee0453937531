//===- Cifar.cpp - CIFAR-10 and CIFAR-100, binary version -----------------===//
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
} // namespace

ImageSet loadCifar(const CifarFormat &format, const std::string &folder,
                   const std::vector<std::string> &files) {
  ImageSet set;
  set.channels = kChannels;
  set.height = set.width = kExtent;
  set.classes = format.classes;
  int64_t count = static_cast<int64_t>(files.size()) * format.imagesPerFile;
  set.images = Buffer<uint8_t>(MemoryKind::Data, count * set.imageBytes());
  set.labels.reserve(static_cast<size_t>(count));

  int64_t recordBytes = format.labels + set.imageBytes();
  std::vector<uint8_t> record(static_cast<size_t>(recordBytes));
  for (const std::string &file : files) {
    std::string path = (std::filesystem::path(folder) / file).string();
    std::error_code error;
    if (!std::filesystem::is_regular_file(path, error))
      throw UserError("data set: " + path +
                      " does not exist; give the folder that holds " +
                      format.contents);
    ByteReader reader(path);
    for (int64_t i = 0; i < format.imagesPerFile; ++i) {
      reader.read(record.data(), recordBytes, "image " + std::to_string(i));
      uint8_t label = record[size_t(format.labels - 1)];
      verifyLabel(path, i, label, format.classes);
      std::memcpy(set.images.data() + set.count() * set.imageBytes(),
                  record.data() + format.labels,
                  static_cast<size_t>(set.imageBytes()));
      set.labels.push_back(label);
    }
    reader.expectEnd();
  }
  return set;
}

} // namespace lacuna
