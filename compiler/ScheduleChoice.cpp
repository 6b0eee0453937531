//===- ScheduleChoice.cpp - The schedule of a kernel ----------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Compiler/ScheduleChoice.h"

#include "lacuna/Support/Divisors.h"

#include <algorithm>
#include <numeric>

namespace lacuna {

namespace {

/// The batch for which tiles that span batch blocks are sized.
constexpr int64_t kNominalBatch = 64;
constexpr int64_t kFloatBytes = 4;
constexpr int64_t kLineBytes = 64;
/// Pixels that are worth a tile with all source channels, if it fits the L1.
constexpr int64_t kFewestPixels = 8;
/// Where planes are larger, a batch of a 1x1 convolution's results leaves the
/// caches: blocks with two rows a panel then take half the time of those with
/// four at 56x56.
constexpr int64_t kCachedPlanePixels = 28 * 28;
/// Weights of such a 1x1 convolution up to which its gradient waits for memory
/// rather than computes: single rows of blocks then take up to 13 % less time
/// than two.
constexpr int64_t kFewWeights = 128 * 128;
/// Pixels of an odd row that are worth a tile where no border is packed, and
/// the most that are.
constexpr int64_t kFewestInRow = 5;
constexpr int64_t kMostInRow = 8;
/// Width of a narrow tile: two vectors of eight lanes are a cache line.
constexpr int64_t kNarrowWidth = 2;
/// Its height for the gradient to weights.
constexpr int64_t kNarrowHeight = 4;
/// Channels from which a gradient to weights has narrow tiles in spite of a
/// stride, which leaves a vector of each line of the source.
constexpr int64_t kManyStridedChannels = 128;
/// Pixels of the result from which such a gradient has narrow tiles where a
/// vector is a line and panels are single rows.
constexpr int64_t kManyStridedPixels = 16 * 16;

/// Lane sums of all weights beyond which those of one weight in ten leave a
/// common L2.
constexpr int64_t kMaxCachedLaneSums = 1 << 22;

/// Rows of a panel: enough to reuse each source vector, few enough to leave
/// registers for several pixels. A prime height above the usual four is taken
/// whole rather than a row at a time.
int64_t choosePanelRows(int64_t rows) {
  int64_t few = largestDivisor(rows, 4);
  return few > 1 ? few : largestDivisor(rows, 12);
}

/// The largest planes that are a tile as a whole where that pays: of most
/// schemes, and of patterns in sixteen registers.
constexpr int64_t kWholePlanePixels = 64;
constexpr int64_t kWholePatternPlanePixels = 16;

/// Planes of single items that are worth a body for each tap: of a gradient to
/// the weights; otherwise they fit one panel.
constexpr int64_t kTapBodiesPlanePixels = 16;
/// Multiply-adds that the items of a tap should come to, were all weights
/// there, before the next tap's body starts: of sums that a panel holds, times
/// channels.
constexpr int64_t kLongRun = 2048;
/// How many times a tile may fill the L1 for it.
constexpr int64_t kMostL1s = 6;
/// Channels whose runs are long enough for rows and patterns, and the tenths of
/// the L1 that a tile with as many may fill.
constexpr int64_t kGoodChunk = 16;
constexpr int64_t kGoodChunkTenths = 12;
/// Pixels of a tile where each is a line to wait for.
constexpr int64_t kFewVectors = 4;
/// How many times such a tile with all source channels may fill the L1: most of
/// an L2.
constexpr int64_t kMostFewVectorsL1s = 28;
/// Sides of a tile of few pixels, and the tenths of the L1 that it may fill.
constexpr int64_t kFewPixelsSide = 2;
constexpr int64_t kFewPixelsTenths = 50;
/// Lane sums of all weights in a chunk that stay in a common L2.
constexpr int64_t kMaxChunkLaneSums = 1 << 19;

/// Kernels of a layer with patterns beyond which a core no longer learns how
/// long the run of each pattern is.
constexpr int64_t kMaxLearnedKernels = 65536;

/// Lanes of a vector for which a loop's overhead counts, and the width of tiles
/// that are made taller for it.
constexpr int64_t kShortVector = 4;
constexpr int64_t kTallTileWidth = 4;

struct TileChoice {
  int64_t height = 1, width = 1;
};

/// Of the tiles of at most `pixels`, and `widest` along a row, that divide the
/// plane, the one with most pixels, then with the least border to pack. Planes
/// with prime extents may have no useful divisor: those get a square tile and
/// smaller ones at the end.
TileChoice chooseTile(const Extent2d &plane, const Extent2d &border,
                      const Extent2d &step, int64_t pixels, int64_t widest) {
  TileChoice best;
  double bestCost = 0;
  auto packedPerPixel = [&](int64_t h, int64_t w) {
    return double((step.height * (h - 1) + border.height) *
                  (step.width * (w - 1) + border.width)) /
           double(h * w);
  };
  for (int64_t h = 1; h <= std::min(plane.height, pixels); ++h)
    for (int64_t w = 1; w <= std::min({plane.width, widest, pixels / h}); ++w) {
      if (plane.height % h != 0 || plane.width % w != 0)
        continue;
      // A pixel more shortens every item's overhead, a packed vector costs
      // about as much as an FMA or two.
      double cost = 64.0 / double(h * w) + packedPerPixel(h, w);
      if (bestCost == 0 || cost < bestCost) {
        bestCost = cost;
        best = {h, w};
      }
    }
  constexpr int64_t kFewPixels = 8;
  if (best.height * best.width >=
      std::min({kFewPixels, pixels, plane.height * plane.width}))
    return best;
  int64_t side = pixels >= 16 ? 4 : 3;
  best.height = std::min(plane.height, side);
  best.width = std::min({plane.width, widest, pixels / best.height});
  best.height = std::min(plane.height, pixels / best.width);
  return best;
}

/// The choices for one kernel, each building on those before it.
class Chooser {
public:
  Chooser(Operation operation, const Geometry &geometry,
          const Structure &structure, Level level,
          const TargetDescription &target)
      : operation(operation), geometry(geometry), structure(structure),
        target(target), gradInput(operation == Operation::GradInput),
        gradWeight(operation == Operation::GradWeight),
        specialised(level == Level::Specialised),
        manyRegisters(target.vectorRegisters >= 32),
        accumulators(manyRegisters ? 16 : 8) {
    schedule.lanes = target.lanes;
    schedule.level = level;
    schedule.bodyTaps = manyRegisters ? 9 : 5;
    describePlane();
  }

