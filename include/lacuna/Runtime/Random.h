//===- Random.h - Counter-based random numbers ------------------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3",
// SC 2011). A stream is named by what it is for, so random state never needs
// saving: (seed, purpose, a, b) says it all.
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_RUNTIME_RANDOM_H
#define LACUNA_RUNTIME_RANDOM_H

#include <array>
#include <cstdint>
#include <vector>

namespace lacuna {

enum class RandomPurpose : uint32_t {
  Initialisation,
  InitialMask,
  Growth,
  Shuffle,
  Augmentation,
  Test,
  Noise,
  Sample,
  Removal,
  Crop,
};

/// The generator itself: a bijection of 128-bit counters for each 64-bit key.
std::array<uint32_t, 4> philox4x32(std::array<uint32_t, 4> counter,
                                   std::array<uint32_t, 2> key);

/// A stream of random numbers: (seed, purpose, a, b), for instance a = epoch,
/// b = layer. Streams that differ in any of these are independent.
class RandomStream {
public:
  RandomStream(uint64_t seed, RandomPurpose purpose, uint32_t a = 0,
               uint32_t b = 0);

  uint32_t next() {
    if (used == kBlock)
      refill();
    return block[used++];
  }
  /// Uniform in [0, bound), without bias. bound > 0.
  uint32_t below(uint32_t bound);
  /// Uniform in [0, 1).
  float uniform();
  /// Standard normal.
  float normal();
  /// Puts the elements in an order drawn from all orders (Fisher and Yates).
  void shuffle(std::vector<uint32_t> &elements);

private:
  void refill();

  static constexpr unsigned kBlock = 16; ///< Of four counters.
  std::array<uint32_t, 4> counter;
  std::array<uint32_t, 2> key;
  std::array<uint32_t, kBlock> block;
  unsigned used = kBlock;
  bool hasSpareNormal = false;
  float spareNormal = 0;
};

} // namespace lacuna

#endif // LACUNA_RUNTIME_RANDOM_H
