//===- StreamPacker.cpp - Active set to streams ---------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A counting sort by (phase, chunk, group, body): one walk over the items
// counts the runs, a second one places them. An item's run and index are sums
// of what its output channel and what its column add; both come from tables,
// since divisions would cost more than the rest of the walk.
//
//===----------------------------------------------------------------------===//

#include "lacuna/Kernel/StreamLayout.h"

#include "lacuna/Support/Error.h"

#include <limits>
#include <numeric>

namespace lacuna {

namespace {

/// Where an item goes, and which canonical values it takes:
/// base + slot * stride for each of its slots.
struct Item {
  int64_t run;
  int64_t index; ///< In scratch vectors of its chunk.
  int64_t base, stride;
  const std::vector<int64_t> &slots;
};

/// What an output channel or a column adds to the place of an item.
struct Place {
  int64_t cell;  ///< Chunk and group as one number, from a first run on.
  int64_t index; ///< In scratch vectors; negative where a tap does not reach.
};

/// Runs are numbered [phase][body][cell].
int64_t cells(const StreamLayout &layout) {
  return layout.chunks * layout.groups;
}

/// Visits all items of a layout: visit(Item), or, where every item is one
/// weight, visit.single(run, index, slot).
class ItemWalk {
public:
  ItemWalk(const StreamLayout &layout, const ActiveSet &active)
      : layout(layout), active(active), geometry(layout.geometry),
        structure(layout.structure), taps(geometry.taps()),
        columns(geometry.columns()) {
    bool gradInput = layout.operation == Operation::GradInput;
    for (int64_t o = 0; o < geometry.outChannels; ++o)
      filterPlaces.push_back(gradInput ? sourcePlace(o) : targetPlace(o));
    for (int64_t c = 0; c < geometry.inChannels; ++c)
      channelPlaces.push_back(gradInput ? targetPlace(c) : sourcePlace(c));
    for (const StreamPhase &phase : layout.phases) {
      firstRun.push_back(runCount);
      runCount += cells(layout) * static_cast<int64_t>(phase.bodies.size());
    }
    if (layout.itemForm() == ItemForm::Kernel)
      prepareKernels();
    else
      prepareColumns();
  }

  int64_t runs() const { return runCount; }

  template <typename Visit> void operator()(Visit visit) const {
    switch (layout.itemForm()) {
    case ItemForm::Panel:
      return panels(visit);
    case ItemForm::Column:
      return blocks(visit, layout.columnRows());
    case ItemForm::Kernel:
      return kernels(visit);
    }
  }

private:
  /// Of a kernel's pattern: a body that it fills in some phase.
  struct KernelBody {
    int64_t firstRun;
    const StreamBody *body;
  };

  Place sourcePlace(int64_t channel) const {
    int64_t chunk = layout.schedule.channelChunk;
    return {channel / chunk * layout.groups,
            channel % chunk * layout.channelStride()};
  }

  Place targetPlace(int64_t channel) const {
    return {channel / layout.schedule.panelRows, 0};
  }

  void prepareColumns() {
    int64_t width = layout.itemForm() == ItemForm::Column
                        ? layout.columnRows()
                        : layout.schedule.panelRows;
    panelSlots.resize(size_t(width));
    std::iota(panelSlots.begin(), panelSlots.end(), 0);
    columnPlaces.reserve(layout.phases.size() * size_t(columns));
    for (size_t phase = 0; phase < layout.phases.size(); ++phase) {
      std::vector<Place> tapPlaces = placesOfTaps(phase);
      for (const Place &channel : channelPlaces)
        for (const Place &tap : tapPlaces)
          columnPlaces.push_back(
              {tap.cell + channel.cell,
               tap.index < 0 ? tap.index : channel.index + tap.index});
    }
  }

  /// The first run of the body that takes a tap, and what the tap adds to an
  /// item's index: nothing where each tap has a body of its own.
  std::vector<Place> placesOfTaps(size_t phase) const {
    std::vector<Place> result(size_t(taps), Place{firstRun[phase], -1});
    const StreamPhase &own = layout.phases[phase];
    if (layout.schedule.skipPadding) {
      for (size_t body = 0; body < own.bodies.size(); ++body)
        result[size_t(own.bodies[body].tap)] = {
            firstRun[phase] + static_cast<int64_t>(body) * cells(layout), 0};
      return result;
    }
    for (int64_t tap = 0; tap < taps; ++tap)
      result[size_t(tap)].index = layout.tapOffset(own, tap).value_or(-1);
    return result;
  }

