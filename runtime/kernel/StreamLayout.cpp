//===- StreamLayout.cpp - The contract of kernel and packer ---------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Kernel/StreamLayout.h"

#include "lacuna/Support/Divisors.h"
#include "lacuna/Support/Error.h"

#include <algorithm>
#include <limits>

namespace lacuna {

namespace {

constexpr int64_t kMaxGroupParts = 8;

/// Step by step: the whole product may pass 64 bits.
bool fitsTile(std::initializer_list<int64_t> factors) {
  int64_t vectors = 1;
  for (int64_t factor : factors)
    if ((vectors *= factor) > kMaxScheduleExtent)
      return false;
  return true;
}

/// One axis of the relation between target and source positions.
struct Axis {
  Operation operation;
  int64_t kernel, stride, padding;

  /// Source position of a tap at target position `phase`, or nothing (false)
  /// when the tap does not reach this residue of the stride.
  bool offset(int64_t tap, int64_t phase, int64_t &result) const {
    if (operation != Operation::GradInput) {
      result = tap - padding;
      return true;
    }
    int64_t distance = phase + padding - tap;
    if (((distance % stride) + stride) % stride != 0)
      return false;
    result = (distance - (((distance % stride) + stride) % stride)) / stride;
    return true;
  }

  int64_t phases() const {
    return operation == Operation::GradInput ? stride : 1;
  }

