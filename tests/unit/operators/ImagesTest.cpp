//===- ImagesTest.cpp - Crop, flip and normalise images of bytes ----------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "OperatorTest.h"

using namespace lacuna;
using namespace lacuna::test;

namespace {

struct Batch {
  int64_t channels, height, width, count, pad;
  std::vector<uint8_t> images;
  std::vector<uint32_t> index;
  std::vector<operators::Placement> placements;
  Floats mean, deviation;

  Batch(int64_t channels, int64_t height, int64_t width, int64_t count,
        int64_t pad)
      : channels(channels), height(height), width(width), count(count),
        pad(pad) {
    constexpr uint32_t kImages = 50;
    RandomStream random(4, RandomPurpose::Test);
    images.resize(size_t(kImages) * size_t(channels * height * width));
    for (uint8_t &pixel : images)
      pixel = static_cast<uint8_t>(random.below(256));
    for (int64_t i = 0; i < count; ++i) {
      index.push_back(random.below(kImages));
      uint32_t places = static_cast<uint32_t>(2 * pad + 1);
      operators::Placement placement;
      placement.top = static_cast<int32_t>(random.below(places));
      placement.left = static_cast<int32_t>(random.below(places));
      placement.flip = random.below(2) == 1;
      placements.push_back(placement);
    }
    for (int64_t c = 0; c < channels; ++c) {
      mean.push_back(random.uniform());
      deviation.push_back(0.1f + random.uniform());
    }
  }

  /// The crop of a padded image is flipped, then normalised.
  float wanted(int64_t i, int64_t c, int64_t y, int64_t x, bool place) const {
    operators::Placement placement{static_cast<int32_t>(pad),
                                   static_cast<int32_t>(pad), false};
    if (place)
      placement = placements[size_t(i)];
    int64_t sourceX =
        (placement.flip ? width - 1 - x : x) + placement.left - pad;
    int64_t sourceY = y + placement.top - pad;
    float level = 0;
    if (sourceX >= 0 && sourceX < width && sourceY >= 0 && sourceY < height)
      level = images[size_t(
          ((index[size_t(i)] * channels + c) * height + sourceY) * width +
          sourceX)];
    return (level / 255.0f - mean[size_t(c)]) / deviation[size_t(c)];
  }
};

TEST(LoadImages, CropsFlipsAndNormalises) {
  for (int64_t lanes : supportedLanes())
    for (const Batch &batch :
         {Batch(3, 32, 32, 37, 4), Batch(1, 7, 5, 16, 2), Batch(2, 3, 9, 1, 3)})
      for (bool place : {false, true}) {
        Floats wanted;
        for (int64_t i = 0; i < batch.count; ++i)
          for (int64_t c = 0; c < batch.channels; ++c)
            for (int64_t y = 0; y < batch.height; ++y)
              for (int64_t x = 0; x < batch.width; ++x)
                wanted.push_back(batch.wanted(i, c, y, x, place));
        EXPECT_TRUE(sameBits(onAnyThreads([&](ThreadPool &pool) {
                               Tensor output;
                               operators::loadImages(
                                   pool, batch.images.data(), batch.channels,
                                   batch.height, batch.width,
                                   batch.index.data(), batch.count,
                                   place ? batch.placements.data() : nullptr,
                                   batch.pad, batch.mean.data(),
                                   batch.deviation.data(), lanes, output);
                               for (float padding : paddingOf(output))
                                 EXPECT_EQ(padding, 0.0f);
                               return plainOf(output);
                             }),
                             wanted));
      }
}

TEST(LoadImages, RefusesACropOutside) {
  ThreadPool pool(1);
  Batch batch(1, 8, 8, 2, 2);
  Tensor output;
  auto load = [&] {
    operators::loadImages(pool, batch.images.data(), 1, 8, 8,
                          batch.index.data(), 2, batch.placements.data(), 2,
                          batch.mean.data(), batch.deviation.data(),
                          operators::hostLanes(), output);
  };
  load();
  batch.placements[1].left = 5;
  EXPECT_THROW(load(), InternalError);
  batch.placements[1].left = 0;
  batch.placements[1].top = -1;
  EXPECT_THROW(load(), InternalError);
}

} // namespace
