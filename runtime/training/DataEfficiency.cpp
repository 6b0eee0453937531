//===- DataEfficiency.cpp - Training on fewer images ----------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Runtime/DataEfficiency.h"

#include "lacuna/Runtime/Random.h"
#include "lacuna/Support/Error.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace lacuna {

DataEfficiencyOptions DataEfficiencyOptions::preset(int epochs,
                                                    int64_t images) {
  DataEfficiencyOptions options;
  options.phaseOneEpochs =
      std::max(1, static_cast<int>(std::lround(70.0 / 160 * epochs)));
  options.removedImages = std::llround(12000.0 / 50000 * double(images));
  return options;
}

void DataEfficiencyOptions::verify(int epochs, int64_t images) const {
  if (phaseOneEpochs < 0 || phaseOneEpochs > epochs)
    throw UserError("phase-one: is " + std::to_string(phaseOneEpochs) +
                    ", must be 0 (off) or at most the number of epochs, " +
                    std::to_string(epochs));
  if (removedImages < 0 || removedImages >= images)
    throw UserError("remove-images: is " + std::to_string(removedImages) +
                    ", must be at least 0 and below the number of training "
                    "images, " +
                    std::to_string(images));
}

ForgettingStatistics::ForgettingStatistics(int64_t images)
    : forgotten(size_t(images), 0), learned(size_t(images), 0),
      latest(size_t(images), 0) {
  memory.set(images * static_cast<int64_t>(sizeof(uint32_t) + 2));
}

void ForgettingStatistics::record(uint32_t image, bool right) {
  if (latest[image] && !right)
    ++forgotten[image];
  latest[image] = right;
  learned[image] |= uint8_t(right);
}

uint32_t ForgettingStatistics::events(uint32_t image) const {
  return learned[image] ? forgotten[image] : kNeverLearned;
}

int64_t ForgettingStatistics::unforgettable() const {
  int64_t count = 0;
  for (uint32_t image = 0; image < forgotten.size(); ++image)
    count += events(image) == 0;
  return count;
}

std::vector<uint32_t>
ForgettingStatistics::withoutEasiest(int64_t removed, uint64_t seed) const {
  std::vector<uint32_t> order(forgotten.size());
  std::iota(order.begin(), order.end(), 0u);
  RandomStream stream(seed, RandomPurpose::Removal);
  stream.shuffle(order);
  std::vector<uint32_t> turn(order.size());
  for (uint32_t i = 0; i < order.size(); ++i)
    turn[order[i]] = i;
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
    return events(a) != events(b) ? events(a) < events(b) : turn[a] < turn[b];
  });
  order.erase(order.begin(), order.begin() + removed);
  std::sort(order.begin(), order.end());
  return order;
}

void ForgettingStatistics::visitState(StateVisitor &state) {
  state.array("forgotten", forgotten.data(), images());
  state.array("learned", learned.data(), images());
  state.array("latest", latest.data(), images());
}

DataEfficiency::DataEfficiency(const DataEfficiencyOptions &options,
                               int64_t images, uint64_t seed)
    : options(options), allImages(images), seed(seed),
      forgetting(options.isOn() ? images : 0), current(size_t(images)) {
  std::iota(current.begin(), current.end(), 0u);
}

int64_t DataEfficiency::imagesOf(int epoch) const {
  bool all = !options.isOn() || epoch < options.phaseOneEpochs;
  return all ? allImages : allImages - options.removedImages;
}

void DataEfficiency::startEpoch(int epoch) {
  counting = epoch < options.phaseOneEpochs;
  if (options.isOn() && epoch == options.phaseOneEpochs)
    current = forgetting.withoutEasiest(options.removedImages, seed);
}

void DataEfficiency::record(const Tensor &logits, const ImageSet &set,
                            const uint32_t *images) {
  if (!counting)
    return;
  const TensorShape &shape = logits.shape();
  for (int64_t i = 0; i < shape.images; ++i) {
    const float *image =
        logits.data() + i / shape.lanes * shape.block() + i % shape.lanes;
    int64_t best = 0;
    for (int64_t k = 1; k < shape.channels; ++k)
      if (image[k * shape.lanes] > image[best * shape.lanes])
        best = k;
    forgetting.record(images[i], best == int64_t(set.labels[images[i]]));
  }
}

void DataEfficiency::visitState(StateVisitor &state) {
  state.expect("phase_one", options.phaseOneEpochs);
  state.expect("removed_images", options.removedImages);
  if (!options.isOn())
    return;
  forgetting.visitState(state);
  int64_t images = forgetting.images();
  state.list("images", current, images);
  for (size_t i = 0; i < current.size(); ++i)
    if (current[i] >= images || (i > 0 && current[i] <= current[i - 1]))
      state.refuse("images", "does not list images of the training set, each "
                             "once, ascending");
}

} // namespace lacuna
