//===- Crc32.h - Checksums of arrays  ---------------------------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_SUPPORT_CRC32_H
#define LACUNA_SUPPORT_CRC32_H

#include <cstddef>
#include <cstdint>

namespace lacuna {

/// Continues the CRC-32 of gzip and PNG, `sum` being 0 at the start. zlib's, or
/// a slower one of our own in builds without zlib.
uint32_t addToCrc32(uint32_t sum, const void *bytes, size_t count);

} // namespace lacuna

#endif // LACUNA_SUPPORT_CRC32_H