  void range(int64_t &low, int64_t &high) const {
    low = std::numeric_limits<int64_t>::max();
    high = std::numeric_limits<int64_t>::min();
    for (int64_t phase = 0; phase < phases(); ++phase)
      for (int64_t tap = 0; tap < kernel; ++tap)
        if (int64_t at; offset(tap, phase, at)) {
          low = std::min(low, at);
          high = std::max(high, at);
        }
  }
};

Axis heightAxis(Operation operation, const Geometry &g) {
  return {operation, g.kernel.height, g.stride.height, g.padding.height};
}
Axis widthAxis(Operation operation, const Geometry &g) {
  return {operation, g.kernel.width, g.stride.width, g.padding.width};
}

void verifyRule(bool holds, const char *rule) {
  if (!holds)
    throw ScheduleError(rule);
}

} // namespace

StreamLayout::StreamLayout(Operation operation, const Geometry &geometry,
                           const Structure &structure, const Schedule &schedule)
    : operation(operation), geometry(geometry), structure(structure),
      schedule(schedule) {
  geometry.verify();
  structure.verify(geometry);
  bool gradInput = operation == Operation::GradInput;
  sourceChannels = gradInput ? geometry.outChannels : geometry.inChannels;
  targetChannels = gradInput ? geometry.inChannels : geometry.outChannels;
  source = gradInput ? geometry.output() : geometry.input;
  target = gradInput ? geometry.input : geometry.output();

  Extent2d unit{1, 1};
  sourceStep = gradInput ? unit : geometry.stride;
  targetStep = gradInput ? geometry.stride : unit;
  // A kernel of one tap leaves out the source pixels between strides, so the
  // packed region need not hold them.
  packStep = {
      gradInput || geometry.kernel.height > 1 ? 1 : geometry.stride.height,
      gradInput || geometry.kernel.width > 1 ? 1 : geometry.stride.width};
  pixelStep = {sourceStep.height / packStep.height,
               sourceStep.width / packStep.width};

  const Schedule &s = schedule;
  for (int64_t extent :
       {s.lanes, s.batchTile, s.tileHeight, s.tileWidth, s.channelChunk,
        s.panelRows, s.panelPixels, s.bodyTaps, s.itemUnroll})
    verifyRule(extent > 0 && extent <= kMaxScheduleExtent,
               "a schedule has an extent below 1 or above 65536");
  verifyRule(targetChannels % s.panelRows == 0,
             "panel rows do not divide the target channels");

  verifyRule(s.panelRows == 1 || panelRowsFit(),
             "panel rows must be 1, or divide the rows that share a "
             "source vector in this scheme");

  if (s.skipPadding) {
    origin = {0, 0};
    region = {ceilDiv(source.height, packStep.height),
              ceilDiv(source.width, packStep.width)};
  } else {
    Extent2d high;
    heightAxis(operation, geometry).range(origin.height, high.height);
    widthAxis(operation, geometry).range(origin.width, high.width);
    region.height = pixelStep.height * (s.tileHeight - 1) +
                    (high.height - origin.height) / packStep.height + 1;
    region.width = pixelStep.width * (s.tileWidth - 1) +
                   (high.width - origin.width) / packStep.width + 1;
  }

  this->schedule.channelChunk = std::min(s.channelChunk, sourceChannels);
  chunks = ceilDiv(sourceChannels, this->schedule.channelChunk);
  groups = targetChannels / s.panelRows;
  verifyRule(fitsTile({region.height, region.width, s.batchTile,
                       this->schedule.channelChunk}),
             "a packed tile exceeds what 16-bit indices reach");
  buildPhases();
  if (s.skipPadding)
    verifyWholePlanes();
}

void StreamLayout::verifyWholePlanes() const {
  verifyRule(schedule.level == Level::Specialised,
             "only specialised kernels leave out padding");
  for (const StreamPhase &phase : phases)
    verifyRule(phase.count.height == schedule.tileHeight &&
                   phase.count.width == schedule.tileWidth,
               "padding may be left out of whole planes alone");
}

bool StreamLayout::panelRowsFit() const {
  if (structure.scheme == Scheme::Dense)
    return true;
  return structure.scheme == Scheme::Block &&
         operation != Operation::GradInput &&
         structure.blockRows % schedule.panelRows == 0;
}

void StreamLayout::buildPhases() {
  int64_t base = 0;
  for (int64_t y = 0; y < heightAxis(operation, geometry).phases(); ++y)
    for (int64_t x = 0; x < widthAxis(operation, geometry).phases(); ++x) {
      StreamPhase phase;
      phase.offset = {y, x};
      phase.count = geometry.phasePlane(operation, phase.offset);
      if (phase.count.height * phase.count.width == 0)
        continue;
      phase.bodies = bodiesOf(phase);
      phase.offsetsBase = base;
      base += (chunks * groups + 1) * offsetsStride(phase);
      phases.push_back(std::move(phase));
    }
}

std::optional<Extent2d> StreamLayout::tapShift(const StreamPhase &phase,
                                               int64_t tap) const {
  Extent2d at;
  if (!heightAxis(operation, geometry)
           .offset(tap / geometry.kernel.width, phase.offset.height,
                   at.height) ||
      !widthAxis(operation, geometry)
           .offset(tap % geometry.kernel.width, phase.offset.width, at.width))
    return std::nullopt;
  return at;
}

int64_t StreamLayout::offsetOf(const Extent2d &shift) const {
  return (shift.height - origin.height) / packStep.height * region.width +
         (shift.width - origin.width) / packStep.width;
}

std::optional<int64_t> StreamLayout::tapOffset(const StreamPhase &phase,
                                               int64_t tap) const {
  std::optional<Extent2d> shift = tapShift(phase, tap);
  return shift ? std::optional(offsetOf(*shift)) : std::nullopt;
}

bool StreamLayout::reaches(const Extent2d &shift, const Extent2d &pixel) const {
  if (!schedule.skipPadding)
    return true;
  int64_t row = pixel.height * sourceStep.height + shift.height;
  int64_t column = pixel.width * sourceStep.width + shift.width;
  return row >= 0 && row < source.height && column >= 0 &&
         column < source.width;
}

ItemForm StreamLayout::itemForm() const {
  if (schedule.level == Level::Stream)
    return ItemForm::Panel;
  switch (structure.scheme) {
  case Scheme::Dense:
  case Scheme::Unstructured:
    return ItemForm::Panel;
  case Scheme::Block:
    return operation == Operation::GradInput ? ItemForm::Column
                                             : ItemForm::Panel;
  case Scheme::Pattern:
  case Scheme::Channel:
    return ItemForm::Kernel;
  }
  throw InternalError("unknown scheme");
}

std::vector<StreamBody> StreamLayout::bodiesOf(const StreamPhase &phase) const {
  return itemForm() == ItemForm::Kernel ? kernelBodies(phase)
                                        : tapBodies(phase);
}

std::vector<StreamBody>
StreamLayout::tapBodies(const StreamPhase &phase) const {
  bool column = itemForm() == ItemForm::Column;
  int64_t values = column ? columnRows() : 1;
  verifyRule(!column || schedule.channelChunk % values == 0,
             "a block straddles two channel chunks");
  std::vector<StreamBody> bodies;
  for (int64_t tap = 0; tap < geometry.taps(); ++tap) {
    std::optional<Extent2d> shift = tapShift(phase, tap);
    if (!shift || (!schedule.skipPadding && !bodies.empty()))
      continue;
    // Where padding is packed, one body serves all taps.
    int64_t first = schedule.skipPadding ? offsetOf(*shift) : 0;
    StreamBody body;
    body.tap = tap;
    for (int64_t value = 0; value < values; ++value) {
      body.deltas.push_back(first + value * channelStride());
      body.shifts.push_back(*shift);
      body.slots.push_back(value);
    }
    bodies.push_back(std::move(body));
  }
  return bodies;
}

std::vector<StreamBody>
StreamLayout::kernelBodies(const StreamPhase &phase) const {
  std::vector<KernelPattern> library = structure.scheme == Scheme::Pattern
                                           ? structure.patterns
                                           : connectivityPattern(geometry);
  std::vector<StreamBody> bodies;
  for (size_t p = 0; p < library.size(); ++p) {
    StreamBody whole;
    for (size_t slot = 0; slot < library[p].size(); ++slot)
      if (auto shift = tapShift(phase, library[p][slot])) {
        whole.deltas.push_back(offsetOf(*shift));
        whole.shifts.push_back(*shift);
        whole.slots.push_back(static_cast<int64_t>(slot));
      }
    int64_t taps = static_cast<int64_t>(whole.deltas.size());
    int64_t parts = ceilDiv(taps, schedule.bodyTaps);
    for (int64_t part = 0; part < parts; ++part) {
      int64_t first = taps * part / parts, last = taps * (part + 1) / parts;
      StreamBody body;
      body.pattern = static_cast<int64_t>(p);
      body.deltas.assign(whole.deltas.begin() + first,
                         whole.deltas.begin() + last);
      body.shifts.assign(whole.shifts.begin() + first,
                         whole.shifts.begin() + last);
      body.slots.assign(whole.slots.begin() + first,
                        whole.slots.begin() + last);
      bodies.push_back(std::move(body));
    }
  }
  return bodies;
}

int64_t StreamLayout::columnRows() const {
  return largestDivisor(structure.blockRows, schedule.bodyTaps);
}

Extent2d StreamLayout::wholeTiles() const {
  Extent2d least = phases.front().count;
  for (const StreamPhase &phase : phases) {
    least.height = std::min(least.height, phase.count.height);
    least.width = std::min(least.width, phase.count.width);
  }
  return {least.height / schedule.tileHeight, least.width / schedule.tileWidth};
}

bool StreamLayout::hasTailRows() const {
  int64_t whole = wholeTiles().height * schedule.tileHeight;
  return std::any_of(phases.begin(), phases.end(), [&](const StreamPhase &p) {
    return p.count.height > whole;
  });
}

bool StreamLayout::hasTailColumns() const {
  int64_t whole = wholeTiles().width * schedule.tileWidth;
  return std::any_of(phases.begin(), phases.end(), [&](const StreamPhase &p) {
    return p.count.width > whole;
  });
}

int64_t StreamLayout::tileRows() const {
  return wholeTiles().height + (hasTailRows() ? 1 : 0);
}

std::vector<int64_t> StreamLayout::remainderBlocks() const {
  std::vector<int64_t> result;
  for (int64_t blocks = 1; blocks < schedule.batchTile; blocks *= 2)
    result.insert(result.begin(), blocks);
  return result;
}

int64_t StreamLayout::workItems(int64_t batchBlocks) const {
  if (operation == Operation::GradWeight)
    return chunks * groupParts();
  return ceilDiv(batchBlocks, schedule.batchTile) * tileRows();
}

int64_t StreamLayout::groupParts() const {
  return std::min(groups, kMaxGroupParts);
}

int64_t StreamLayout::scratchFloats() const {
  return schedule.channelChunk * channelStride() * schedule.lanes;
}

} // namespace lacuna
