//===- Schedule.h - How a kernel walks its work -----------------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_KERNEL_SCHEDULE_H
#define LACUNA_KERNEL_SCHEDULE_H

#include <cstdint>

namespace lacuna {

/// How far code is specialised to the structure.
///  - Stream: one loop over single weights; any scheme walks the same code.
///  - Specialised: bodies unrolled for the scheme's blocks and patterns.
enum class Level { Stream, Specialised };
inline constexpr Level kAllLevels[] = {Level::Stream, Level::Specialised};

inline const char *levelName(Level level) {
  return level == Level::Stream ? "stream" : "specialised";
}

/// No target has more lanes: SVE ends at 2048 bits.
inline constexpr int64_t kMaxLanes = 64;

/// The greatest extent of a schedule, and the most vectors of a packed tile:
/// what 16-bit indices reach. Products of extents may pass 64 bits.
inline constexpr int64_t kMaxScheduleExtent = int64_t(1) << 16;

/// The choices of a kernel that change its speed and its streams but never its
/// result (beyond the order of additions). Chosen by the compiler from target
/// and geometry, kept with the kernel, obeyed by the packer.
struct Schedule {
  int64_t lanes = 16;        ///< Images in a vector: V of the layout.
  int64_t batchTile = 1;     ///< Batch blocks in a packed tile.
  int64_t tileHeight = 4;    ///< Target pixels of a packed tile ...
  int64_t tileWidth = 4;     ///< ... along each axis.
  int64_t channelChunk = 16; ///< Source channels packed at a time.
  int64_t panelRows = 1;     ///< Target channels that share a source vector.
  int64_t panelPixels = 16;  ///< Target pixels held in registers a row.
  int64_t bodyTaps = 9;      ///< Most taps unrolled in one body.
  int64_t itemUnroll = 1;    ///< Items of a body in one turn of its loop.
  /// grad-weight: finish a chunk of input channels before the next, so that its
  /// lane sums stay in cache; else a row of tiles, so that the gradient does.
  bool chunkOuter = false;
  /// Pack none of a plane's padding, and compute nothing with it: of tiles that
  /// are whole planes. Items are sorted by tap.
  bool skipPadding = false;
  Level level = Level::Specialised;

  /// Calls visit(name, choice) for each choice but the level: what kernel keys
  /// and bundles hold.
  template <typename Self, typename Visit>
  static void forEach(Self &schedule, Visit visit) {
    visit("lanes", schedule.lanes);
    visit("batch_tile", schedule.batchTile);
    visit("tile_height", schedule.tileHeight);
    visit("tile_width", schedule.tileWidth);
    visit("channel_chunk", schedule.channelChunk);
    visit("panel_rows", schedule.panelRows);
    visit("panel_pixels", schedule.panelPixels);
    visit("body_taps", schedule.bodyTaps);
    visit("item_unroll", schedule.itemUnroll);
    visit("chunk_outer", schedule.chunkOuter);
    visit("skip_padding", schedule.skipPadding);
  }
};

static_assert(sizeof(Schedule) == 10 * sizeof(int64_t),
              "Schedule::forEach must visit every choice");

} // namespace lacuna

#endif // LACUNA_KERNEL_SCHEDULE_H
