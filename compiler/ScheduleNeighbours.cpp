//===- ScheduleNeighbours.cpp - Schedules one step away -------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Compiler/ScheduleNeighbours.h"

#include "KernelTraits.h"

#include "lacuna/Support/Divisors.h"
#include "lacuna/Support/Error.h"

#include <algorithm>
#include <set>

namespace lacuna {

namespace {

/// Images of a tile; larger batches gain nothing from more.
constexpr int64_t kMaxTileImages = 64;
constexpr int64_t kMaxItemUnroll = 8;

class Neighbours {
public:
  Neighbours(const KernelRequest &request, const Target &target,
             const Schedule &from)
      : request(request), target(target), from(from) {
    // Only what follows differs from where the search stands.
    add(from);
    found.clear();
  }

  std::vector<Schedule> all() {
    tiles();
    panels();
    chunks();
    step(&Schedule::batchTile, kMaxTileImages / from.lanes);
    padding();
    if (request.operation == Operation::GradWeight)
      weightGradients();
    return std::move(found);
  }

private:
  /// Keeps a schedule if a kernel can have it.
  void add(const Schedule &schedule) {
    if (schedule.panelRows * schedule.panelPixels + 2 >
        std::max(target.description.vectorRegisters,
                 from.panelRows * from.panelPixels + 2))
      return;
    try {
      KernelPlan plan = planKernel(request, target, schedule);
      StreamLayout layout(request.operation, request.geometry,
                          request.structure, schedule);
      int64_t bytes = layout.scratchFloats() * int64_t(sizeof(float));
      if (bytes <= kL1sOfL2 * target.description.l1Bytes &&
          keys.insert(plan.key).second)
        found.push_back(schedule);
    } catch (const InternalError &) {
      // What the layout refuses, or unrolls too much, is no kernel.
    }
  }

  /// One choice doubled and halved.
  void step(int64_t Schedule::*choice, int64_t limit) {
    for (int64_t value : {from.*choice / 2, from.*choice * 2})
      if (value >= 1 && value <= limit) {
        Schedule schedule = from;
        schedule.*choice = value;
        add(schedule);
      }
  }

  /// A tile along an axis: what there is, and half and twice as much if that
  /// divides the plane.
  static std::vector<int64_t> extents(int64_t extent, int64_t plane) {
    std::vector<int64_t> result{extent};
    if (extent % 2 == 0 && plane % (extent / 2) == 0)
      result.push_back(extent / 2);
    if (extent * 2 <= plane && plane % (extent * 2) == 0)
      result.push_back(extent * 2);
    return result;
  }

  /// With the padding packed, or a whole plane without it.
  void padding() {
    const Extent2d &padding = request.geometry.padding;
    if (padding.height + padding.width == 0)
      return;
    Schedule schedule = from;
    schedule.skipPadding = !from.skipPadding;
    if (schedule.skipPadding) {
      Extent2d plane = request.geometry.phasePlane(request.operation);
      schedule.tileHeight = plane.height;
      schedule.tileWidth = plane.width;
    }
    add(schedule);
  }

  void tiles() {
    Extent2d plane = request.geometry.phasePlane(request.operation);
    for (int64_t height : extents(from.tileHeight, plane.height))
      for (int64_t width : extents(from.tileWidth, plane.width))
        for (int64_t pixels : panelPixels()) {
          Schedule schedule = from;
          schedule.tileHeight = height;
          schedule.tileWidth = width;
          schedule.panelPixels = pixels;
          if (panelless() || pixels <= height * width * schedule.batchTile)
            add(schedule);
        }
  }

  /// Weight gradients take the pixels of a tile all together.
  bool panelless() const { return request.operation == Operation::GradWeight; }

  /// A panel grows and shrinks with its tile, or stays.
  std::vector<int64_t> panelPixels() const {
    std::vector<int64_t> result{from.panelPixels};
    if (!panelless()) {
      result.push_back(from.panelPixels * 2);
      if (from.panelPixels > 1)
        result.push_back(from.panelPixels / 2);
    }
    return result;
  }

  void panels() {
    int64_t sums = from.panelRows * from.panelPixels;
    for (int64_t rows : {from.panelRows / 2, from.panelRows * 2})
      if (rows >= 1) {
        Schedule schedule = from;
        schedule.panelRows = rows;
        schedule.panelPixels = std::max<int64_t>(1, sums / rows);
        add(schedule);
      }
    for (int64_t pixels : {from.panelPixels - 1, from.panelPixels + 1,
                           from.panelPixels + from.panelPixels / 2})
      if (pixels >= 1 && !panelless()) {
        Schedule schedule = from;
        schedule.panelPixels = pixels;
        add(schedule);
      }
  }

  /// Half and twice the channels, each evened out over the chunks, and all of
  /// them.
  void chunks() {
    StreamLayout layout(request.operation, request.geometry, request.structure,
                        from);
    for (int64_t count : {(layout.chunks + 1) / 2, layout.chunks - 1,
                          layout.chunks + 1, layout.chunks * 2, int64_t(1)})
      if (count >= 1 && count <= layout.sourceChannels) {
        int64_t rows =
            layout.itemForm() == ItemForm::Column ? layout.columnRows() : 1;
        int64_t chunk = ceilDiv(layout.sourceChannels, count);
        Schedule schedule = from;
        schedule.channelChunk = ceilDiv(chunk, rows) * rows;
        add(schedule);
      }
  }

  void weightGradients() {
    step(&Schedule::itemUnroll, kMaxItemUnroll);
    for (int64_t unroll : {from.itemUnroll - 1, from.itemUnroll + 1})
      if (unroll >= 1 && unroll <= kMaxItemUnroll) {
        Schedule schedule = from;
        schedule.itemUnroll = unroll;
        add(schedule);
      }
    Schedule schedule = from;
    schedule.chunkOuter = !from.chunkOuter;
    add(schedule);
  }

  const KernelRequest &request;
  const Target &target;
  const Schedule &from;
  std::set<std::string> keys;
  std::vector<Schedule> found;
};

} // namespace

std::vector<Schedule> neighbouringSchedules(const KernelRequest &request,
                                            const Target &target,
                                            const Schedule &from) {
  return Neighbours(request, target, from).all();
}

} // namespace lacuna