  void prepareKernels() {
    kernelBodies.resize(
        structure.scheme == Scheme::Pattern ? structure.patterns.size() : 1);
    for (size_t phase = 0; phase < layout.phases.size(); ++phase) {
      const std::vector<StreamBody> &bodies = layout.phases[phase].bodies;
      for (size_t body = 0; body < bodies.size(); ++body)
        kernelBodies[size_t(bodies[body].pattern)].push_back(
            {firstRun[phase] + static_cast<int64_t>(body) * cells(layout),
             &bodies[body]});
    }
  }

  /// Calls visit(slot, row, column) for each of these ascending numbers.
  template <typename Visit>
  static void inRows(const std::vector<uint32_t> &numbers, int64_t rowLength,
                     Visit visit) {
    int64_t row = 0, rowStart = 0;
    for (size_t slot = 0; slot < numbers.size(); ++slot) {
      while (numbers[slot] - rowStart >= rowLength) {
        rowStart += rowLength;
        ++row;
      }
      visit(static_cast<int64_t>(slot), row, numbers[slot] - rowStart);
    }
  }

  /// Weights from (o, column) on that share an item, in every phase that the
  /// column's tap reaches.
  template <typename Visit>
  void panel(Visit &visit, int64_t o, int64_t column, int64_t base,
             int64_t stride) const {
    const Place &filter = filterPlaces[size_t(o)];
    for (size_t at = size_t(column); at < columnPlaces.size();
         at += size_t(columns)) {
      const Place &place = columnPlaces[at];
      if (place.index >= 0)
        visit(Item{filter.cell + place.cell, filter.index + place.index, base,
                   stride, panelSlots});
    }
  }

  template <typename Visit> void panels(Visit &visit) const {
    switch (structure.scheme) {
    case Scheme::Dense:
      return densePanels(visit);
    case Scheme::Unstructured:
      return singlePanels(visit, active.units);
    case Scheme::Block:
      return blocks(visit, layout.schedule.panelRows);
    case Scheme::Pattern:
    case Scheme::Channel:
      return singlePanels(visit, active.positions(geometry, structure));
    }
  }

  template <typename Visit> void densePanels(Visit &visit) const {
    int64_t rows = layout.schedule.panelRows;
    bool gradInput = layout.operation == Operation::GradInput;
    int64_t filterStep = gradInput ? 1 : rows,
            channelStep = gradInput ? rows : 1;
    int64_t stride = gradInput ? taps : columns;
    for (int64_t o = 0; o < geometry.outChannels; o += filterStep)
      for (int64_t c = 0; c < geometry.inChannels; c += channelStep)
        for (int64_t column = c * taps; column < (c + 1) * taps; ++column)
          panel(visit, o, column, o * columns + column, stride);
  }

  /// Items of one weight each, phase by phase.
  template <typename Visit>
  void singlePanels(Visit &visit,
                    const std::vector<uint32_t> &positions) const {
    for (size_t first = 0; first < columnPlaces.size();
         first += size_t(columns)) {
      size_t slot = 0;
      int64_t rowStart = 0;
      for (const Place &filter : filterPlaces) {
        for (; slot < positions.size() && positions[slot] < rowStart + columns;
             ++slot) {
          const Place &place =
              columnPlaces[first + size_t(positions[slot] - rowStart)];
          if (place.index >= 0)
            visit.single(filter.cell + place.cell, filter.index + place.index,
                         static_cast<uint32_t>(slot));
        }
        rowStart += columns;
      }
    }
  }

  /// Pieces of `step` rows of each block.
  template <typename Visit> void blocks(Visit &visit, int64_t step) const {
    int64_t rows = structure.blockRows;
    inRows(active.units, columns,
           [&](int64_t slot, int64_t group, int64_t column) {
             for (int64_t row = 0; row < rows; row += step)
               panel(visit, group * rows + row, column, slot * rows + row, 1);
           });
  }

  template <typename Visit>
  void kernel(Visit &visit, int64_t o, int64_t c, size_t pattern,
              int64_t base) const {
    const Place &filter = filterPlaces[size_t(o)];
    const Place &channel = channelPlaces[size_t(c)];
    int64_t cell = filter.cell + channel.cell;
    int64_t index = filter.index + channel.index;
    for (const KernelBody &own : kernelBodies[pattern])
      visit(Item{own.firstRun + cell, index, base, 1, own.body->slots});
  }

  template <typename Visit> void kernels(Visit &visit) const {
    if (structure.scheme == Scheme::Channel) {
      int64_t base = 0;
      for (uint32_t filter : active.units)
        for (int64_t c = 0; c < geometry.inChannels; ++c, base += taps)
          kernel(visit, filter, c, 0, base);
      return;
    }
    int64_t base = 0;
    inRows(active.units, geometry.inChannels,
           [&](int64_t slot, int64_t o, int64_t c) {
             uint8_t pattern = active.patternIds[size_t(slot)];
             kernel(visit, o, c, pattern, base);
             base += static_cast<int64_t>(structure.patterns[pattern].size());
           });
  }

