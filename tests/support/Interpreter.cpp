//===- Interpreter.cpp - One kernel as plain loops ------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Interpreter.h"

#include <algorithm>

namespace lacuna::testing {

int64_t Interpreter::tileColumns() const {
  return layout.wholeTiles().width + (layout.hasTailColumns() ? 1 : 0);
}

void Interpreter::run(const lacuna_kernel_operands &operands, int64_t begin,
                      int64_t end) const {
  for (int64_t item = begin; item < end; ++item)
    layout.operation == Operation::GradWeight ? accumulateLanes(operands, item)
                                              : produce(operands, item);
}

void Interpreter::pack(const lacuna_kernel_operands &operands, const Tile &tile,
                       int64_t chunk) const {
  int64_t lanes = layout.schedule.lanes;
  int64_t first = chunk * layout.schedule.channelChunk;
  int64_t last =
      std::min(first + layout.schedule.channelChunk, layout.sourceChannels);
  int64_t top = layout.origin.height +
                tile.y * layout.schedule.tileHeight * layout.sourceStep.height;
  int64_t left = layout.origin.width +
                 tile.x * layout.schedule.tileWidth * layout.sourceStep.width;
  for (int64_t c = first; c < last; ++c)
    for (int64_t b = 0; b < tile.blocks; ++b)
      for (int64_t r = 0; r < layout.region.height; ++r)
        for (int64_t q = 0; q < layout.region.width; ++q) {
          float *to = operands.scratch +
                      ((c - first) * layout.channelStride() +
                       b * layout.blockStride() + r * layout.region.width + q) *
                          lanes;
          int64_t y = top + r * layout.packStep.height;
          int64_t x = left + q * layout.packStep.width;
          if (y < 0 || y >= layout.source.height || x < 0 ||
              x >= layout.source.width) {
            std::fill(to, to + lanes, 0.0f);
            continue;
          }
          const float *from =
              operands.source +
              ((((tile.firstBlock + b) * layout.sourceChannels + c) *
                    layout.source.height +
                y) *
                   layout.source.width +
               x) *
                  lanes;
          std::copy(from, from + lanes, to);
          if (fusion.normalise)
            for (int64_t lane = 0; lane < lanes; ++lane)
              to[lane] = std::max(to[lane] * operands.source_scale[c] +
                                      operands.source_shift[c],
                                  0.0f);
        }
}

template <typename Visit>
void Interpreter::forEachTap(const lacuna_kernel_operands &operands,
                             const StreamPhase &phase, int64_t chunk,
                             int64_t group, Visit visit) const {
  int64_t stride = layout.offsetsStride(phase);
  const int32_t *offsets = operands.offsets + phase.offsetsBase +
                           (chunk * layout.groups + group) * stride;
  int64_t bodies = static_cast<int64_t>(phase.bodies.size());
  int64_t rows = layout.schedule.panelRows;
  int64_t value = offsets[0];
  for (int64_t body = 0; body < bodies; ++body) {
    // The last body's items end where the next group's first ones start.
    int64_t end = body + 1 < bodies ? offsets[body + 2] : offsets[stride + 1];
    for (int64_t item = offsets[body + 1]; item < end; ++item)
      for (int64_t delta : phase.bodies[body].deltas)
        for (int64_t row = 0; row < rows; ++row)
          visit(operands.indices[item] + delta, group * rows + row, value++);
  }
}

template <typename Visit>
void Interpreter::forEachPixel(const StreamPhase &phase, const Tile &tile,
                               Visit visit) const {
  int64_t firstY = tile.y * layout.schedule.tileHeight;
  int64_t firstX = tile.x * layout.schedule.tileWidth;
  int64_t lastY =
      std::min(firstY + layout.schedule.tileHeight, phase.count.height);
  int64_t lastX =
      std::min(firstX + layout.schedule.tileWidth, phase.count.width);
  for (int64_t y = firstY; y < lastY; ++y)
    for (int64_t x = firstX; x < lastX; ++x) {
      int64_t scratch =
          (y - firstY) * layout.pixelStep.height * layout.region.width +
          (x - firstX) * layout.pixelStep.width;
      int64_t targetY = phase.offset.height + y * layout.targetStep.height;
      int64_t targetX = phase.offset.width + x * layout.targetStep.width;
      visit(scratch,
            (targetY * layout.target.width + targetX) * layout.schedule.lanes);
    }
}

void Interpreter::produce(const lacuna_kernel_operands &operands,
                          int64_t item) const {
  Tile tile;
  tile.firstBlock = item / layout.tileRows() * layout.schedule.batchTile;
  tile.blocks = std::min(layout.schedule.batchTile,
                         operands.batch_blocks - tile.firstBlock);
  tile.y = item % layout.tileRows();
  for (tile.x = 0; tile.x < tileColumns(); ++tile.x)
    produceTile(operands, tile);
  if (fusion.normGradient)
    passThroughNorm(operands, tile);
  if (fusion.statistics || fusion.normGradient)
    sumResults(operands, tile);
}

template <typename Visit>
void Interpreter::forEachResult(const Tile &tile, Visit visit) const {
  int64_t plane =
      layout.target.height * layout.target.width * layout.schedule.lanes;
  for (int64_t b = 0; b < tile.blocks; ++b)
    for (int64_t channel = 0; channel < layout.targetChannels; ++channel) {
      int64_t block = tile.firstBlock + b;
      int64_t first = (block * layout.targetChannels + channel) * plane;
      Tile each = tile;
      for (each.x = 0; each.x < tileColumns(); ++each.x)
        for (const StreamPhase &phase : layout.phases)
          forEachPixel(phase, each, [&](int64_t, int64_t pixel) {
            visit(block, channel, first + pixel);
          });
    }
}

void Interpreter::passThroughNorm(const lacuna_kernel_operands &operands,
                                  const Tile &tile) const {
  forEachResult(tile, [&](int64_t, int64_t channel, int64_t position) {
    for (int64_t i = position; i < position + layout.schedule.lanes; ++i) {
      float sign =
          fusion.normResidual
              ? operands.norm_output[i]
              : operands.norm_input[i] * operands.source_scale[channel] +
                    operands.source_shift[channel];
      if (!(sign > 0))
        operands.result[i] = 0;
    }
  });
}

void Interpreter::sumResults(const lacuna_kernel_operands &operands,
                             const Tile &tile) const {
  int64_t lanes = layout.schedule.lanes;
  auto slot = [&](int64_t block, int64_t channel) {
    return operands.statistics +
           ((block * layout.tileRows() + tile.y) * layout.targetChannels +
            channel) *
               2 * lanes;
  };
  for (int64_t b = 0; b < tile.blocks; ++b)
    for (int64_t channel = 0; channel < layout.targetChannels; ++channel)
      std::fill_n(slot(tile.firstBlock + b, channel), 2 * lanes, 0.0f);
  forEachResult(tile, [&](int64_t block, int64_t channel, int64_t position) {
    float *sums = slot(block, channel);
    for (int64_t lane = 0; lane < lanes; ++lane) {
      float value = operands.result[position + lane];
      float factor = fusion.normGradient
                         ? operands.norm_input[position + lane] -
                               operands.norm_mean[channel]
                         : value;
      sums[lane] += value;
      sums[lanes + lane] += value * factor;
    }
  });
}

void Interpreter::produceTile(const lacuna_kernel_operands &operands,
                              const Tile &tile) const {
  int64_t lanes = layout.schedule.lanes;
  int64_t plane = layout.target.height * layout.target.width * lanes;
  for (const StreamPhase &phase : layout.phases)
    for (int64_t b = 0; b < tile.blocks && !fusion.accumulate; ++b)
      for (int64_t channel = 0; channel < layout.targetChannels; ++channel) {
        float *to =
            operands.result +
            ((tile.firstBlock + b) * layout.targetChannels + channel) * plane;
        float start = fusion.bias ? operands.bias[channel] : 0.0f;
        forEachPixel(phase, tile, [&](int64_t, int64_t pixel) {
          std::fill(to + pixel, to + pixel + lanes, start);
        });
      }
  for (int64_t chunk = 0; chunk < layout.chunks; ++chunk) {
    pack(operands, tile, chunk);
    for (const StreamPhase &phase : layout.phases)
      for (int64_t group = 0; group < layout.groups; ++group)
        forEachTap(
            operands, phase, chunk, group,
            [&](int64_t index, int64_t channel, int64_t value) {
              for (int64_t b = 0; b < tile.blocks; ++b) {
                const float *from = operands.scratch +
                                    (index + b * layout.blockStride()) * lanes;
                float *to =
                    operands.result +
                    ((tile.firstBlock + b) * layout.targetChannels + channel) *
                        plane;
                float weight = operands.values[value];
                forEachPixel(phase, tile, [&](int64_t scratch, int64_t pixel) {
                  for (int64_t lane = 0; lane < lanes; ++lane)
                    to[pixel + lane] += weight * from[scratch * lanes + lane];
                });
              }
            });
  }
}

void Interpreter::accumulateLanes(const lacuna_kernel_operands &operands,
                                  int64_t item) const {
  int64_t lanes = layout.schedule.lanes, parts = layout.groupParts();
  int64_t plane = layout.target.height * layout.target.width * lanes;
  int64_t chunk = item / parts, part = item % parts;
  int64_t firstGroup = layout.groups * part / parts;
  int64_t lastGroup = layout.groups * (part + 1) / parts;
  const StreamPhase &phase = layout.phases.front();
  auto forEachValue = [&](auto visit) {
    for (int64_t group = firstGroup; group < lastGroup; ++group)
      forEachTap(operands, phase, chunk, group, visit);
  };

  forEachValue([&](int64_t, int64_t, int64_t value) {
    std::fill_n(operands.lanes + value * lanes, lanes, 0.0f);
  });
  Tile tile;
  for (tile.firstBlock = 0; tile.firstBlock < operands.batch_blocks;
       tile.firstBlock += layout.schedule.batchTile) {
    tile.blocks = std::min(layout.schedule.batchTile,
                           operands.batch_blocks - tile.firstBlock);
    for (tile.y = 0; tile.y < layout.tileRows(); ++tile.y)
      for (tile.x = 0; tile.x < tileColumns(); ++tile.x) {
        pack(operands, tile, chunk);
        forEachValue([&](int64_t index, int64_t channel, int64_t value) {
          float *sums = operands.lanes + value * lanes;
          for (int64_t b = 0; b < tile.blocks; ++b) {
            const float *from =
                operands.scratch + (index + b * layout.blockStride()) * lanes;
            const float *gradient =
                operands.gradient +
                ((tile.firstBlock + b) * layout.targetChannels + channel) *
                    plane;
            forEachPixel(phase, tile, [&](int64_t scratch, int64_t pixel) {
              for (int64_t lane = 0; lane < lanes; ++lane)
                sums[lane] +=
                    gradient[pixel + lane] * from[scratch * lanes + lane];
            });
          }
        });
      }
  }
  forEachValue([&](int64_t, int64_t, int64_t value) {
    float sum = 0;
    for (int64_t lane = 0; lane < lanes; ++lane)
      sum += operands.lanes[value * lanes + lane];
    operands.result[value] = sum;
  });
}

} // namespace lacuna::testing
