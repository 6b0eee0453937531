//===- Random.cpp - Counter-based random numbers --------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Runtime/Random.h"

#include "lacuna/Support/Error.h"

#include <cmath>
#include <cstring>
#include <utility>

namespace lacuna {

namespace {

constexpr uint64_t kMultiplier0 = 0xD2511F53;
constexpr uint64_t kMultiplier1 = 0xCD9E8D57;
constexpr uint32_t kWeyl0 = 0x9E3779B9;
constexpr uint32_t kWeyl1 = 0xBB67AE85;
constexpr int kRounds = 10;
constexpr double kTwoPi = 6.283185307179586476925;

constexpr size_t kWords = 4, kCounters = 4;
using Numbers = std::array<uint32_t, kWords>;
/// One word of all counters.
using Words [[gnu::vector_size(kCounters * sizeof(uint64_t))]] = uint64_t;

/// Turns counters into random numbers. The rounds of one wait for one another;
/// those of several run side by side, in vectors whose elements have room for a
/// product: compilers leave loops over them scalar.
void philox(std::array<Numbers, kCounters> &counters,
            std::array<uint32_t, 2> key) {
  constexpr uint64_t kLow = 0xFFFFFFFF;
  // Upper halves of elements hold what is of no use. Not a std::array: g++
  // drops the attribute of a template's argument.
  Words words[kWords];
  for (size_t word = 0; word < kWords; ++word)
    for (size_t i = 0; i < kCounters; ++i)
      words[word][i] = counters[i][word];
  for (int round = 0; round < kRounds; ++round) {
    Words product0 = kMultiplier0 * (words[0] & kLow);
    Words product1 = kMultiplier1 * (words[2] & kLow);
    words[0] = (product1 >> 32) ^ words[1] ^ key[0];
    words[1] = product1;
    words[2] = (product0 >> 32) ^ words[3] ^ key[1];
    words[3] = product0;
    key[0] += kWeyl0;
    key[1] += kWeyl1;
  }
  for (size_t word = 0; word < kWords; ++word)
    for (size_t i = 0; i < kCounters; ++i)
      counters[i][word] = static_cast<uint32_t>(words[word][i]);
}

} // namespace

std::array<uint32_t, 4> philox4x32(std::array<uint32_t, 4> counter,
                                   std::array<uint32_t, 2> key) {
  std::array<Numbers, kCounters> numbers{counter};
  philox(numbers, key);
  return numbers.front();
}

RandomStream::RandomStream(uint64_t seed, RandomPurpose purpose, uint32_t a,
                           uint32_t b)
    : counter{0, static_cast<uint32_t>(purpose), a, b},
      key{static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)},
      block{} {}

void RandomStream::refill() {
  std::array<Numbers, kCounters> numbers;
  static_assert(sizeof numbers == sizeof block);
  for (Numbers &each : numbers) {
    each = counter;
    ++counter[0];
  }
  // A wrapped counter would repeat the stream.
  verifyInvariant(counter[0] != 0, "a random stream ran out of numbers");
  philox(numbers, key);
  std::memcpy(block.data(), numbers.data(), sizeof block);
  used = 0;
}

// Lemire, "Fast random integer generation in an interval", 2019.
uint32_t RandomStream::below(uint32_t bound) {
  verifyInvariant(bound > 0, "RandomStream::below: bound is zero");
  uint64_t product = uint64_t(next()) * bound;
  if (static_cast<uint32_t>(product) < bound) {
    uint32_t threshold = (0u - bound) % bound;
    while (static_cast<uint32_t>(product) < threshold)
      product = uint64_t(next()) * bound;
  }
  return static_cast<uint32_t>(product >> 32);
}

float RandomStream::uniform() {
  return static_cast<float>(next() >> 8) * 0x1p-24f;
}

// Box-Muller, in double so that the rounding to float hides differences
// between mathematics libraries.
float RandomStream::normal() {
  if (hasSpareNormal) {
    hasSpareNormal = false;
    return spareNormal;
  }
  double radial = (next() + 0.5) * 0x1p-32;
  double angle = next() * 0x1p-32 * kTwoPi;
  double radius = std::sqrt(-2.0 * std::log(radial));
  spareNormal = static_cast<float>(radius * std::sin(angle));
  hasSpareNormal = true;
  return static_cast<float>(radius * std::cos(angle));
}

void RandomStream::shuffle(std::vector<uint32_t> &elements) {
  for (size_t left = elements.size(); left > 1; --left)
    std::swap(elements[left - 1], elements[below(static_cast<uint32_t>(left))]);
}

} // namespace lacuna