  const StreamLayout &layout;
  const ActiveSet &active;
  const Geometry &geometry;
  const Structure &structure;
  int64_t taps, columns, runCount = 0;
  std::vector<int64_t> firstRun;                     ///< Of each phase.
  std::vector<Place> filterPlaces, channelPlaces;    ///< Without taps.
  std::vector<Place> columnPlaces;                   ///< [phase][column]
  std::vector<int64_t> panelSlots;                   ///< 0, 1, ...
  std::vector<std::vector<KernelBody>> kernelBodies; ///< [pattern]
};

/// Of a run: how many items and values lie before the next one.
struct RunEnd {
  int32_t items = 0, values = 0;
};

struct ItemCount {
  RunEnd *runs;

  void operator()(const Item &item) const { ++runs[item.run].items; }
  void single(int64_t run, int64_t /*index*/, uint32_t /*slot*/) const {
    ++runs[run].items;
  }
};

/// Writes items where their runs have got to.
struct ItemPlacement {
  RunEnd *runs;
  uint16_t *indices;
  uint32_t *valueOrder;

  void operator()(const Item &item) const {
    RunEnd &run = runs[item.run];
    indices[run.items++] = static_cast<uint16_t>(item.index);
    for (int64_t slot : item.slots)
      valueOrder[run.values++] =
          static_cast<uint32_t>(item.base + slot * item.stride);
  }
  /// As many values as items: one number says where both go.
  void single(int64_t run, int64_t index, uint32_t slot) const {
    int32_t at = runs[run].items++;
    indices[at] = static_cast<uint16_t>(index);
    valueOrder[at] = slot;
  }
};

/// Room for `size` elements, of which a former use may leave most unused.
template <typename Element>
void resizeReused(std::vector<Element> &elements, int64_t size) {
  if (elements.capacity() > 2 * size_t(size))
    elements = std::vector<Element>();
  elements.resize(size_t(size));
}

/// Writes the offsets, and turns counts of items into where each run starts.
void placeRuns(const StreamLayout &layout, std::vector<RunEnd> &runs,
               Streams &streams) {
  constexpr int64_t kMost = std::numeric_limits<int32_t>::max();
  int64_t itemCount = 0, valueCount = 0, offsetCount = 0;
  for (const StreamPhase &phase : layout.phases)
    offsetCount += (cells(layout) + 1) * layout.offsetsStride(phase);
  resizeReused(streams.offsets, offsetCount);
  int32_t *offset = streams.offsets.data();
  RunEnd *ofPhase = runs.data();
  for (const StreamPhase &phase : layout.phases) {
    for (int64_t cell = 0; cell < cells(layout); ++cell) {
      *offset++ = static_cast<int32_t>(valueCount);
      RunEnd *run = ofPhase + cell;
      for (const StreamBody &body : phase.bodies) {
        *offset++ = static_cast<int32_t>(itemCount);
        int64_t items = run->items;
        *run = {static_cast<int32_t>(itemCount),
                static_cast<int32_t>(valueCount)};
        run += cells(layout);
        itemCount += items;
        valueCount += items * layout.schedule.panelRows *
                      static_cast<int64_t>(body.deltas.size());
      }
    }
    ofPhase += cells(layout) * static_cast<int64_t>(phase.bodies.size());
    *offset++ = static_cast<int32_t>(valueCount);
    for (size_t body = 0; body < phase.bodies.size(); ++body)
      *offset++ = static_cast<int32_t>(itemCount);
  }
  verifyInvariant(valueCount <= kMost && itemCount <= kMost,
                  "a stream exceeds 32-bit offsets");
  resizeReused(streams.indices, itemCount);
  resizeReused(streams.valueOrder, valueCount);
}

} // namespace

int64_t Streams::bytes() const {
  return static_cast<int64_t>(offsets.capacity() * sizeof(int32_t) +
                              indices.capacity() * sizeof(uint16_t) +
                              valueOrder.capacity() * sizeof(uint32_t));
}

Streams packStreams(const StreamLayout &layout, const ActiveSet &active,
                    Streams reused) {
  ItemWalk walk(layout, active);
  std::vector<RunEnd> runs(size_t(walk.runs()));
  walk(ItemCount{runs.data()});
  placeRuns(layout, runs, reused);
  walk(ItemPlacement{runs.data(), reused.indices.data(),
                     reused.valueOrder.data()});
  return reused;
}

} // namespace lacuna
