//===- PointwiseChoice.cpp - The schedule of 1x1 convolutions -------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PointwiseChoice.h"

#include "lacuna/Support/Divisors.h"

#include <algorithm>

namespace lacuna {

namespace {

/// Pixels that are worth a tile with all source channels, if it fits the L1.
constexpr int64_t kFewestPixels = 8;
/// The same where each pixel is a line to wait for.
constexpr int64_t kFewLines = 4;
/// Source channels of few lines from which the L2 costs more than to read
/// results again for each chunk that fits the L1.
constexpr int64_t kManyChannels = 512;
/// Where planes are larger, a batch of results leaves the caches: blocks with
/// two rows a panel then take half the time of those with four at 56x56.
constexpr int64_t kCachedPlanePixels = 28 * 28;
/// Weights up to which their gradient waits for memory rather than computes:
/// single rows of blocks then take up to 13 % less time than two.
constexpr int64_t kFewWeights = 128 * 128;
/// Pixels of an odd row that are worth a tile where no border is packed, and
/// the most that are.
constexpr int64_t kFewestInRow = 5;
constexpr int64_t kMostInRow = 8;
/// Width of a narrow tile: two vectors of eight lanes are a cache line.
constexpr int64_t kNarrowWidth = 2;
/// The other side of it for the gradient to weights.
constexpr int64_t kNarrowLength = 4;
/// Distance of the gradient's rows at which a tile's lines take each other's
/// place in the caches.
constexpr int64_t kCollidingBytes = 1024;
/// Channels, or where a vector is a line also pixels, from which a gradient to
/// weights has narrow tiles in spite of a stride.
constexpr int64_t kManyStridedChannels = 128;
constexpr int64_t kManyStridedPixels = 28 * 28;
/// Pixels beyond which that is so for blocks too, a row at a time, where a
/// vector is a line.
constexpr int64_t kManyBlockPixels = 16 * 16;

class PointwiseChooser {
public:
  PointwiseChooser(const KernelTraits &kernel, int64_t panelRows)
      : kernel(kernel), panelRows(panelRows),
        pixelsInL1(kernel.target.l1Bytes / (kernel.sourceChannels() *
                                            kernel.target.lanes * kFloatBytes)),
        leavesCaches(kernel.target.instructions.streamingStores &&
                     !kernel.strided &&
                     kernel.planePixels > kCachedPlanePixels) {
    if (kernel.manyRegisters && !kernel.vectorIsLine())
      return;
    gaps = kernel.strided && kernel.gradInput;
    narrow = wantsNarrowTiles();
    rowPixels = pixelsOfOddRow();
  }

  PointwiseChoice choose() const {
    PointwiseChoice choice;
    choice.panelRows = panelRows;
    choice.narrow = narrow;
    if (narrow)
      choice.tile = narrowTile();
    else if (rowPixels > 0)
      choice.tile = TileChoice{1, rowPixels};
    bool exceedsL1 = leavesCaches || gaps;
    bool fromL2 = suitsL2();
    choice.oneChunk =
        !kernel.gradWeight && !narrow &&
        (fromL2 || pixelsInL1 * (exceedsL1 ? 2 : 1) >= fewestPixels());
    choice.leavesL1 = choice.oneChunk && fromL2;
    choice.mostPixels = mostPixels(choice.oneChunk);
    // Further batch blocks would be further lines to wait for.
    bool lines = kernel.vectorIsLine() && (choice.oneChunk || rowPixels > 0);
    choice.oneBlock = narrow || lines || (choice.oneChunk && gaps);
    if (choice.oneChunk && exceedsL1)
      choice.tenthsOfL1 = 20;
    else if (choice.oneChunk || rowPixels > 0 ||
             (narrow && !(kernel.gradWeight && kernel.vectorIsLine())))
      choice.tenthsOfL1 = 10;
    bool fewPlanes =
        (narrow && (kernel.gradWeight || !kernel.vectorIsLine())) ||
        (rowPixels > 0 && kernel.gradWeight) ||
        (choice.oneChunk && leavesCaches);
    if (panelRows == 4 && fewPlanes)
      choice.panelRows = takesSingleRows() ? 1 : 2;
    return choice;
  }

private:
  /// Where the source channels of a few pixels do not fit the L1, and for the
  /// gradient to weights, a cache line of each row and channel at a time is
  /// what memory gives fastest.
  bool wantsNarrowTiles() const {
    const Extent2d &plane = kernel.plane;
    if (plane.width % kNarrowWidth != 0)
      return false;
    if (kernel.vectorIsLine() && kernel.gradWeight)
      return !kernel.strided || wantsLinesInSpiteOfStride();
    if (kernel.vectorIsLine())
      return pixelsInL1 < kFewLines && !suitsL2();
    if (kernel.target.lanes * kNarrowWidth != kLineFloats)
      return false;
    if (kernel.strided)
      return kernel.gradWeight &&
             kernel.sourceChannels() >= kManyStridedChannels &&
             plane.height % kNarrowLength == 0;
    return kernel.gradWeight || pixelsInL1 < kFewestPixels;
  }

