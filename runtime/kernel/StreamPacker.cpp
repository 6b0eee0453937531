//===- StreamPacker.cpp - Active set to streams ---------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A counting sort by (phase, chunk, group, body): one walk over the items
// counts the runs, a second one places them.
//
//===----------------------------------------------------------------------===//

#include "lacuna/Kernel/StreamLayout.h"

#include "lacuna/Support/Error.h"

#include <limits>

namespace lacuna {

namespace {

/// Where an item goes, and which canonical values it takes: value (tap, row) is
/// base + slots[tap] * slotStride + row * rowStride.
struct Item {
  int64_t phase, sourceChannel, group, body;
  int64_t index; ///< Within its source channel, in scratch vectors.
  int64_t base, slotStride, rowStride;
};

class ItemWalk {
public:
  ItemWalk(const StreamLayout &layout, const ActiveSet &active)
      : layout(layout), active(active), geometry(layout.geometry),
        structure(layout.structure), taps(geometry.taps()),
        columns(geometry.columns()),
        gradInput(layout.operation == Operation::GradInput) {
    for (const StreamPhase &phase : layout.phases)
      for (int64_t tap = 0; tap < taps; ++tap)
        tapOffsets.push_back(layout.tapOffset(phase, tap));
  }

  template <typename Visit> void operator()(Visit visit) const {
    switch (layout.itemForm()) {
    case ItemForm::Panel:
      return panels(visit);
    case ItemForm::Column:
      return blockColumns(visit);
    case ItemForm::Kernel:
      return kernels(visit);
    }
  }

private:
  /// Visits an item at every phase its tap reaches.
  template <typename Visit>
  void atTap(Visit &visit, int64_t tap, Item item) const {
    for (size_t phase = 0; phase < layout.phases.size(); ++phase)
      if (int64_t at = tapOffsets[phase * taps + tap]; at >= 0) {
        item.phase = static_cast<int64_t>(phase);
        item.index = at;
        visit(item);
      }
  }

  /// `rows` weights of consecutive output channels from (o, column) on.
  template <typename Visit>
  void outputPanel(Visit &visit, int64_t o, int64_t column, int64_t base,
                   int64_t rowStride) const {
    Item item{};
    item.sourceChannel = gradInput ? o : column / taps;
    item.group = gradInput ? column / taps : o / layout.schedule.panelRows;
    item.base = base;
    item.rowStride = rowStride;
    atTap(visit, column % taps, item);
  }

  template <typename Visit> void panels(Visit &visit) const {
    int64_t rows = layout.schedule.panelRows;
    switch (structure.scheme) {
    case Scheme::Dense:
      if (gradInput)
        return denseInputPanels(visit);
      for (int64_t o = 0; o < geometry.outChannels; o += rows)
        for (int64_t column = 0; column < columns; ++column)
          outputPanel(visit, o, column, o * columns + column, columns);
      return;
    case Scheme::Unstructured:
      for (size_t i = 0; i < active.units.size(); ++i)
        outputPanel(visit, active.units[i] / columns, active.units[i] % columns,
                    static_cast<int64_t>(i), 0);
      return;
    case Scheme::Block:
      for (size_t i = 0; i < active.units.size(); ++i) {
        int64_t first = active.units[i] / columns * structure.blockRows;
        for (int64_t row = 0; row < structure.blockRows; row += rows)
          outputPanel(visit, first + row, active.units[i] % columns,
                      static_cast<int64_t>(i) * structure.blockRows + row, 1);
      }
      return;
    case Scheme::Pattern:
    case Scheme::Channel:
      std::vector<uint32_t> positions = active.positions(geometry, structure);
      for (size_t i = 0; i < positions.size(); ++i)
        outputPanel(visit, positions[i] / columns, positions[i] % columns,
                    static_cast<int64_t>(i), 0);
      return;
    }
  }

  /// Panels of input channels, whose weights lie `taps` apart.
  template <typename Visit> void denseInputPanels(Visit &visit) const {
    int64_t rows = layout.schedule.panelRows;
    for (int64_t o = 0; o < geometry.outChannels; ++o)
      for (int64_t group = 0; group < layout.groups; ++group)
        for (int64_t tap = 0; tap < taps; ++tap) {
          Item item{};
          item.sourceChannel = o;
          item.group = group;
          item.base = o * columns + group * rows * taps + tap;
          item.rowStride = taps;
          atTap(visit, tap, item);
        }
  }

  template <typename Visit> void blockColumns(Visit &visit) const {
    int64_t step = layout.columnRows();
    for (size_t i = 0; i < active.units.size(); ++i) {
      int64_t column = active.units[i] % columns;
      for (int64_t row = 0; row < structure.blockRows; row += step) {
        Item item{};
        item.sourceChannel =
            active.units[i] / columns * structure.blockRows + row;
        item.group = column / taps;
        item.base = static_cast<int64_t>(i) * structure.blockRows + row;
        item.slotStride = 1;
        atTap(visit, column % taps, item);
      }
    }
  }

