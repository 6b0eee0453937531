//===- Npz.cpp - NumPy archives of arrays ---------------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Support/Npz.h"

#include "lacuna/Support/Endings.h"
#include "lacuna/Support/Error.h"

#include <zip.h>

#include <algorithm>
#include <list>

namespace lacuna {

namespace {

constexpr char kSuffix[] = ".npy";
/// What an array may take once it is no longer compressed.
constexpr uint64_t kMaxArrayBytes = uint64_t(1) << 33;

/// 1980-01-01, the first day zip knows: the time of writing is no content.
constexpr uint16_t kDosDate = (1 << 5) | 1, kDosTime = 0;

std::string reasonOf(zip_error_t &error) {
  std::string reason = zip_error_strerror(&error);
  zip_error_fini(&error);
  return reason;
}

} // namespace

struct NpzWriter::Archive {
  zip_source_t *buffer = nullptr;
  zip_t *zip = nullptr;
  /// The archive reads them when it is closed.
  std::list<std::string> files;

  [[noreturn]] void fail() const {
    throw EnvironmentError(std::string("cannot make a .npz archive: ") +
                           (zip ? zip_strerror(zip) : "out of memory"));
  }
};

NpzWriter::NpzWriter() : archive(std::make_unique<Archive>()) {
  archive->buffer = zip_source_buffer_create(nullptr, 0, 0, nullptr);
  if (!archive->buffer)
    archive->fail();
  archive->zip = zip_open_from_source(archive->buffer, ZIP_TRUNCATE, nullptr);
  if (!archive->zip) {
    zip_source_free(archive->buffer);
    archive->fail();
  }
  zip_source_keep(archive->buffer);
}

NpzWriter::~NpzWriter() {
  if (archive->zip)
    zip_discard(archive->zip);
  zip_source_free(archive->buffer);
}

void NpzWriter::add(const std::string &name, const NpyArray &array) {
  verifyInvariant(archive->zip != nullptr, "an archive is finished already");
  archive->files.push_back(formatNpy(array));
  const std::string &file = archive->files.back();
  zip_source_t *source =
      zip_source_buffer(archive->zip, file.data(), file.size(), 0);
  if (!source)
    archive->fail();
  zip_int64_t index = zip_file_add(archive->zip, (name + kSuffix).c_str(),
                                   source, ZIP_FL_ENC_UTF_8);
  if (index < 0) {
    zip_source_free(source);
    archive->fail();
  }
  if (zip_file_set_dostime(archive->zip, static_cast<zip_uint64_t>(index),
                           kDosTime, kDosDate, 0) != 0)
    archive->fail();
}

std::string NpzWriter::finish() {
  verifyInvariant(archive->zip != nullptr, "an archive is finished already");
  if (zip_close(archive->zip) != 0)
    archive->fail();
  archive->zip = nullptr;
  archive->files.clear();
  zip_stat_t status;
  if (zip_source_stat(archive->buffer, &status) != 0 ||
      zip_source_open(archive->buffer) != 0)
    archive->fail();
  std::string bytes(status.size, '\0');
  zip_int64_t got =
      zip_source_read(archive->buffer, bytes.data(), bytes.size());
  zip_source_close(archive->buffer);
  if (got != static_cast<zip_int64_t>(bytes.size()))
    archive->fail();
  return bytes;
}

struct NpzFile::Archive {
  zip_t *zip = nullptr;
  std::map<std::string, zip_uint64_t> arrays;
};

NpzFile::NpzFile(const std::string &path)
    : name(path), archive(std::make_unique<Archive>()) {
  int code = 0;
  archive->zip = zip_open(path.c_str(), ZIP_RDONLY | ZIP_CHECKCONS, &code);
  if (!archive->zip) {
    zip_error_t error;
    zip_error_init_with_code(&error, code);
    throw UserError(path +
                    ": cannot be read as a .npz archive: " + reasonOf(error));
  }
  zip_int64_t entries = zip_get_num_entries(archive->zip, 0);
  for (zip_int64_t i = 0; i < entries; ++i) {
    const char *entry =
        zip_get_name(archive->zip, static_cast<zip_uint64_t>(i), 0);
    std::string file = entry ? entry : "";
    bool fits = endsWith(file, kSuffix);
    if (fits)
      file = withoutEnding(file, kSuffix);
    if (!fits ||
        !archive->arrays.emplace(file, static_cast<zip_uint64_t>(i)).second) {
      zip_discard(archive->zip);
      throw UserError(path + ": entry " + std::to_string(i) +
                      " is no .npy file or is there twice; numpy.savez writes "
                      "such archives, torch.save does not");
    }
  }
}

NpzFile::~NpzFile() { zip_discard(archive->zip); }

std::vector<std::string> NpzFile::names() const {
  std::vector<std::string> result;
  for (const auto &[array, index] : archive->arrays)
    result.push_back(array);
  return result;
}

bool NpzFile::contains(const std::string &array) const {
  return archive->arrays.count(array) > 0;
}

NpyArray NpzFile::read(const std::string &array) {
  std::string where = name + ": " + array;
  auto entry = archive->arrays.find(array);
  if (entry == archive->arrays.end())
    throw UserError(where + ": is missing");
  zip_stat_t status;
  if (zip_stat_index(archive->zip, entry->second, 0, &status) != 0 ||
      !(status.valid & ZIP_STAT_SIZE) || status.size > kMaxArrayBytes)
    throw UserError(where + ": has no size, or one beyond " +
                    std::to_string(kMaxArrayBytes) + " bytes");
  zip_file_t *file = zip_fopen_index(archive->zip, entry->second, 0);
  if (!file)
    throw UserError(where + ": " + zip_strerror(archive->zip));
  // Grows with what is there: the size is a claim of the file.
  std::string bytes;
  constexpr size_t kPiece = size_t(1) << 20;
  zip_int64_t got = 1;
  while (got > 0 && bytes.size() <= status.size) {
    size_t done = bytes.size();
    bytes.resize(done + kPiece);
    got = zip_fread(file, bytes.data() + done, kPiece);
    bytes.resize(done + static_cast<size_t>(std::max<zip_int64_t>(got, 0)));
  }
  std::string reason = got < 0 ? zip_file_strerror(file) : "";
  zip_fclose(file);
  if (got < 0 || bytes.size() != status.size)
    throw UserError(where + ": is damaged: " +
                    (reason.empty() ? "its size is wrong" : reason));
  return parseNpy(bytes, where);
}

} // namespace lacuna