  Schedule choose(bool maySkipPadding) {
    schedule.skipPadding = maySkipPadding && skipsPadding();
    choosePanel();
    choosePointwise();
    chooseTiles();
    chooseUnroll();
    chooseChunk();
    return schedule;
  }

private:
  /// The target pixels of a phase, and what source a tile of them needs.
  void describePlane() {
    const Extent2d &kernel = geometry.kernel, &stride = geometry.stride;
    strided = stride.height * stride.width > 1;
    plane = geometry.output();
    border = kernel;
    step = stride;
    if (gradInput) {
      plane = {ceilDiv(geometry.input.height, stride.height),
               ceilDiv(geometry.input.width, stride.width)};
      border = {ceilDiv(kernel.height, stride.height),
                ceilDiv(kernel.width, stride.width)};
      step = {1, 1};
    }
    // Of single pixels a stride packs no other.
    if (border.height * border.width == 1)
      step = {1, 1};
    planePixels = plane.height * plane.width;
    pointwise = kernel.height * kernel.width == 1 &&
                planePixels >= kFewestPixels &&
                (structure.scheme != Scheme::Dense ||
                 (strided && gradInput && vectorIsLine()));
  }

  void choosePanel() {
    if (specialised && structure.scheme == Scheme::Dense)
      schedule.panelRows = choosePanelRows(gradInput ? geometry.inChannels
                                                     : geometry.outChannels);
    else if (specialised && structure.scheme == Scheme::Block && !gradInput)
      schedule.panelRows = choosePanelRows(structure.blockRows);
    schedule.panelPixels =
        std::max<int64_t>(1, accumulators / schedule.panelRows);
  }

