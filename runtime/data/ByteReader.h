//===- ByteReader.h - A data file, plain or compressed ----------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_RUNTIME_DATA_BYTEREADER_H
#define LACUNA_RUNTIME_DATA_BYTEREADER_H

#include "lacuna/Support/Files.h"

#include <cstdint>
#include <memory>
#include <string>

namespace lacuna {

/// Reads a file from its beginning to its end; one whose name ends in .gz is
/// decompressed. Offsets count decompressed bytes.
class ByteReader {
public:
  /// Throws UserError unless `path` is a regular file, EnvironmentError when it
  /// cannot be opened, or is compressed in a build without zlib.
  explicit ByteReader(const std::string &path);

  const std::string &path() const { return file.path(); }
  int64_t offset() const { return position; }

  /// Reads exactly `count` bytes of `what`, or throws UserError.
  void read(uint8_t *destination, int64_t count, const std::string &what);
  /// A big-endian 32-bit number.
  uint32_t readBigEndian(const std::string &what);
  /// Throws UserError unless `count` bytes of `what` can follow: to be asked
  /// before memory is allocated on the word of a header.
  void requireRoomFor(int64_t count, const std::string &what) const;
  /// Throws UserError unless everything was read and, where compressed, the
  /// checksums hold.
  void expectEnd();

private:
  struct Inflater;

  static std::shared_ptr<Inflater> makeInflater(const std::string &path);
  int64_t readSome(uint8_t *destination, int64_t count);
  int64_t inflateSome(uint8_t *destination, int64_t count);
  int64_t readFile(uint8_t *destination, int64_t count);

  InputFile file;
  int64_t position = 0;
  std::shared_ptr<Inflater> inflater; ///< Compressed files only.
};

} // namespace lacuna

#endif // LACUNA_RUNTIME_DATA_BYTEREADER_H