  template <typename Visit>
  void kernel(Visit &visit, int64_t o, int64_t c, int64_t pattern,
              int64_t base) const {
    Item item{};
    item.sourceChannel = gradInput ? o : c;
    item.group = gradInput ? c : o;
    item.base = base;
    item.slotStride = 1;
    for (size_t phase = 0; phase < layout.phases.size(); ++phase) {
      const std::vector<StreamBody> &bodies = layout.phases[phase].bodies;
      item.phase = static_cast<int64_t>(phase);
      for (size_t body = 0; body < bodies.size(); ++body)
        if (bodies[body].pattern == pattern) {
          item.body = static_cast<int64_t>(body);
          visit(item);
        }
    }
  }

  template <typename Visit> void kernels(Visit &visit) const {
    if (structure.scheme == Scheme::Channel) {
      for (size_t i = 0; i < active.units.size(); ++i)
        for (int64_t c = 0; c < geometry.inChannels; ++c)
          kernel(visit, active.units[i], c, 0,
                 static_cast<int64_t>(i) * columns + c * taps);
      return;
    }
    int64_t base = 0;
    for (size_t i = 0; i < active.units.size(); ++i) {
      kernel(visit, active.units[i] / geometry.inChannels,
             active.units[i] % geometry.inChannels, active.patternIds[i], base);
      base += structure.unitSize(geometry, active.patternIds[i]);
    }
  }

  const StreamLayout &layout;
  const ActiveSet &active;
  const Geometry &geometry;
  const Structure &structure;
  int64_t taps, columns;
  bool gradInput;
  std::vector<int64_t> tapOffsets; ///< [phase][tap]
};

} // namespace

int64_t Streams::bytes() const {
  return static_cast<int64_t>(offsets.size() * sizeof(int32_t) +
                              indices.size() * sizeof(uint16_t) +
                              valueOrder.size() * sizeof(uint32_t));
}

Streams packStreams(const StreamLayout &layout, const ActiveSet &active) {
  int64_t chunk = layout.schedule.channelChunk;
  int64_t rows = layout.schedule.panelRows;
  ItemWalk walk(layout, active);

  // Runs in stream order: [phase][chunk][group][body].
  std::vector<int64_t> runBase;
  int64_t runs = 0;
  for (const StreamPhase &phase : layout.phases) {
    runBase.push_back(runs);
    runs += layout.chunks * layout.groups *
            static_cast<int64_t>(phase.bodies.size());
  }
  auto runOf = [&](const Item &item) {
    int64_t bodies =
        static_cast<int64_t>(layout.phases[item.phase].bodies.size());
    return runBase[item.phase] +
           (item.sourceChannel / chunk * layout.groups + item.group) * bodies +
           item.body;
  };

  std::vector<int64_t> items(runs, 0);
  walk([&](const Item &item) { ++items[runOf(item)]; });

  Streams streams;
  std::vector<int64_t> nextItem(runs), nextValue(runs);
  int64_t itemCount = 0, valueCount = 0;
  for (size_t p = 0; p < layout.phases.size(); ++p) {
    const StreamPhase &phase = layout.phases[p];
    int64_t run = runBase[p];
    for (int64_t group = 0; group < layout.chunks * layout.groups; ++group) {
      streams.offsets.push_back(static_cast<int32_t>(valueCount));
      for (const StreamBody &body : phase.bodies) {
        streams.offsets.push_back(static_cast<int32_t>(itemCount));
        nextItem[run] = itemCount;
        nextValue[run] = valueCount;
        itemCount += items[run];
        valueCount +=
            items[run] * rows * static_cast<int64_t>(body.deltas.size());
        ++run;
      }
    }
    streams.offsets.push_back(static_cast<int32_t>(valueCount));
    for (size_t body = 0; body < phase.bodies.size(); ++body)
      streams.offsets.push_back(static_cast<int32_t>(itemCount));
  }
  verifyInvariant(valueCount <= std::numeric_limits<int32_t>::max(),
                  "a stream exceeds 32-bit offsets");

  streams.indices.resize(itemCount);
  streams.valueOrder.resize(valueCount);
  walk([&](const Item &item) {
    int64_t run = runOf(item);
    streams.indices[nextItem[run]++] = static_cast<uint16_t>(
        item.sourceChannel % chunk * layout.channelStride() + item.index);
    const StreamBody &body = layout.phases[item.phase].bodies[item.body];
    for (int64_t slot : body.slots)
      for (int64_t row = 0; row < rows; ++row)
        streams.valueOrder[nextValue[run]++] = static_cast<uint32_t>(
            item.base + slot * item.slotStride + row * item.rowStride);
  });
  return streams;
}

} // namespace lacuna
