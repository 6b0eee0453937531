//===- ScheduleChoice.cpp - The schedule of a kernel ----------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Compiler/ScheduleChoice.h"

#include "PaddingChoice.h"
#include "PointwiseChoice.h"

#include "lacuna/Support/Divisors.h"

#include <algorithm>
#include <numeric>

namespace lacuna {

namespace {

/// The batch for which tiles that span batch blocks are sized.
constexpr int64_t kNominalBatch = 64;

/// Weights of which one is active, where loop orders are weighed.
constexpr int64_t kWeightsPerActive = 10;
/// Lane sums of all weights beyond which those of one weight in ten leave a
/// common L2.
constexpr int64_t kMaxCachedLaneSums = 1 << 22;
/// A batch's gradient that stays in a common share of an L3, and how much
/// longer it takes from memory.
constexpr int64_t kCachedGradientBytes = 10 << 20;
constexpr int64_t kMemoryCost = 10;
/// How much longer a lane sum takes, which is loaded and stored.
constexpr int64_t kLaneSumCost = 4;
/// Lane sums of all weights in a chunk that stay in a common L2.
constexpr int64_t kMaxChunkLaneSums = 1 << 19;

/// The largest planes that are a tile as a whole where that pays: of most
/// schemes, and of patterns in sixteen registers.
constexpr int64_t kWholePlanePixels = 64;
constexpr int64_t kWholePatternPlanePixels = 16;

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
/// Sides of a tile of few pixels, and the tenths of the L1 that it may fill.
constexpr int64_t kFewPixelsSide = 2;
constexpr int64_t kFewPixelsTenths = 50;

/// Kernels of a layer with patterns beyond which a core no longer learns how
/// long the run of each pattern is.
constexpr int64_t kMaxLearnedKernels = 65536;

/// Rows of a panel: enough to reuse each source vector, few enough to leave
/// registers for several pixels. A prime height above the usual four is taken
/// whole rather than a row at a time.
int64_t choosePanelRows(int64_t rows) {
  int64_t few = largestDivisor(rows, 4);
  return few > 1 ? few : largestDivisor(rows, 12);
}

/// The choices for one kernel, each building on those before it.
class Chooser {
public:
  explicit Chooser(const KernelTraits &kernel) : kernel(kernel) {
    schedule.lanes = kernel.target.lanes;
    schedule.level = kernel.specialised ? Level::Specialised : Level::Stream;
    schedule.bodyTaps = kernel.manyRegisters ? 9 : 5;
  }

  Schedule choose(bool maySkipPadding) {
    schedule.skipPadding = maySkipPadding && skipsPadding(kernel);
    choosePanel();
    chooseTiles();
    chooseUnroll();
    chooseChunk();
    chooseOrder();
    return schedule;
  }

private:
  void choosePanel() {
    int64_t rows = 1;
    if (kernel.specialised && kernel.has(Scheme::Dense))
      rows = choosePanelRows(kernel.targetChannels());
    else if (kernel.specialised && kernel.has(Scheme::Block) &&
             !kernel.gradInput)
      rows = choosePanelRows(kernel.structure.blockRows);
    pointwise = choosePointwise(kernel, rows);
    schedule.panelRows = pointwise.panelRows;
    schedule.panelPixels =
        std::max<int64_t>(1, kernel.accumulators / schedule.panelRows);
  }

  void chooseTiles() {
    int64_t pixels = schedule.panelRows > 1
                         ? std::max<int64_t>(16, schedule.panelPixels)
                         : kernel.accumulators;
    int64_t widest = pixels;
    pixels = std::min(pixels, pointwise.mostPixels);
    // Short vectors pay for an item's overhead in fewer multiply-adds. The taps
    // of a pattern use a gradient vector in several rows of a tile: more than
    // four in a row would not stay in registers.
    bool tall = kernel.hasKernelItems() && kernel.hasShortVectors();
    if (tall) {
      pixels *= 2;
      widest = kTallTileWidth;
    }
    const Extent2d &plane = kernel.plane;
    wholePlane = kernel.gradWeight && !tall && kernel.specialised &&
                 kernel.step.height * kernel.step.width == 1 &&
                 kernel.planePixels <= mostWholePlanePixels();
    bool whole = wholePlane || schedule.skipPadding;
    fewPixels = !whole && wantsFewPixels();
    TileChoice tile = whole       ? TileChoice{plane.height, plane.width}
                      : fewPixels ? TileChoice{kFewPixelsSide, kFewPixelsSide}
                      : pointwise.tile ? *pointwise.tile
                                       : chooseTile(kernel, pixels, widest);
    schedule.tileHeight = tile.height;
    schedule.tileWidth = tile.width;

    if (fewPixels || pointwise.oneBlock)
      return;
    // A plane smaller than the tile leaves registers idle: span batch blocks.
    bool more = (wholePlane && kernel.manyRegisters) || tall;
    int64_t wanted = more ? 2 * kernel.accumulators : kernel.accumulators;
    schedule.batchTile = std::max<int64_t>(
        1, std::min(ceilDiv(kNominalBatch, kernel.target.lanes),
                    wanted / (tile.height * tile.width)));
  }

