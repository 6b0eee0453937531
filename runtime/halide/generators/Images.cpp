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

Var lane("lane"), x("x"), y("y"), channel("channel"), tap("tap");

enum PlacementRow { kTop, kLeft, kFlip };

/// The pixels of one axis that each pixel of the result is made of, and their
/// shares: a triangle of two pixels of the larger of the two grids.
class AxisFilter {
public:
  AxisFilter(const std::string &name, const Expr &from, const Expr &to)
      : shares(name + "_shares"), from(from),
        reach(max(cast<float>(from) / cast<float>(to), 1.0f)),
        scale(cast<float>(from) / cast<float>(to)),
        taps(0, 2 * cast<int32_t>(ceil(reach)) + 1) {
    raw(tap, x) = select(
        first(x) + tap < from,
        max(0.0f, 1.0f - abs((cast<float>(first(x) + tap) + 0.5f - centre(x)) /
                             reach)),
        0.0f);
    sum(x) = 0.0f;
    sum(x) += raw(taps, x);
    shares(tap, x) = raw(tap, x) / sum(x);
  }

  Expr centre(const Expr &place) const {
    return (cast<float>(place) + 0.5f) * scale;
  }
  Expr first(const Expr &place) const {
    return max(cast<int32_t>(floor(centre(place) - reach + 0.5f)), 0);
  }
  Expr pixel(const Expr &place) const {
    return clamp(first(place) + taps, 0, from - 1);
  }

  void schedule() {
    raw.compute_root();
    sum.compute_root();
    shares.compute_root();
  }

  Func shares, raw, sum;
  Expr from, reach, scale;
  RDom taps;
};

} // namespace

/// One block: `images` holds the images of its lanes one after another. Lanes
/// from `valid` on become zero.
class LoadImages : public BlockedGenerator<LoadImages> {
public:
  Input<Buffer<uint8_t>> images{"images", 4};         // x, y, channel, lane
  Input<Buffer<int32_t>> placements{"placements", 2}; // lane, row
  Input<Buffer<float>> mean{"mean", 1};
  Input<Buffer<float>> deviation{"deviation", 1};
  Input<int32_t> pad{"pad"};
  Input<int32_t> valid{"valid"};
  Output<Buffer<float>> output{"output", 4}; // lane, x, y, channel

  void generate() {
    int lanes = vectorLanes;
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

/// The image is resized along x, then along y.
class ResizeImage : public BlockedGenerator<ResizeImage> {
public:
  Input<Buffer<uint8_t>> image{"image", 3}; // channel, x, y
  Input<int32_t> size{"size"};
  Output<Buffer<uint8_t>> resized{"resized", 3}; // x, y, channel

  void generate() {
    for (int d = 0; d < 3; ++d)
      image.dim(d).set_min(0);
    Expr width = image.dim(1).extent(), height = image.dim(2).extent();
    AxisFilter columns("columns", width, size);
    AxisFilter rows("rows", height, size);

    Func narrow("narrow"), low("low");
    narrow(x, y, channel) = 0.0f;
    narrow(x, y, channel) += columns.shares(columns.taps, x) *
                             cast<float>(image(channel, columns.pixel(x), y));
    low(x, y, channel) = 0.0f;
    low(x, y, channel) +=
        rows.shares(rows.taps, y) * narrow(x, rows.pixel(y), channel);
    resized(x, y, channel) =
        cast<uint8_t>(clamp(low(x, y, channel) + 0.5f, 0.0f, 255.0f));

    for (int d = 0; d < 3; ++d)
      resized.dim(d).set_min(0);
    int lanes = vectorLanes;
    columns.schedule();
    rows.schedule();
    narrow.compute_root();
    low.compute_at(resized, y).vectorize(x, lanes);
    low.update().reorder(x, rows.taps, y, channel).vectorize(x, lanes);
    resized.vectorize(x, lanes, TailStrategy::GuardWithIf);
  }
};

} // namespace lacuna::pipelines

HALIDE_REGISTER_GENERATOR(lacuna::pipelines::LoadImages, load_images)
HALIDE_REGISTER_GENERATOR(lacuna::pipelines::ResizeImage, resize_image)
