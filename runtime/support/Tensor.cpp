//===- Tensor.cpp - Activations with the batch innermost ------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Runtime/Tensor.h"

#include <algorithm>

namespace lacuna {

namespace {

/// Elements of an image that are moved together: a tile of them for every lane
/// stays in L1.
constexpr int64_t kTile = 64;

/// Calls move(plain offset, blocked offset, count) for runs of
/// elements that cover every image, in an order that is kind to the cache.
template <typename Function>
void forEachRun(const TensorShape &shape, const Function &move) {
  int64_t elements = shape.channels * shape.height * shape.width;
  for (int64_t block = 0; block < shape.blocks(); ++block) {
    int64_t first = block * shape.lanes;
    int64_t filled = std::min(shape.lanes, shape.images - first);
    for (int64_t begin = 0; begin < elements; begin += kTile) {
      int64_t count = std::min(kTile, elements - begin);
      for (int64_t lane = 0; lane < filled; ++lane)
        move((first + lane) * elements + begin,
             (block * elements + begin) * shape.lanes + lane, count);
    }
  }
}

} // namespace

void clearPadding(Tensor &tensor) {
  const TensorShape &shape = tensor.shape();
  int64_t lanes = shape.lanes, filled = shape.images % lanes;
  if (filled == 0)
    return;
  float *tail = tensor.data() + (shape.blocks() - 1) * shape.block();
  for (int64_t i = 0; i < shape.block(); i += lanes)
    std::fill(tail + i + filled, tail + i + lanes, 0.0f);
}

void toBlocked(const float *nchw, Tensor &blocked) {
  const TensorShape &shape = blocked.shape();
  int64_t lanes = shape.lanes;
  float *data = blocked.data();
  clearPadding(blocked);
  forEachRun(shape, [&](int64_t plain, int64_t vector, int64_t count) {
    for (int64_t i = 0; i < count; ++i)
      data[vector + i * lanes] = nchw[plain + i];
  });
}

void fromBlocked(const Tensor &blocked, float *nchw) {
  const TensorShape &shape = blocked.shape();
  int64_t lanes = shape.lanes;
  const float *data = blocked.data();
  forEachRun(shape, [&](int64_t plain, int64_t vector, int64_t count) {
    for (int64_t i = 0; i < count; ++i)
      nchw[plain + i] = data[vector + i * lanes];
  });
}

} // namespace lacuna
