//===- BatchLoader.cpp - Images on their way to a network -----------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Runtime/BatchLoader.h"

#include "lacuna/Runtime/Random.h"

#include <numeric>

namespace lacuna {

BatchLoader::BatchLoader(ThreadPool &pool, Normalisation normalisation,
                         int64_t lanes)
    : pool(pool), normalisation(std::move(normalisation)), lanes(lanes) {}

void BatchLoader::load(const ImageSet &set, const uint32_t *index,
                       int64_t count,
                       const std::optional<Augmentation> &augmentation) {
  normalisation.verify(set.channels);
  batchLabels.resize(size_t(count));
  for (int64_t i = 0; i < count; ++i)
    batchLabels[i] = set.labels[index[i]];
  placements.resize(augmentation ? size_t(count) : 0);
  for (size_t i = 0; i < placements.size(); ++i) {
    const AugmentationKey &key = augmentation->key;
    RandomStream stream(key.seed, RandomPurpose::Augmentation,
                        static_cast<uint32_t>(key.epoch), index[i]);
    uint32_t offsets = static_cast<uint32_t>(2 * augmentation->pad + 1);
    placements[i].top = static_cast<int32_t>(stream.below(offsets));
    placements[i].left = static_cast<int32_t>(stream.below(offsets));
    placements[i].flip = stream.below(2) == 1;
  }
  const uint8_t *pixels = set.images.data();
  if (set.source) {
    if (streamed.size() < count * set.imageBytes())
      streamed = Buffer<uint8_t>(MemoryKind::Data, count * set.imageBytes());
    set.source->load(pool, index, count,
                     augmentation ? &augmentation->key : nullptr,
                     streamed.data());
    pixels = streamed.data();
    streamedOrder.resize(size_t(count));
    std::iota(streamedOrder.begin(), streamedOrder.end(), 0u);
    index = streamedOrder.data();
  }
  operators::loadImages(
      pool, pixels, set.channels, set.height, set.width, index, count,
      augmentation ? placements.data() : nullptr,
      augmentation ? augmentation->pad : 0, normalisation.mean.data(),
      normalisation.deviation.data(), lanes, batch);
}

} // namespace lacuna
