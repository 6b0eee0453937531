//===- RandomData.cpp - Images without a data set -------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RandomData.h"

#include "lacuna/Runtime/Models.h"
#include "lacuna/Runtime/Random.h"

namespace lacuna::benchmarks {

namespace {

ImageSet randomImages(const ModelInput &input, int64_t count, uint32_t half) {
  ImageSet set;
  set.channels = input.shape.channels;
  set.height = input.shape.height;
  set.width = input.shape.width;
  set.classes = input.classes;
  set.images = Buffer<uint8_t>(MemoryKind::Data, count * set.imageBytes());
  RandomStream random(1, RandomPurpose::Test, half);
  for (uint8_t &pixel : set.images)
    pixel = static_cast<uint8_t>(random.next());
  for (int64_t i = 0; i < count; ++i)
    set.labels.push_back(static_cast<Label>(i % input.classes));
  return set;
}

} // namespace

DataSet randomData(const ModelInput &input, int64_t train, int64_t test) {
  DataSet data;
  data.name = "random";
  data.train = randomImages(input, train, 0);
  data.test = randomImages(input, test, 1);
  data.mean.assign(static_cast<size_t>(input.shape.channels), 0.5f);
  data.deviation.assign(static_cast<size_t>(input.shape.channels), 0.25f);
  return data;
}

} // namespace lacuna::benchmarks
