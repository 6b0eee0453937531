//===- TileWalk.h - Loops over tiles, and the packing of one ----*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_PASSES_TILEWALK_H
#define LACUNA_PASSES_TILEWALK_H

#include "KernelEmitter.h"

namespace lacuna::ir {

/// A tile at one place of the code: its extents are known when code is emitted,
/// its position when it runs. Rows and columns count pixels of a phase.
struct Tile {
  int64_t blocks;           ///< Batch blocks.
  bool tailRow, tailColumn; ///< The smaller tile at the end of an axis.
  mlir::Value block;        ///< First batch block.
  mlir::Value tileRow;      ///< Its row among the rows of tiles.
  mlir::Value row, column;  ///< First pixel.
};

/// One pixel of a tile, relative to its first.
struct TilePixel {
  int64_t block, row, column;

  bool operator==(const TilePixel &other) const {
    return block == other.block && row == other.row && column == other.column;
  }
};

/// A pixel's need of one source vector, for one tap.
struct SourceUse {
  int64_t offset; ///< From the item's index, in scratch vectors.
  int64_t tap;
  size_t pixel;
};

/// Emits the loops that visit tiles. Each place of the code that can see a
/// different extent (whole, tail, fewer batch blocks) gets a body of its own,
/// so that inside a body everything but the position is a constant.
class TileWalk {
public:
  explicit TileWalk(KernelEmitter &emitter)
      : emit(emitter), layout(emitter.layout) {}

  using TileBody = llvm::function_ref<void(const Tile &)>;
  /// The row of tiles that is one work item of forward or grad-input.
  void rowOfWorkItem(mlir::Value workItem, TileBody body);
  /// The rows of tiles of all batch blocks: tiles without a column yet.
  void allRowsOfTiles(TileBody body);
  /// The tiles of a row.
  void tilesOfRow(Tile row, TileBody body);

  /// Copies the source region of a tile, for the channels of a chunk, into
  /// scratch, with zeros where it leaves the plane.
  void pack(const Tile &tile, mlir::Value chunk);

  /// Prefetches share `index` of `shares` of what the next tile will pack in
  /// this chunk and no tile has yet, so that it arrives while this tile
  /// computes. Does nothing where a tile has no next one.
  void prefetchSource(const Tile &tile, mlir::Value chunk, mlir::Value index,
                      int64_t shares);

  /// The pixels of a tile in a phase, row by row.
  llvm::SmallVector<TilePixel> pixels(const StreamPhase &phase,
                                      const Tile &tile) const;
  /// Distance of a pixel's source vector from the tile's, in scratch vectors.
  int64_t scratchOffset(const TilePixel &pixel) const;
  /// All that an item of a body reads, by source vector: uses of one vector
  /// follow each other, so that it is loaded once and need not be kept.
  llvm::SmallVector<SourceUse>
  sourceUses(const StreamBody &body, llvm::ArrayRef<TilePixel> pixels) const;
  static llvm::SmallVector<int64_t> offsets(llvm::ArrayRef<SourceUse> uses);
  /// Position of a channel's first pixel of the tile in a target tensor, and
  /// the distance of a pixel from it.
  mlir::Value targetPosition(const StreamPhase &phase, const Tile &tile,
                             mlir::Value channel);
  int64_t targetOffset(const TilePixel &pixel) const;
  int64_t targetPlane() const;
  /// Distance of a phase's first pixel from the plane's.
  int64_t phaseOffset(const StreamPhase &phase) const;
  /// Whether a tile prefetches the next one of its plane, and how far that
  /// one's pixels are in a target tensor: beside it, or at the start of the
  /// next row of tiles.
  bool prefetchesNextTile(const Tile &tile) const;
  mlir::Value nextTargetTile(const Tile &tile);
  /// Of ascending distances from a tile's first target pixel, those whose
  /// cache lines hold none before them.
  llvm::SmallVector<int64_t> targetLines(llvm::ArrayRef<int64_t> offsets) const;
  /// Whether ascending distances from a tile's first target pixel in a phase
  /// are those of all vectors of some cache lines.
  bool fillsTargetLines(const StreamPhase &phase,
                        llvm::ArrayRef<int64_t> offsets) const;

private:
  /// Whether tiles that lie `tileStep` pixels apart start on cache lines.
  bool startOnLines(int64_t tileStep, int64_t planeWidth) const;
  /// The same as `targetLines` for any tensor whose tiles lie `tileStep` pixels
  /// apart. Where they are not aligned with cache lines, each may be a line's
  /// first.
  llvm::SmallVector<int64_t> lines(llvm::ArrayRef<int64_t> offsets,
                                   int64_t tileStep, int64_t planeWidth) const;
  mlir::Value nextTile(const Tile &tile, const Extent2d &step,
                       int64_t planeWidth);
  void batchTile(mlir::Value block, llvm::function_ref<void(Tile)> body);
  /// The batch blocks that do not fill a tile, a power of two at a time: a tile
  /// of one has a single chain of multiply-adds, and waits for it.
  void lastBlocks(mlir::Value block, llvm::function_ref<void(Tile)> body);
  void rowOfTiles(Tile tile, mlir::Value tileRow, TileBody body);

  KernelEmitter &emit;
  const StreamLayout &layout;
};

/// Emits `body` for share `index` of `shares` of [0, units).
void forEachOfShare(KernelEmitter &emitter, mlir::Value index, int64_t shares,
                    int64_t units, llvm::function_ref<void(mlir::Value)> body);

/// Passes the finished results of a row of tiles through the gradient of a
/// batch norm, and leaves its sums.
void emitNormGradient(KernelEmitter &emitter, const Tile &row);

/// Prefetches share `index` of the `shares` of a tile of what that reads beside
/// the results of the tile's row. The shares of a row's tiles follow each other
/// in memory.
void prefetchForNormGradient(KernelEmitter &emitter, const Tile &tile,
                             mlir::Value index, int64_t shares);

} // namespace lacuna::ir

#endif // LACUNA_PASSES_TILEWALK_H
