//===- Interpreter.h - One kernel as plain loops -------------- -*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_TESTS_SUPPORT_INTERPRETER_H
#define LACUNA_TESTS_SUPPORT_INTERPRETER_H

#include "lacuna/Kernel/Fusion.h"
#include "lacuna/Kernel/KernelAbi.h"
#include "lacuna/Kernel/StreamLayout.h"

namespace lacuna::testing {

/// Executes the work items of a layout that packs padding.
class Interpreter {
public:
  Interpreter(const StreamLayout &layout, const Fusion &fusion)
      : layout(layout), fusion(fusion) {}

  void run(const lacuna_kernel_operands &operands, int64_t begin,
           int64_t end) const;

private:
  /// A tile of target pixels: its place in units of whole tiles, and the batch
  /// blocks it spans.
  struct Tile {
    int64_t firstBlock, blocks, y, x;
  };

  int64_t tileColumns() const;
  void pack(const lacuna_kernel_operands &operands, const Tile &tile,
            int64_t chunk) const;
  void produce(const lacuna_kernel_operands &operands, int64_t item) const;
  void produceTile(const lacuna_kernel_operands &operands,
                   const Tile &tile) const;
  /// Calls visit(channel, position in the result) for each vector of one work
  /// item's results.
  template <typename Visit>
  void forEachResult(const Tile &tile, Visit visit) const;
  /// Passes one work item's results through the ReLU of a batch norm.
  void passThroughNorm(const lacuna_kernel_operands &operands,
                       const Tile &tile) const;
  /// Leaves the sums of one work item's results.
  void sumResults(const lacuna_kernel_operands &operands,
                  const Tile &tile) const;
  void accumulateLanes(const lacuna_kernel_operands &operands,
                       int64_t item) const;

  /// Calls visit(tap delta in scratch vectors, target channel, stream value)
  /// for every tap of every item of a group.
  template <typename Visit>
  void forEachTap(const lacuna_kernel_operands &operands,
                  const StreamPhase &phase, int64_t chunk, int64_t group,
                  Visit visit) const;
  /// Calls visit(scratch vectors from the tile's origin, target pixel's float
  /// offset within a channel 0 plane) for each pixel of a phase in a tile.
  template <typename Visit>
  void forEachPixel(const StreamPhase &phase, const Tile &tile,
                    Visit visit) const;

  StreamLayout layout;
  Fusion fusion;
};

} // namespace lacuna::testing

#endif // LACUNA_TESTS_SUPPORT_INTERPRETER_H