  /// A sparse 1x1 convolution waits for memory, and so does the gradient to the
  /// strided input of a dense one, which is mostly zeros. With all source
  /// channels in a chunk it touches its result once, and may store it past the
  /// caches.
  void choosePointwise() {
    if (!pointwise)
      return;
    pixelsInL1 =
        target.l1Bytes / (sourceChannels() * target.lanes * kFloatBytes);
    leavesCaches = target.instructions.streamingStores && !strided &&
                   planePixels > kCachedPlanePixels;
    if (!manyRegisters || vectorIsLine()) {
      gaps = strided && gradInput;
      narrow = wantsNarrowTiles();
      rowPixels = pixelsOfOddRow();
    }
    oneChunk =
        !gradWeight && !narrow &&
        (leavesL1() || pixelsInL1 * (mayExceedL1() ? 2 : 1) >= fewestPixels());
    bool fewPlanes =
        narrow || (rowPixels > 0 && gradWeight) || (oneChunk && leavesCaches);
    if (schedule.panelRows != 4 || !fewPlanes)
      return;
    bool waits =
        gradWeight && leavesCaches && geometry.weights() <= kFewWeights;
    schedule.panelRows = waits ? 1 : 2;
    schedule.panelPixels = accumulators / schedule.panelRows;
  }

  /// Where the source channels of a few pixels do not fit the L1, and for the
  /// gradient to weights, a cache line of each row and channel at a time is
  /// what memory gives fastest.
  bool wantsNarrowTiles() const {
    if (vectorIsLine())
      return gradWeight && plane.width % kNarrowWidth == 0 &&
             (!strided ||
              (schedule.panelRows == 1 && planePixels >= kManyStridedPixels));
    if (target.lanes * kFloatBytes * kNarrowWidth != kLineBytes ||
        plane.width % kNarrowWidth != 0)
      return false;
    if (strided)
      return gradWeight && sourceChannels() >= kManyStridedChannels &&
             plane.height % kNarrowHeight == 0;
    return gradWeight || pixelsInL1 < kFewestPixels;
  }

  /// Pixels of a tile that is a part of a row, where squares would leave an odd
  /// plane with other tiles at its ends; 0 for none. Between gaps they would be
  /// scattered.
  int64_t pixelsOfOddRow() const {
    int64_t pixels = largestDivisor(plane.width, kMostInRow);
    bool odd = plane.width % 2 != 0 && planePixels <= kCachedPlanePixels;
    return odd && pixels >= kFewestInRow && (!gaps || vectorIsLine()) ? pixels
                                                                      : 0;
  }

  /// Whether to leave out the padding around small planes: a third of the
  /// multiply-adds of a 3x3 kernel at 4x4, more than half at 2x2. Each tap or
  /// pattern is then a body of its own, whose run must be long enough to make
  /// up for a branch that is not foreseen.
  bool skipsPadding() const {
    bool padded = geometry.padding.height + geometry.padding.width > 0;
    if (!specialised || !padded || planePixels > kWholePlanePixels)
      return false;
    // More in a row would not stay in registers, as below.
    if (hasKernelItems() && hasShortVectors() && plane.width > kTallTileWidth)
      return false;
    bool small = planePixels <= kTapBodiesPlanePixels;
    bool single =
        planePixels <= (gradWeight ? kTapBodiesPlanePixels : accumulators);
    switch (structure.scheme) {
    case Scheme::Dense:
      return !strided && (manyRegisters || gradWeight || small);
    case Scheme::Pattern:
    case Scheme::Channel:
      return !strided;
    case Scheme::Block:
      if (gradInput)
        return !strided && single;
      if (strided)
        return manyRegisters &&
               (!gradWeight || geometry.input.height * geometry.input.width <=
                                   kWholePlanePixels);
      return manyRegisters || gradWeight || small;
    case Scheme::Unstructured:
      return !strided && single;
    }
    return false;
  }

