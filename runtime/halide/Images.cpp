//===- Images.cpp - Crop, flip and normalise images of bytes --------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "OperatorSupport.h"

#include <cstring>

namespace lacuna::operators {

namespace {

/// The rows of the pipeline's placements.
enum PlacementRow : size_t { kTop, kLeft, kFlip, kPlacementRows };

} // namespace

void loadImages(ThreadPool &pool, const uint8_t *images, int64_t channels,
                int64_t height, int64_t width, const uint32_t *index,
                int64_t count, const Placement *placements, int64_t pad,
                const float *mean, const float *deviation, int64_t lanes,
                Tensor &output) {
  const TensorShape shape{count, channels, height, width, lanes};
  Operands operands("loadImages");
  operands.requirePlane(shape);
  operands.require(shape.block() <= kMaxFloatsPerCall,
                   "a block of images is too large");
  operands.require(pad >= 0 && pad <= height && pad <= width,
                   "the padding is larger than the image");
  for (int64_t i = 0; placements && i < count; ++i)
    operands.require(placements[i].top >= 0 && placements[i].top <= 2 * pad &&
                         placements[i].left >= 0 &&
                         placements[i].left <= 2 * pad,
                     "a crop lies outside the padded image");
  const Pipelines &pipelines = pipelinesFor(lanes);
  output.reshape(shape);

  size_t imageBytes = static_cast<size_t>(channels * height * width);
  size_t laneCount = static_cast<size_t>(lanes);
  pool.run(shape.blocks(), [&](int, int64_t begin, int64_t end) {
    // The images of a block are scattered over a set that may be larger than
    // what pipelines can index.
    Buffer<uint8_t> staged(MemoryKind::Scratch,
                           static_cast<int64_t>(imageBytes * laneCount));
    for (int64_t block = begin; block < end; ++block) {
      int64_t first = block * lanes, valid = std::min(lanes, count - first);
      std::array<int32_t, kPlacementRows * kMaxPipelineLanes> rows{};
      for (size_t lane = 0; lane < static_cast<size_t>(valid); ++lane) {
        size_t image = static_cast<size_t>(first) + lane;
        std::memcpy(staged.data() + lane * imageBytes,
                    images + index[image] * imageBytes, imageBytes);
        Placement placement;
        if (placements)
          placement = placements[image];
        else
          placement.top = placement.left = static_cast<int32_t>(pad);
        rows[kTop * laneCount + lane] = placement.top;
        rows[kLeft * laneCount + lane] = placement.left;
        rows[kFlip * laneCount + lane] = placement.flip;
      }
      View<4> source(staged.data(), {{{width, 1},
                                      {height, width},
                                      {channels, height * width},
                                      {lanes, channels * height * width}}});
      View<2> places(rows.data(),
                     {{{lanes, 1}, {int64_t(kPlacementRows), lanes}}});
      View<4> result(output.data() + block * shape.block(),
                     {{{lanes, 1},
                       {width, lanes},
                       {height, width * lanes},
                       {channels, shape.plane()}}});
      verifyCall(pipelines.load_images(source, places,
                                       channelView(mean, channels),
                                       channelView(deviation, channels),
                                       static_cast<int32_t>(pad),
                                       static_cast<int32_t>(valid), result),
                 "load_images");
    }
  });
}

void resizeImage(const uint8_t *image, int64_t width, const Rectangle &part,
                 int64_t size, uint8_t *resized) {
  constexpr int64_t kColours = 3;
  Operands("resizeImage")
      .require(part.top >= 0 && part.left >= 0 && part.height >= 1 &&
                   part.width >= 1 && part.left + part.width <= width &&
                   size >= 1 && width * kColours <= kMaxFloatsPerCall,
               "the rectangle does not lie in the image");
  View<3> source(image + (part.top * width + part.left) * kColours,
                 {{{kColours, 1},
                   {part.width, kColours},
                   {part.height, width * kColours}}});
  View<3> result(resized, {{{size, 1}, {size, size}, {kColours, size * size}}});
  verifyCall(pipelinesFor(hostLanes())
                 .resize_image(source, static_cast<int32_t>(size), result),
             "resize_image");
}

} // namespace lacuna::operators
