//===- Divisors.h - Division of extents -------------------------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_SUPPORT_DIVISORS_H
#define LACUNA_SUPPORT_DIVISORS_H

#include <algorithm>
#include <cstdint>

namespace lacuna {

/// How many pieces of `size` hold `total`, the last one perhaps in part.
/// total >= 0, size > 0.
constexpr int64_t ceilDiv(int64_t total, int64_t size) {
  return (total + size - 1) / size;
}

/// The largest divisor of `value` that is at most `limit`. Both at least 1.
constexpr int64_t largestDivisor(int64_t value, int64_t limit) {
  int64_t divisor = std::min(value, limit);
  while (value % divisor != 0)
    --divisor;
  return divisor;
}

} // namespace lacuna

#endif // LACUNA_SUPPORT_DIVISORS_H