  void chooseTiles() {
    int64_t pixels = schedule.panelRows > 1
                         ? std::max<int64_t>(16, schedule.panelPixels)
                         : accumulators;
    int64_t widest = pixels;
    if (oneChunk)
      pixels = std::min(pixels, vectorIsLine() && pixelsInL1 < kFewestPixels
                                    ? fewestPixels()
                                    : std::max(pixelsInL1, fewestPixels()));
    // Short vectors pay for an item's overhead in fewer multiply-adds. The taps
    // of a pattern use a gradient vector in several rows of a tile: more than
    // four in a row would not stay in registers.
    bool kernels = hasKernelItems();
    bool tall = kernels && hasShortVectors();
    if (tall) {
      pixels *= 2;
      widest = kTallTileWidth;
    }
    wholePlane = gradWeight && !tall && specialised &&
                 step.height * step.width == 1 &&
                 planePixels <= mostWholePlanePixels();
    bool whole = wholePlane || schedule.skipPadding;
    fewPixels = !whole && wantsFewPixels();
    TileChoice tile = whole       ? TileChoice{plane.height, plane.width}
                      : fewPixels ? TileChoice{kFewPixelsSide, kFewPixelsSide}
                      : narrow    ? narrowTile()
                      : rowPixels > 0
                          ? TileChoice{1, rowPixels}
                          : chooseTile(plane, border, step, pixels, widest);
    schedule.tileHeight = tile.height;
    schedule.tileWidth = tile.width;

    // Further batch blocks would be further lines to wait for.
    if (narrow || fewPixels || (oneChunk && (gaps || vectorIsLine())))
      return;
    // A plane smaller than the tile leaves registers idle: span batch blocks.
    bool more = (wholePlane && manyRegisters) || tall;
    int64_t wanted = more ? 2 * accumulators : accumulators;
    schedule.batchTile =
        std::max<int64_t>(1, std::min(ceilDiv(kNominalBatch, target.lanes),
                                      wanted / (tile.height * tile.width)));
  }

  /// A whole plane at a time visits the lane sums less often, which pays where
  /// there are many: all weights, or several taps an item. With few registers
  /// it pays for others too, but not where taps share vectors from several
  /// rows.
  int64_t mostWholePlanePixels() const {
    bool dense = structure.scheme == Scheme::Dense;
    if (manyRegisters)
      return dense || structure.scheme == Scheme::Pattern ? kWholePlanePixels
                                                          : 0;
    if (taps() == 1)
      return 0;
    return hasKernelItems() ? kWholePatternPlanePixels : kWholePlanePixels;
  }

  /// Where a vector is a line, the gradient to a strided input has tiles of so
  /// few pixels that all source channels have room: each line of the result, of
  /// which there are more than of the source, is then written once.
  bool wantsFewPixels() const {
    return strided && gradInput && specialised && vectorIsLine() &&
           taps() > 1 && plane.height % kFewPixelsSide == 0 &&
           plane.width % kFewPixelsSide == 0;
  }

  /// Small enough to have many channels.
  TileChoice narrowTile() const {
    if (vectorIsLine())
      return chooseTile(plane, border, step, kFewVectors, kFewVectors);
    int64_t height = gradWeight ? kNarrowHeight : kNarrowWidth;
    return {largestDivisor(plane.height, height), kNarrowWidth};
  }

  void chooseUnroll() {
    if (gradInput && structure.scheme == Scheme::Block && specialised &&
        hasShortVectors())
      schedule.itemUnroll = 4;
    if (!gradWeight)
      return;
    schedule.chunkOuter = rowPixels == 0 && geometry.weights() * target.lanes >
                                                kMaxCachedLaneSums;
    int64_t inFlight = manyRegisters ? 16 : 8;
    // The one tap of a 1x1 kernel is one sum.
    bool single =
        !manyRegisters && taps() == 1 && structure.scheme == Scheme::Pattern;
    schedule.itemUnroll =
        hasKernelItems() && !single
            ? 1
            : std::clamp<int64_t>(inFlight / schedule.panelRows, 1, 4);
    // The bodies of all taps together should leave room in the instruction
    // cache.
    bool rows =
        structure.scheme == Scheme::Block || structure.scheme == Scheme::Dense;
    if (schedule.skipPadding && rows)
      schedule.itemUnroll = std::min<int64_t>(schedule.itemUnroll, 2);
  }

