//===- Images.cpp - Crop, flip and normalise images of bytes --------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Layout.h"

namespace lacuna::pipelines {

using namespace Halide;

namespace {

Var lane("lane"), x("x"), y("y"), channel("channel");

enum PlacementRow { kTop, kLeft, kFlip };

} // namespace

/// One block: `images` holds the images of its lanes one after another. Lanes
/// from `valid` on become zero.
class LoadImages : public Generator<LoadImages> {
public:
  Input<Buffer<uint8_t>> images{"images", 4};         // x, y, channel, lane
  Input<Buffer<int32_t>> placements{"placements", 2}; // lane, row
  Input<Buffer<float>> mean{"mean", 1};
  Input<Buffer<float>> deviation{"deviation", 1};
  Input<int32_t> pad{"pad"};
  Input<int32_t> valid{"valid"};
  Output<Buffer<float>> output{"output", 4}; // lane, x, y, channel

  void generate() {
    int lanes = natural_vector_size<float>();
    for (int d = 0; d < 4; ++d)
      images.dim(d).set_min(0);

    Expr width = images.dim(0).extent(), height = images.dim(1).extent();
    Expr cropX = select(placements(lane, kFlip) != 0, width - 1 - x, x);
    Expr sourceX = cropX + placements(lane, kLeft) - pad;
    Expr sourceY = y + placements(lane, kTop) - pad;
    Expr inside =
        sourceX >= 0 && sourceX < width && sourceY >= 0 && sourceY < height;
    Expr pixel = images(clamp(sourceX, 0, width - 1),
                        clamp(sourceY, 0, height - 1), channel, lane);
    Expr level = select(inside, cast<float>(pixel), 0.0f);
    output(lane, x, y, channel) =
        select(lane < valid,
               (level / 255.0f - mean(channel)) / deviation(channel), 0.0f);

    declareDense(placements, lanes);
    declareDense(output, lanes);
    output.vectorize(lane, lanes);
  }
};

} // namespace lacuna::pipelines

HALIDE_REGISTER_GENERATOR(lacuna::pipelines::LoadImages, load_images)
