//===- WithoutCodecs.cpp - Builds without codecs --------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ByteReader.h"
#include "ImageDecoder.h"

#include "lacuna/Support/Error.h"

namespace lacuna {

std::shared_ptr<ByteReader::Inflater>
ByteReader::makeInflater(const std::string &path) {
  throw EnvironmentError(path + ": this build of Lacuna has no zlib; "
                                "decompress the file with gunzip");
}

int64_t ByteReader::inflateSome(uint8_t *, int64_t) {
  throw InternalError("a build without zlib has no inflater");
}

DecodedImage decodeImage(const std::string &path) {
  throw EnvironmentError(path + ": this build of Lacuna reads no images "
                                "(LACUNA_WITH_CODECS is off)");
}

} // namespace lacuna
