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

/// Pillow's bilinear resize with antialiasing, in double and without rounding
/// in between.
std::vector<double> resizedBy(const std::vector<double> &line, int64_t size) {
  double scale = double(line.size()) / double(size);
  double reach = std::max(scale, 1.0);
  std::vector<double> result;
  for (int64_t place = 0; place < size; ++place) {
    double centre = (double(place) + 0.5) * scale, sum = 0, weights = 0;
    for (size_t i = 0; i < line.size(); ++i) {
      double weight =
          std::max(0.0, 1 - std::abs((double(i) + 0.5 - centre) / reach));
      sum += weight * line[i];
      weights += weight;
    }
    result.push_back(sum / weights);
  }
  return result;
}

TEST(ResizeImage, MatchesPlainLoops) {
  struct Case {
    int64_t height, width;
    operators::Rectangle part;
    int64_t size;
  };
  for (const Case &c :
       {Case{37, 50, {0, 0, 37, 50}, 16}, Case{37, 50, {5, 11, 20, 31}, 24},
        Case{9, 7, {1, 2, 8, 5}, 33}, Case{12, 12, {0, 0, 12, 12}, 12},
        Case{3, 4, {2, 3, 1, 1}, 5}}) {
    std::vector<uint8_t> image(size_t(c.height * c.width * 3));
    RandomStream random(5, RandomPurpose::Test);
    for (uint8_t &pixel : image)
      pixel = static_cast<uint8_t>(random.below(256));
    std::vector<uint8_t> got(size_t(3 * c.size * c.size));
    operators::resizeImage(image.data(), c.width, c.part, c.size, got.data());
    for (int64_t colour = 0; colour < 3; ++colour) {
      std::vector<std::vector<double>> columns(size_t(c.size));
      for (int64_t y = 0; y < c.part.height; ++y) {
        std::vector<double> row;
        for (int64_t x = 0; x < c.part.width; ++x)
          row.push_back(image[size_t(
              ((c.part.top + y) * c.width + c.part.left + x) * 3 + colour)]);
        std::vector<double> narrow = resizedBy(row, c.size);
        for (size_t x = 0; x < narrow.size(); ++x)
          columns[x].push_back(narrow[x]);
      }
      for (int64_t x = 0; x < c.size; ++x) {
        std::vector<double> wanted = resizedBy(columns[size_t(x)], c.size);
        for (int64_t y = 0; y < c.size; ++y)
          ASSERT_NEAR(got[size_t((colour * c.size + y) * c.size + x)],
                      wanted[size_t(y)], 0.51)
              << c.size << ": " << colour << ", " << y << ", " << x;
      }
    }
  }
}

} // namespace