  bool wantsLinesInSpiteOfStride() const {
    bool many = kernel.sourceChannels() >= kManyStridedChannels ||
                kernel.planePixels >= kManyStridedPixels;
    return many && (panelRows == 1 ||
                    (panelRows == 4 && kernel.planePixels > kManyBlockPixels));
  }

  /// Small enough to have many channels.
  TileChoice narrowTile() const {
    const Extent2d &plane = kernel.plane;
    if (kernel.vectorIsLine() && plane.height % kNarrowWidth != 0)
      return chooseTile(kernel, kFewLines, kFewLines);
    int64_t height = kNarrowWidth, width = kNarrowWidth;
    if (kernel.gradWeight && !kernel.vectorIsLine()) {
      int64_t rowBytes = plane.width * kernel.target.lanes * kFloatBytes;
      (rowBytes % kCollidingBytes == 0 ? width : height) = kNarrowLength;
    }
    return {largestDivisor(plane.height, height), width};
  }

  /// Pixels of a tile that is a part of a row, where squares would leave an odd
  /// plane with other tiles at its ends; 0 for none. Between gaps they would be
  /// scattered.
  int64_t pixelsOfOddRow() const {
    int64_t pixels = largestDivisor(kernel.plane.width, kMostInRow);
    bool odd =
        kernel.plane.width % 2 != 0 && kernel.planePixels <= kCachedPlanePixels;
    return odd && pixels >= kFewestInRow && (!gaps || kernel.vectorIsLine())
               ? pixels
               : 0;
  }

  /// Whether the L2 is near enough for a few pixels with all source channels:
  /// where a vector is a line, it is a single one to wait for, and the result
  /// need not be read again. That is worth it where the result is scattered,
  /// for few channels, where rows that share a source vector have results as
  /// large as the source, and where no tile of few pixels divides the plane.
  bool suitsL2() const {
    int64_t channels = kernel.sourceChannels();
    bool divides = kernel.plane.width % kNarrowWidth == 0 || rowPixels > 0;
    bool worthIt = gaps || channels < kManyChannels || !divides ||
                   (panelRows > 1 && kernel.targetChannels() >= channels);
    int64_t pixelBytes = channels * kernel.target.lanes * kFloatBytes;
    return kernel.vectorIsLine() && worthIt &&
           pixelBytes * std::max(fewestPixels(), rowPixels) <=
               kL1sOfL2 * kernel.target.l1Bytes;
  }

  /// Of a tile with all source channels.
  int64_t fewestPixels() const {
    return gaps || kernel.vectorIsLine() ? kFewLines : kFewestPixels;
  }

  int64_t mostPixels(bool oneChunk) const {
    if (!oneChunk)
      return kMaxScheduleExtent;
    if (kernel.vectorIsLine() && pixelsInL1 < kFewestPixels)
      return kFewLines;
    return std::max(pixelsInL1, fewestPixels());
  }

  /// Of blocks, for the gradient to weights.
  bool takesSingleRows() const {
    if (!kernel.gradWeight)
      return false;
    if (kernel.strided && kernel.vectorIsLine())
      return narrow;
    return leavesCaches && kernel.geometry.weights() <= kFewWeights;
  }

  const KernelTraits &kernel;
  int64_t panelRows;
  int64_t pixelsInL1; ///< That have all their source channels there.
  bool leavesCaches;  ///< The result of a batch.
  bool gaps = false;  ///< Between results are zeros, of a stride.
  bool narrow = false;
  int64_t rowPixels = 0; ///< Of tiles in the rows of an odd plane.
};

bool isPointwise(const KernelTraits &kernel) {
  return kernel.taps() == 1 && kernel.planePixels >= kFewestPixels &&
         (!kernel.has(Scheme::Dense) ||
          (kernel.strided && kernel.gradInput && kernel.vectorIsLine()));
}

} // namespace

PointwiseChoice choosePointwise(const KernelTraits &kernel, int64_t panelRows) {
  if (isPointwise(kernel))
    return PointwiseChooser(kernel, panelRows).choose();
  PointwiseChoice nothing;
  nothing.panelRows = panelRows;
  return nothing;
}

} // namespace lacuna
