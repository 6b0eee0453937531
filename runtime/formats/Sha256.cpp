//===- Sha256.cpp - Digests of files and manifests ------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Support/Sha256.h"

#include <array>
#include <cstdint>

namespace lacuna {

namespace {

constexpr size_t kBlockBytes = 64;

constexpr uint32_t kRoundConstants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
    0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
    0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
    0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
    0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
    0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
    0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
    0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
    0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

uint32_t rotated(uint32_t value, int bits) {
  return value >> bits | value << (32 - bits);
}

class Hasher {
public:
  void add(const uint8_t *block) {
    uint32_t words[64];
    for (int i = 0; i < 16; ++i)
      words[i] = uint32_t(block[4 * i]) << 24 |
                 uint32_t(block[4 * i + 1]) << 16 |
                 uint32_t(block[4 * i + 2]) << 8 | block[4 * i + 3];
    for (int i = 16; i < 64; ++i) {
      uint32_t a = words[i - 15], b = words[i - 2];
      words[i] = words[i - 16] + words[i - 7] +
                 (rotated(a, 7) ^ rotated(a, 18) ^ a >> 3) +
                 (rotated(b, 17) ^ rotated(b, 19) ^ b >> 10);
    }
    std::array<uint32_t, 8> s = state;
    for (int i = 0; i < 64; ++i) {
      uint32_t mixed = rotated(s[4], 6) ^ rotated(s[4], 11) ^ rotated(s[4], 25);
      uint32_t first = s[7] + mixed + ((s[4] & s[5]) ^ (~s[4] & s[6])) +
                       kRoundConstants[i] + words[i];
      mixed = rotated(s[0], 2) ^ rotated(s[0], 13) ^ rotated(s[0], 22);
      uint32_t second = mixed + ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
      s = {first + second, s[0], s[1], s[2], s[3] + first, s[4], s[5], s[6]};
    }
    for (int i = 0; i < 8; ++i)
      state[i] += s[i];
  }

  std::string hexadecimal() const {
    constexpr char kDigits[] = "0123456789abcdef";
    std::string text;
    for (uint32_t word : state)
      for (int shift = 28; shift >= 0; shift -= 4)
        text += kDigits[word >> shift & 15];
    return text;
  }

private:
  std::array<uint32_t, 8> state = {0x6a09e667, 0xbb67ae85, 0x3c6ef372,
                                   0xa54ff53a, 0x510e527f, 0x9b05688c,
                                   0x1f83d9ab, 0x5be0cd19};
};

} // namespace

std::string sha256(std::string_view bytes) {
  Hasher hasher;
  auto data = reinterpret_cast<const uint8_t *>(bytes.data());
  size_t whole = bytes.size() / kBlockBytes * kBlockBytes;
  for (size_t at = 0; at < whole; at += kBlockBytes)
    hasher.add(data + at);
  std::string tail(bytes.substr(whole));
  tail += '\x80';
  while (tail.size() % kBlockBytes != kBlockBytes - 8)
    tail += '\0';
  for (int shift = 56; shift >= 0; shift -= 8)
    tail += static_cast<char>(uint64_t(bytes.size()) * 8 >> shift & 255);
  for (size_t at = 0; at < tail.size(); at += kBlockBytes)
    hasher.add(reinterpret_cast<const uint8_t *>(tail.data()) + at);
  return hasher.hexadecimal();
}

} // namespace lacuna
