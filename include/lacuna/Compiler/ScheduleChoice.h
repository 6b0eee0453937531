//===- ScheduleChoice.h - The schedule of a kernel --------------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_COMPILER_SCHEDULECHOICE_H
#define LACUNA_COMPILER_SCHEDULECHOICE_H

#include "lacuna/Kernel/Fusion.h"
#include "lacuna/Kernel/StreamLayout.h"

namespace lacuna {

/// Which instructions are the cheap ones of a core: what emitters choose by.
struct InstructionChoice {
  /// An FMA takes one lane of a register as a factor, at no cost.
  bool laneFactors = false;
  /// A load takes an offset of less than 256 bytes either way that is no
  /// multiple of its size (ldur) in one micro-operation, any other (ldr, ldp)
  /// in more.
  bool unscaledLoads = false;
  /// A store of whole cache lines can go past the caches (movntps): the lines
  /// need not be read before they are overwritten.
  bool streamingStores = false;
  /// FMAs under way at once: latency times ports.
  int64_t multiplyAddsInFlight = 8;
};

/// What the choice of a schedule needs to know about a core.
struct TargetDescription {
  int64_t lanes = 16;           ///< Floats in a vector register.
  int64_t vectorRegisters = 32; ///< Architectural vector registers.
  int64_t l1Bytes = 32768;      ///< Data cache nearest to the core.
  InstructionChoice instructions = {};
};

/// Chooses tile, chunk and panel. Verified geometry and structure give a
/// schedule that StreamLayout accepts.
Schedule chooseSchedule(Operation operation, const Geometry &geometry,
                        const Structure &structure, Level level,
                        const TargetDescription &target);

/// Unrolled FMAs beyond which code no longer fits caches and budgets.
inline constexpr int64_t kMaxUnrolledMultiplyAdds = 12000;

/// FMAs in the code of a layout: bodies are emitted once for each extent a tile
/// can have.
int64_t unrolledMultiplyAdds(const StreamLayout &layout, const Fusion &fusion);

} // namespace lacuna

#endif // LACUNA_COMPILER_SCHEDULECHOICE_H
