//===- Inflater.cpp - Compressed data files, by zlib ----------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ByteReader.h"

#include "lacuna/Support/Error.h"

#include <zlib.h>

#include <algorithm>
#include <array>

namespace lacuna {

namespace {

/// zlib: the largest window, in a gzip wrapping.
constexpr int kGzipWindow = 15 + 16;

} // namespace

/// A gzip file is one or more members end to end.
struct ByteReader::Inflater {
  Inflater() {
    if (inflateInit2(&stream, kGzipWindow) != Z_OK)
      throw EnvironmentError("out of memory: zlib cannot start; free some "
                             "memory and try again");
  }
  ~Inflater() { inflateEnd(&stream); }
  Inflater(const Inflater &) = delete;
  Inflater &operator=(const Inflater &) = delete;

  z_stream stream{};
  std::array<uint8_t, 1 << 16> input;
  bool insideMember = true;
  bool atEnd = false;
};

std::shared_ptr<ByteReader::Inflater>
ByteReader::makeInflater(const std::string &) {
  return std::make_shared<Inflater>();
}

int64_t ByteReader::inflateSome(uint8_t *destination, int64_t count) {
  constexpr int64_t kMaxPiece = 1 << 30;
  z_stream &stream = inflater->stream;
  int64_t done = 0;
  while (done < count && !inflater->atEnd) {
    if (stream.avail_in == 0) {
      stream.next_in = inflater->input.data();
      stream.avail_in = static_cast<unsigned>(
          readFile(inflater->input.data(),
                   static_cast<int64_t>(inflater->input.size())));
    }
    if (stream.avail_in == 0) {
      if (inflater->insideMember)
        throw UserError(path() + ": the gzip stream is cut short after byte " +
                        std::to_string(position + done) +
                        " (decompressed); fetch the file again");
      inflater->atEnd = true;
      break;
    }
    inflater->insideMember = true;
    unsigned piece = static_cast<unsigned>(std::min(count - done, kMaxPiece));
    stream.next_out = destination + done;
    stream.avail_out = piece;
    int status = inflate(&stream, Z_NO_FLUSH);
    done += piece - stream.avail_out;
    if (status == Z_STREAM_END) {
      inflater->insideMember = false;
      status = inflateReset(&stream);
    }
    if (status != Z_OK)
      throw UserError(path() + ": the gzip stream is damaged after byte " +
                      std::to_string(position + done) + " (decompressed): " +
                      (stream.msg ? stream.msg : zError(status)) +
                      "; fetch the file again");
  }
  return done;
}

} // namespace lacuna