  /// The packed tile shares the L1 with streams and target rows.
  void chooseChunk() {
    schedule.channelChunk = 1;
    StreamLayout probe(operation, geometry, Structure::unstructured(), [&] {
      Schedule one = schedule;
      one.panelRows = 1;
      return one;
    }());
    int64_t channelBytes = probe.channelStride() * target.lanes * kFloatBytes;
    int64_t fit = oneChunk && leavesL1()
                      ? probe.sourceChannels
                      : target.l1Bytes * tenthsOfL1() / 10 / channelBytes;
    fit = std::max(fit, worthwhileChunk(channelBytes));
    fit = std::min(fit, kMaxScheduleExtent / probe.channelStride());
    if (gradWeight && schedule.skipPadding && structure.scheme == Scheme::Dense)
      fit = std::min(fit, chunkOfLaneSums());
    // Blocks seen from grad-input must not straddle chunks.
    int64_t rows = gradInput && structure.scheme == Scheme::Block
                       ? largestDivisor(structure.blockRows, schedule.bodyTaps)
                       : 1;
    fit = std::max<int64_t>(rows, fit / rows * rows);
    int64_t chunks = ceilDiv(probe.sourceChannels, fit);
    schedule.channelChunk =
        ceilDiv(ceilDiv(probe.sourceChannels, chunks), rows) * rows;
    // With a single chunk both orders are one, and this is less code a row.
    if (narrow && gradWeight && chunks == 1)
      schedule.chunkOuter = true;
  }

  /// Channels whose lane sums an L2 holds, in whole turns of their items.
  int64_t chunkOfLaneSums() const {
    int64_t laneSums = geometry.weights() * target.lanes;
    int64_t channels = kMaxChunkLaneSums * geometry.inChannels / laneSums;
    int64_t unroll = schedule.itemUnroll;
    return std::max<int64_t>(1, ceilDiv(channels, unroll)) * unroll;
  }

  /// Channels for which a packed tile may leave the L1.
  int64_t worthwhileChunk(int64_t channelBytes) const {
    bool rows = schedule.panelRows > 1 || structure.scheme == Scheme::Block ||
                structure.scheme == Scheme::Pattern;
    if (!schedule.skipPadding) {
      bool good =
          manyRegisters && rows && specialised && !strided &&
          10 * kGoodChunk * channelBytes <= kGoodChunkTenths * target.l1Bytes;
      return good ? kGoodChunk : 1;
    }
    // Single items would read each source vector from the L2. Weight gradients
    // of patterns have several sums an item, and need no long runs.
    if (structure.scheme == Scheme::Dense ||
        structure.scheme == Scheme::Unstructured ||
        (structure.scheme == Scheme::Block && gradInput) || hasKernelItems())
      return 1;
    return std::min(kLongRun / (gradWeight ? 2 : 1) / accumulators,
                    kMostL1s * target.l1Bytes / channelBytes);
  }

  /// How much of the L1 a packed tile may fill. Longer runs are worth one that
  /// is too large where a stride leaves few items for each packed pixel, and
  /// where the runs of patterns end too soon to be foreseen.
  int64_t tenthsOfL1() const {
    if (schedule.skipPadding)
      return 10;
    if (fewPixels)
      return kFewPixelsTenths;
    bool pattern = structure.scheme == Scheme::Pattern && specialised;
    bool unforeseen =
        pattern && !gradWeight && taps() > 1 &&
        geometry.inChannels * geometry.outChannels > kMaxLearnedKernels;
    bool fewRegistersWhole = wholePlane && !manyRegisters;
    if (unforeseen || (oneChunk && mayExceedL1()) ||
        (fewRegistersWhole && structure.scheme == Scheme::Block))
      return 20;
    if (fewRegistersWhole && structure.scheme == Scheme::Unstructured)
      return 11;
    // Items of one source vector and one weight gain less than leaving the L1
    // costs.
    bool singles = schedule.panelRows == 1 && taps() > 1 && !gradInput &&
                   (gradWeight || !pattern);
    if (strided && !manyRegisters && singles)
      return 8;
    if (strided || wholePlane)
      return 15;
    bool lines = narrow && vectorIsLine();
    return (oneChunk || narrow || rowPixels > 0) && !lines ? 10 : 8;
  }

