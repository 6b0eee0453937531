//===- ByteReader.cpp - A data file, plain or compressed ------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ByteReader.h"

#include "lacuna/Support/Error.h"

#include <algorithm>
#include <array>
#include <filesystem>

namespace lacuna {

namespace {

/// Deflate cannot expand its input further.
constexpr int64_t kMaxExpansion = 1032;

bool isCompressed(const std::string &path) {
  return std::filesystem::path(path).extension() == ".gz";
}

} // namespace

ByteReader::ByteReader(const std::string &path) : file(path) {
  if (isCompressed(path))
    inflater = makeInflater(path);
}

int64_t ByteReader::readFile(uint8_t *destination, int64_t count) {
  count = std::min(count, file.size() - file.offset());
  file.read(destination, count);
  return count;
}

/// Returns fewer bytes than asked for only at the end.
int64_t ByteReader::readSome(uint8_t *destination, int64_t count) {
  return inflater ? inflateSome(destination, count)
                  : readFile(destination, count);
}

void ByteReader::read(uint8_t *destination, int64_t count,
                      const std::string &what) {
  int64_t got = readSome(destination, count);
  if (got != count)
    throw UserError(path() + ": ends at byte " +
                    std::to_string(position + got) + ", within " + what + " (" +
                    std::to_string(count) + " bytes from byte " +
                    std::to_string(position) +
                    "); the file is truncated: fetch it again");
  position += count;
}

uint32_t ByteReader::readBigEndian(const std::string &what) {
  std::array<uint8_t, 4> bytes;
  read(bytes.data(), 4, what);
  return uint32_t(bytes[0]) << 24 | uint32_t(bytes[1]) << 16 |
         uint32_t(bytes[2]) << 8 | uint32_t(bytes[3]);
}

void ByteReader::requireRoomFor(int64_t count, const std::string &what) const {
  int64_t possible =
      inflater ? file.size() * kMaxExpansion : file.size() - position;
  if (count > possible)
    throw UserError(path() + ": at byte " + std::to_string(position) + ", " +
                    what + " should take " + std::to_string(count) +
                    " bytes, but the file holds at most " +
                    std::to_string(possible) +
                    "; it is truncated or its header is wrong: fetch it again");
}

void ByteReader::expectEnd() {
  uint8_t extra;
  if (readSome(&extra, 1) != 0)
    throw UserError(path() + ": should end at byte " +
                    std::to_string(position) +
                    ", but more follows; the header is wrong or the file is "
                    "not what its name says: fetch it again");
}

} // namespace lacuna
