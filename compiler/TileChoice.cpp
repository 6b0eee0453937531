//===- TileChoice.cpp - A tile that suits a plane -------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TileChoice.h"

#include <algorithm>

namespace lacuna {

TileChoice chooseTile(const KernelTraits &kernel, int64_t pixels,
                      int64_t widest) {
  const Extent2d &plane = kernel.plane;
  TileChoice best;
  double bestCost = 0;
  auto packedPerPixel = [&](int64_t h, int64_t w) {
    return double((kernel.step.height * (h - 1) + kernel.border.height) *
                  (kernel.step.width * (w - 1) + kernel.border.width)) /
           double(h * w);
  };
  for (int64_t h = 1; h <= std::min(plane.height, pixels); ++h)
    for (int64_t w = 1; w <= std::min({plane.width, widest, pixels / h}); ++w) {
      if (plane.height % h != 0 || plane.width % w != 0)
        continue;
      // A pixel more shortens every item's overhead, a packed vector costs
      // about as much as an FMA or two.
      double cost = 64.0 / double(h * w) + packedPerPixel(h, w);
      if (bestCost == 0 || cost < bestCost) {
        bestCost = cost;
        best = {h, w};
      }
    }
  constexpr int64_t kFewPixels = 8;
  if (best.height * best.width >=
      std::min({kFewPixels, pixels, kernel.planePixels}))
    return best;
  int64_t side = pixels >= 16 ? 4 : 3;
  best.height = std::min(plane.height, side);
  best.width = std::min({plane.width, widest, pixels / best.height});
  best.height = std::min(plane.height, pixels / best.width);
  return best;
}

} // namespace lacuna