  /// A whole plane at a time visits the lane sums less often, which pays where
  /// there are many: all weights, or several taps an item. With few registers
  /// it pays for others too, but not where taps share vectors from several
  /// rows.
  int64_t mostWholePlanePixels() const {
    bool several = kernel.taps() > 1;
    if (kernel.manyRegisters)
      return kernel.has(Scheme::Dense) ||
                     (kernel.has(Scheme::Pattern) && several)
                 ? kWholePlanePixels
                 : 0;
    if (!several)
      return 0;
    return kernel.hasKernelItems() ? kWholePatternPlanePixels
                                   : kWholePlanePixels;
  }

  /// Where a vector is a line, the gradient to a strided input has tiles of so
  /// few pixels that all source channels have room: each line of the result, of
  /// which there are more than of the source, is then written once.
  bool wantsFewPixels() const {
    return kernel.strided && kernel.gradInput && kernel.specialised &&
           kernel.vectorIsLine() && kernel.taps() > 1 &&
           kernel.plane.height % kFewPixelsSide == 0 &&
           kernel.plane.width % kFewPixelsSide == 0;
  }

  void chooseUnroll() {
    if (kernel.gradInput && kernel.has(Scheme::Block) && kernel.specialised &&
        kernel.hasShortVectors())
      schedule.itemUnroll = 4;
    if (!kernel.gradWeight)
      return;
    int64_t inFlight = kernel.manyRegisters ? 16 : 8;
    schedule.itemUnroll =
        kernel.hasKernelItems()
            ? 1
            : std::clamp<int64_t>(inFlight / schedule.panelRows, 1, 4);
    // The bodies of all taps together should leave room in the instruction
    // cache.
    if (schedule.skipPadding &&
        (kernel.has(Scheme::Block) || kernel.has(Scheme::Dense)))
      schedule.itemUnroll = std::min<int64_t>(schedule.itemUnroll, 2);
  }

  /// The packed tile shares the L1 with streams and target rows.
  void chooseChunk() {
    schedule.channelChunk = 1;
    StreamLayout probe(kernel.operation, kernel.geometry,
                       Structure::unstructured(), [&] {
                         Schedule one = schedule;
                         one.panelRows = 1;
                         return one;
                       }());
    int64_t l1Bytes = kernel.target.l1Bytes;
    int64_t channelBytes =
        probe.channelStride() * kernel.target.lanes * kFloatBytes;
    int64_t fit = pointwise.leavesL1
                      ? probe.sourceChannels
                      : l1Bytes * tenthsOfL1() / 10 / channelBytes;
    fit = std::max(fit, worthwhileChunk(channelBytes));
    fit = std::min(fit, kMaxScheduleExtent / probe.channelStride());
    if (kernel.gradWeight && schedule.skipPadding && kernel.has(Scheme::Dense))
      fit = std::min(fit, chunkOfLaneSums());
    // Blocks seen from grad-input must not straddle chunks.
    int64_t rows =
        kernel.gradInput && kernel.has(Scheme::Block)
            ? largestDivisor(kernel.structure.blockRows, schedule.bodyTaps)
            : 1;
    fit = std::max<int64_t>(rows, fit / rows * rows);
    int64_t chunks = ceilDiv(probe.sourceChannels, fit);
    schedule.channelChunk =
        ceilDiv(ceilDiv(probe.sourceChannels, chunks), rows) * rows;
  }

