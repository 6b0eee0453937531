//===- StreamLayout.h - The contract of kernel and packer -------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A kernel walks a stream of items. The layout says what an item is for a given
// operation, geometry, structure and schedule; the compiler emits code from it
// and the runtime packs active sets with it, so the two cannot disagree.
//
// Vocabulary. The *source* is the operand that is packed into scratch (input
// for forward and grad-weight, output gradient for grad-input); the *target* is
// the plane whose pixels are tiled (output; output gradient; input gradient).
// Source channels are cut into *chunks*, target channels into *groups* of
// `panelRows`. An *item* adds, for each of its taps, one source vector times
// `panelRows` weights to the pixels of a group. Items of one *body* share their
// tap pattern, and so one unrolled piece of code.
//
// Stream order: [phase][chunk][group][body][item]; values of an item:
// [tap][row].
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_KERNEL_STREAMLAYOUT_H
#define LACUNA_KERNEL_STREAMLAYOUT_H

#include "lacuna/Kernel/Schedule.h"
#include "lacuna/Kernel/Structure.h"
#include "lacuna/Support/Error.h"

#include <optional>
#include <string>
#include <vector>

namespace lacuna {

/// What an item is. Panel: one source vector and `panelRows` weights, the tap
/// lies in the index, or in the body where padding is left out. Column: one
/// weight for each of several consecutive source channels (a block, seen from
/// grad-input). Kernel: the taps of a pattern.
enum class ItemForm { Panel, Column, Kernel };

/// The code of one kind of item.
struct StreamBody {
  int64_t pattern = 0; ///< Kernel form: the pattern it is (a part) of.
  int64_t tap = 0;     ///< Other forms, without padding: the tap it is.
  /// For each value, the distance from the item's index, in scratch vectors.
  std::vector<int64_t> deltas;
  /// For each value, source rows and columns from a pixel's first: those of one
  /// tap of several where padding is packed and the tap lies in the index.
  std::vector<Extent2d> shifts;
  /// For each value, its slot in the unit's canonical values.
  std::vector<int64_t> slots;
};

/// Target pixels whose source positions follow one rule. Forward and
/// grad-weight have one phase; grad-input has one for each residue of the
/// target position modulo the stride.
struct StreamPhase {
  Extent2d offset; ///< First target pixel.
  Extent2d count;  ///< Target pixels of this phase along each axis.
  std::vector<StreamBody> bodies;
  int64_t offsetsBase = 0; ///< Where the phase starts in Streams::offsets.
};

/// A schedule cannot serve its layer. The compiler chooses none that cannot.
class ScheduleError : public InternalError {
public:
  explicit ScheduleError(const std::string &rule)
      : InternalError(rule), broken(rule) {}

  /// The rule alone, for who lets others write schedules.
  const std::string &rule() const { return broken; }

private:
  std::string broken;
};

class StreamLayout {
public:
  /// Throws UserError if geometry or structure are invalid, ScheduleError if
  /// the schedule cannot serve them.
  StreamLayout(Operation operation, const Geometry &geometry,
               const Structure &structure, const Schedule &schedule);

  Operation operation;
  Geometry geometry;
  Structure structure;
  Schedule schedule;

  int64_t sourceChannels, targetChannels;
  Extent2d source, target; ///< Plane extents.
  Extent2d pixelStep;      ///< Scratch vectors between neighbouring pixels.
  Extent2d packStep;       ///< Source pixels between packed ones.
  Extent2d sourceStep;     ///< Source pixels between neighbouring targets.
  Extent2d targetStep;     ///< Target pixels between those of a phase.
  Extent2d origin;         ///< Source position of tile (0, 0), <= 0 at borders.
  Extent2d region;         ///< Packed source pixels of a tile.
  int64_t chunks, groups;
  std::vector<StreamPhase> phases;

  /// Scratch vectors between source channels, and between batch blocks.
  int64_t channelStride() const { return schedule.batchTile * blockStride(); }
  int64_t blockStride() const { return region.height * region.width; }
  /// Tiles along one axis that are whole in every phase.
  Extent2d wholeTiles() const;
  /// Whether a smaller tile follows the whole ones along each axis.
  bool hasTailRows() const;
  bool hasTailColumns() const;

  /// Rows of tiles, the tail included.
  int64_t tileRows() const;

  ItemForm itemForm() const;
  /// Column form: weights in an item, a divisor of the block rows.
  int64_t columnRows() const;

  /// Batch blocks of the tiles that take what is left when a batch fills no
  /// more whole ones: powers of two, descending, each taken at most once.
  std::vector<int64_t> remainderBlocks() const;

  /// Work items of a call over this many batch blocks.
  int64_t workItems(int64_t batchBlocks) const;
  /// grad-weight: parts a chunk's groups are cut into. Fixed, so that sums do
  /// not depend on the number of threads.
  int64_t groupParts() const;
  int64_t scratchFloats() const;
  /// Fused statistics: for each batch block, row of tiles and target channel, a
  /// vector of sums and one of sums of squares. The padding images of the last
  /// block have lanes of their own, so who adds up can leave them out.
  int64_t statisticsFloats(int64_t batchBlocks) const {
    return batchBlocks * tileRows() * targetChannels * 2 * schedule.lanes;
  }

  /// Entries of a group in Streams::offsets: where its values start, then
  /// where the items of each body start.
  int64_t offsetsStride(const StreamPhase &phase) const {
    return static_cast<int64_t>(phase.bodies.size()) + 1;
  }
  /// Scratch vectors from a tile's origin to what a tap reads, below zero where
  /// no padding is packed; nothing when the tap does not contribute to the
  /// phase.
  std::optional<int64_t> tapOffset(const StreamPhase &phase, int64_t tap) const;
  /// Whether a value of a body meets more than padding at a pixel of a tile.
  bool reaches(const Extent2d &shift, const Extent2d &pixel) const;

private:
  bool panelRowsFit() const;
  std::optional<Extent2d> tapShift(const StreamPhase &phase, int64_t tap) const;
  int64_t offsetOf(const Extent2d &shift) const;
  void verifyWholePlanes() const;
  void buildPhases();
  std::vector<StreamBody> bodiesOf(const StreamPhase &phase) const;
  std::vector<StreamBody> tapBodies(const StreamPhase &phase) const;
  std::vector<StreamBody> kernelBodies(const StreamPhase &phase) const;
};

/// The streams of one active set under one layout.
struct Streams {
  std::vector<int32_t> offsets;
  std::vector<uint16_t> indices;
  /// Canonical index of each stream value.
  std::vector<uint32_t> valueOrder;

  int64_t values() const { return static_cast<int64_t>(valueOrder.size()); }
  /// Held, which is up to twice what is used.
  int64_t bytes() const;
};

/// Packs an active set: the only work a mutation needs while the kernel key
/// stays the same. The active set must be verified. The memory of `reused`,
/// streams that are needed no longer, serves again.
Streams packStreams(const StreamLayout &layout, const ActiveSet &active,
                    Streams reused = {});

} // namespace lacuna

#endif // LACUNA_KERNEL_STREAMLAYOUT_H
