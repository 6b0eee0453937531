//===- Cases.cpp - Structures and geometries under test -------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Cases.h"

#include <algorithm>

namespace lacuna::testing {

std::vector<KernelPattern> unevenPatterns(int64_t taps) {
  auto last = static_cast<uint8_t>(taps - 1);
  KernelPattern all, even;
  for (uint8_t tap = 0; tap < taps; ++tap) {
    all.push_back(tap);
    if (tap % 2 == 0)
      even.push_back(tap);
  }
  std::vector<KernelPattern> library{{0}, all, even};
  if (last > 0)
    library.push_back({0, last});
  return library;
}

std::vector<NamedStructure> structuresFor(const Geometry &geometry) {
  std::vector<NamedStructure> result{
      {"dense", Structure::dense()},
      {"unstructured", Structure::unstructured()},
      {"channel", Structure::channel()},
      {"connectivity", Structure::pattern(connectivityPattern(geometry))},
      {"uneven", Structure::pattern(unevenPatterns(geometry.taps()))},
  };
  if (geometry.kernel == Extent2d{3, 3})
    result.push_back({"mest8", Structure::pattern(mestPatterns())});
  std::vector<int64_t> rows{1, 2, 3, 4, 8};
  if (std::find(rows.begin(), rows.end(), geometry.outChannels) == rows.end())
    rows.push_back(geometry.outChannels);
  for (int64_t row : rows)
    if (geometry.outChannels % row == 0)
      result.push_back({"block" + std::to_string(row), Structure::block(row)});
  return result;
}

std::vector<NamedGeometry> geometries() {
  std::vector<NamedGeometry> result;
  auto add = [&](int64_t in, int64_t out, Extent2d plane, Extent2d kernel,
                 Extent2d stride, Extent2d padding, int64_t images) {
    auto pair = [](const Extent2d &e) {
      return std::to_string(e.height) + "x" + std::to_string(e.width);
    };
    result.push_back(
        {"k" + pair(kernel) + "_s" + pair(stride) + "_p" + pair(padding) +
             "_on_" + pair(plane) + "_" + std::to_string(in) + "to" +
             std::to_string(out) + "_n" + std::to_string(images),
         Geometry::conv2d(in, out, plane, kernel, stride, padding), images});
  };
  // Square kernels, padded to keep the plane, at both strides.
  for (int64_t k = 1; k <= 7; ++k)
    for (int64_t s : {1, 2})
      add(3 + k, 8, {8 + k % 2, 7}, {k, k}, {s, s}, {(k - 1) / 2, (k - 1) / 2},
          4 + k);
  // Oblong kernels, strides and paddings.
  add(4, 6, {5, 9}, {3, 1}, {1, 1}, {1, 0}, 5);
  add(4, 6, {9, 5}, {1, 3}, {2, 1}, {0, 1}, 17);
  add(3, 4, {11, 6}, {5, 2}, {1, 2}, {4, 1}, 3);
  add(3, 4, {6, 11}, {2, 7}, {2, 2}, {1, 6}, 3);
  add(2, 3, {10, 10}, {1, 7}, {2, 1}, {0, 0}, 1);
  add(5, 12, {7, 9}, {1, 1}, {2, 2}, {0, 0}, 16);
  // Padding as wide as it may be, and none.
  add(4, 4, {4, 6}, {3, 3}, {1, 1}, {2, 2}, 9);
  add(4, 4, {4, 6}, {3, 3}, {2, 2}, {2, 2}, 9);
  add(4, 4, {6, 8}, {3, 3}, {2, 2}, {0, 0}, 9);
  add(2, 4, {7, 7}, {7, 7}, {2, 2}, {0, 0}, 2);
  // Planes smaller than a tile, which span batch blocks.
  add(9, 8, {1, 1}, {3, 3}, {1, 1}, {1, 1}, 70);
  add(9, 8, {2, 2}, {3, 3}, {1, 1}, {1, 1}, 40);
  add(9, 8, {2, 2}, {3, 3}, {2, 2}, {1, 1}, 40);
  add(5, 8, {1, 1}, {3, 3}, {2, 2}, {1, 1}, 20);
  add(5, 8, {1, 5}, {3, 3}, {2, 2}, {1, 1}, 20);
  add(6, 8, {1, 16}, {1, 3}, {1, 1}, {0, 1}, 6);
  add(6, 8, {4, 1}, {3, 1}, {2, 1}, {1, 0}, 33);
  // Planes whose extents have no divisor near a tile's.
  add(3, 4, {7, 7}, {3, 3}, {1, 1}, {1, 1}, 5);
  add(3, 4, {13, 17}, {3, 3}, {1, 1}, {1, 1}, 5);
  add(3, 4, {13, 17}, {3, 3}, {2, 2}, {1, 1}, 5);
  add(3, 4, {31, 37}, {3, 3}, {1, 1}, {1, 1}, 5);
  add(2, 4, {31, 37}, {5, 5}, {2, 2}, {2, 2}, 3);
  // One channel; channels that need several chunks, the last one short.
  add(1, 1, {6, 6}, {3, 3}, {1, 1}, {1, 1}, 1);
  add(70, 12, {8, 8}, {3, 3}, {1, 1}, {1, 1}, 3);
  add(12, 140, {4, 4}, {3, 3}, {1, 1}, {1, 1}, 3);
  // The same of 1x1 layers, whose tiles depend on how many channels there are.
  add(300, 8, {7, 7}, {1, 1}, {1, 1}, {0, 0}, 3);
  add(130, 8, {8, 8}, {1, 1}, {2, 2}, {0, 0}, 9);
  add(4, 560, {8, 6}, {1, 1}, {2, 2}, {0, 0}, 9);
  // Batch blocks for a whole tile of eight, and for every smaller one.
  result.push_back({"linear_37to12", Geometry::linear(37, 12), 117});
  result.push_back({"linear_1to1", Geometry::linear(1, 1), 1});
  result.push_back({"linear_800to36", Geometry::linear(800, 36), 70});
  return result;
}

} // namespace lacuna::testing