  /// A chunk at a time reads the gradient for each, a row of tiles at a time
  /// the lane sums for each row.
  void chooseOrder() {
    if (!kernel.gradWeight)
      return;
    int64_t chunks = ceilDiv(kernel.sourceChannels(), schedule.channelChunk);
    // With a single chunk both orders are one, and this is less code a row.
    if (pointwise.narrow && chunks == 1)
      schedule.chunkOuter = true;
    int64_t laneSums = kernel.geometry.weights() * kernel.target.lanes;
    if (laneSums <= kMaxCachedLaneSums)
      return;
    if (!kernel.has(Scheme::Dense))
      laneSums /= kWeightsPerActive;
    int64_t gradient = kernel.geometry.outChannels * kernel.planePixels;
    bool cached =
        gradient * kNominalBatch * kFloatBytes <= kCachedGradientBytes;
    int64_t images = schedule.batchTile * kernel.target.lanes;
    int64_t rows = ceilDiv(kernel.plane.height, schedule.tileHeight);
    schedule.chunkOuter =
        (chunks - 1) * gradient * images * (cached ? 1 : kMemoryCost) <=
        rows * laneSums * kLaneSumCost;
  }

  /// Channels whose lane sums an L2 holds, in whole turns of their items.
  int64_t chunkOfLaneSums() const {
    int64_t laneSums = kernel.geometry.weights() * kernel.target.lanes;
    int64_t channels =
        kMaxChunkLaneSums * kernel.geometry.inChannels / laneSums;
    int64_t unroll = schedule.itemUnroll;
    return std::max<int64_t>(1, ceilDiv(channels, unroll)) * unroll;
  }

  /// Channels for which a packed tile may leave the L1.
  int64_t worthwhileChunk(int64_t channelBytes) const {
    int64_t l1Bytes = kernel.target.l1Bytes;
    if (!schedule.skipPadding) {
      bool rows = schedule.panelRows > 1 || kernel.has(Scheme::Block) ||
                  kernel.has(Scheme::Pattern);
      bool good = kernel.manyRegisters && rows && kernel.specialised &&
                  !kernel.strided &&
                  10 * kGoodChunk * channelBytes <= kGoodChunkTenths * l1Bytes;
      return good ? kGoodChunk : 1;
    }
    // Single items would read each source vector from the L2. Weight gradients
    // of patterns have several sums an item, and need no long runs.
    if (kernel.has(Scheme::Dense) || kernel.has(Scheme::Unstructured) ||
        (kernel.has(Scheme::Block) && kernel.gradInput) ||
        kernel.hasKernelItems())
      return 1;
    int64_t sums = kernel.accumulators * (kernel.gradWeight ? 2 : 1);
    return std::min(kLongRun / sums, kMostL1s * l1Bytes / channelBytes);
  }

  /// How much of the L1 a packed tile may fill. Longer runs are worth one that
  /// is too large where a stride leaves few items for each packed pixel, and
  /// where the runs of patterns end too soon to be foreseen.
  int64_t tenthsOfL1() const {
    if (schedule.skipPadding)
      return 10;
    if (fewPixels)
      return kFewPixelsTenths;
    bool pattern = kernel.has(Scheme::Pattern) && kernel.specialised;
    bool unforeseen = pattern && !kernel.gradWeight && kernel.taps() > 1 &&
                      kernel.geometry.inChannels * kernel.geometry.outChannels >
                          kMaxLearnedKernels;
    bool fewRegistersWhole = wholePlane && !kernel.manyRegisters;
    if (unforeseen || (fewRegistersWhole && kernel.has(Scheme::Block)))
      return 20;
    if (fewRegistersWhole && kernel.has(Scheme::Unstructured))
      return 11;
    // Items of one source vector and one weight gain less than leaving the L1
    // costs.
    bool singles = schedule.panelRows == 1 && kernel.taps() > 1 &&
                   !kernel.gradInput && (kernel.gradWeight || !pattern);
    if (kernel.strided && !kernel.manyRegisters && singles)
      return 8;
    return kernel.strided || wholePlane
               ? std::max<int64_t>(15, pointwise.tenthsOfL1)
               : pointwise.tenthsOfL1;
  }

  const KernelTraits &kernel;
  PointwiseChoice pointwise;
  bool wholePlane = false, fewPixels = false;
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
  KernelTraits kernel(operation, geometry, structure, level, target);
  auto choose = [&](bool maySkipPadding) {
    return Chooser(kernel).choose(maySkipPadding);
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
