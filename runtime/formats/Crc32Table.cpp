//===- Crc32Table.cpp - Checksums of arrays, without zlib -----------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Support/Crc32.h"

#include <array>

namespace lacuna {

namespace {

constexpr uint32_t kPolynomial = 0xedb88320;

constexpr std::array<uint32_t, 256> makeTable() {
  std::array<uint32_t, 256> table{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t remainder = byte;
    for (int bit = 0; bit < 8; ++bit)
      remainder = remainder >> 1 ^ (remainder & 1 ? kPolynomial : 0);
    table[byte] = remainder;
  }
  return table;
}

constexpr std::array<uint32_t, 256> kTable = makeTable();

} // namespace

uint32_t addToCrc32(uint32_t sum, const void *bytes, size_t count) {
  auto byte = static_cast<const unsigned char *>(bytes);
  sum = ~sum;
  for (size_t i = 0; i < count; ++i)
    sum = sum >> 8 ^ kTable[(sum ^ byte[i]) & 255];
  return ~sum;
}

} // namespace lacuna