  /// Whether a tile with all source channels may fill the L1 twice. Once
  /// complete, the gradient to a strided input is stored together with the
  /// zeros around it, whole lines at a time.
  bool mayExceedL1() const { return leavesCaches || gaps; }
  /// Whether the L2 is near enough for a few pixels with all source channels:
  /// where a vector is a line, it is a single one to wait for, and the result
  /// need not be read again.
  bool leavesL1() const {
    int64_t pixelBytes = sourceChannels() * target.lanes * kFloatBytes;
    return vectorIsLine() && pixelBytes * std::max(fewestPixels(), rowPixels) <=
                                 kMostFewVectorsL1s * target.l1Bytes;
  }
  /// Of a tile with all source channels.
  int64_t fewestPixels() const {
    return gaps || vectorIsLine() ? kFewVectors : kFewestPixels;
  }
  int64_t sourceChannels() const {
    return gradInput ? geometry.outChannels : geometry.inChannels;
  }
  int64_t taps() const {
    return geometry.kernel.height * geometry.kernel.width;
  }
  bool vectorIsLine() const { return target.lanes * kFloatBytes == kLineBytes; }
  bool hasShortVectors() const {
    return manyRegisters && target.lanes <= kShortVector;
  }
  /// Whether an item is a kernel with several taps.
  bool hasKernelItems() const {
    return gradWeight && specialised &&
           (structure.scheme == Scheme::Pattern ||
            structure.scheme == Scheme::Channel);
  }

  Operation operation;
  const Geometry &geometry;
  const Structure &structure;
  const TargetDescription &target;
  bool gradInput, gradWeight, specialised, manyRegisters;
  int64_t accumulators; ///< Vector registers that hold sums.
  Extent2d plane, border, step;
  int64_t planePixels = 0;
  bool strided = false, pointwise = false;
  int64_t pixelsInL1 = 0;    ///< That have all their source channels there.
  bool leavesCaches = false; ///< The result of a batch.
  bool gaps = false;         ///< Between results are zeros, of a stride.
  bool narrow = false;       ///< Tiles are a cache line wide, or few lines.
  int64_t rowPixels = 0;     ///< Of tiles in the rows of an odd plane.
  bool oneChunk = false, wholePlane = false, fewPixels = false;
  Schedule schedule;
};

} // namespace

int64_t unrolledMultiplyAdds(const StreamLayout &layout, const Fusion &fusion) {
  const Schedule &s = layout.schedule;
  int64_t variants =
      (layout.hasTailRows() ? 2 : 1) * (layout.hasTailColumns() ? 2 : 1);
  std::vector<int64_t> remainders = layout.remainderBlocks();
  int64_t blocks =
      std::accumulate(remainders.begin(), remainders.end(), s.batchTile);
  int64_t pixels = s.tileHeight * s.tileWidth;
  auto pixelsOf = [&](const Extent2d &shift) {
    int64_t count = 0;
    for (int64_t pixel = 0; pixel < pixels; ++pixel)
      count +=
          layout.reaches(shift, {pixel / s.tileWidth, pixel % s.tileWidth});
    return count;
  };
  int64_t perItem = 0;
  for (const StreamPhase &phase : layout.phases)
    for (const StreamBody &body : phase.bodies)
      for (const Extent2d &shift : body.shifts)
        perItem += pixelsOf(shift);
  int64_t items = s.itemUnroll > 1 ? s.itemUnroll + 1 : 1;
  int64_t sums = s.panelRows * pixels;
  int64_t perBlock = s.panelRows * perItem * items;
  if (fusion.normalise)
    perBlock += layout.blockStride();
  if (fusion.statistics)
    perBlock += sums;
  return variants * blocks * perBlock;
}

Schedule chooseSchedule(Operation operation, const Geometry &geometry,
                        const Structure &structure, Level level,
                        const TargetDescription &target) {
  auto choose = [&](bool maySkipPadding) {
    return Chooser(operation, geometry, structure, level, target)
        .choose(maySkipPadding);
  };
  Schedule schedule = choose(/*maySkipPadding=*/true);
  if (!schedule.skipPadding)
    return schedule;
  // A body for each tap of a large kernel may be too much code.
  Fusion fusion;
  fusion.normalise = fusion.statistics = true;
  StreamLayout layout(operation, geometry, structure, schedule);
  if (unrolledMultiplyAdds(layout, fusion) <= kMaxUnrolledMultiplyAdds)
    return schedule;
  return choose(/*maySkipPadding=*/false);
}

} // namespace lacuna
