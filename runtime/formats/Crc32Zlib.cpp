//===- Crc32Zlib.cpp - Checksums of arrays, by zlib -----------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Support/Crc32.h"

#include <zlib.h>

namespace lacuna {

uint32_t addToCrc32(uint32_t sum, const void *bytes, size_t count) {
  return static_cast<uint32_t>(
      crc32_z(sum, static_cast<const Bytef *>(bytes), count));
}

} // namespace lacuna
