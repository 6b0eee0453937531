//===- Selection.cpp - Choosing among units -------------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Selection.h"

#include "lacuna/Support/Error.h"

#include <algorithm>
#include <numeric>

namespace lacuna {

std::vector<uint32_t> largest(const std::vector<double> &scores,
                              int64_t count) {
  verifyInvariant(count >= 0 && count <= static_cast<int64_t>(scores.size()),
                  "more units are to be kept than there are");
  std::vector<uint32_t> order(scores.size());
  std::iota(order.begin(), order.end(), 0u);
  std::nth_element(order.begin(), order.begin() + count, order.end(),
                   [&](uint32_t a, uint32_t b) {
                     return scores[a] != scores[b] ? scores[a] > scores[b]
                                                   : a < b;
                   });
  order.resize(count);
  std::sort(order.begin(), order.end());
  return order;
}

std::vector<uint32_t> sampleDistinct(RandomStream &stream, int64_t population,
                                     int64_t count) {
  verifyInvariant(count >= 0 && count <= population,
                  "more units are to be drawn than there are");
  // Floyd's algorithm: one draw a sample, whatever the population.
  std::vector<bool> chosen(population);
  std::vector<uint32_t> samples;
  samples.reserve(count);
  for (int64_t last = population - count; last < population; ++last) {
    uint32_t draw = stream.below(static_cast<uint32_t>(last + 1));
    uint32_t sample = chosen[draw] ? static_cast<uint32_t>(last) : draw;
    chosen[sample] = true;
    samples.push_back(sample);
  }
  std::sort(samples.begin(), samples.end());
  return samples;
}

std::vector<uint32_t> sampleUntaken(RandomStream &stream, uint32_t first,
                                    uint32_t last, const uint32_t *takenBegin,
                                    const uint32_t *takenEnd, int64_t count) {
  std::vector<uint32_t> samples = sampleDistinct(
      stream, int64_t(last - first) - (takenEnd - takenBegin), count);
  // A sample is a rank among the untaken: as many taken ones as lie below shift
  // it up.
  uint32_t shift = first;
  for (uint32_t &sample : samples) {
    while (takenBegin != takenEnd && *takenBegin <= sample + shift) {
      ++takenBegin;
      ++shift;
    }
    sample += shift;
  }
  return samples;
}

} // namespace lacuna
