//===- ScheduleChoice.h - The schedule of a kernel --------------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_COMPILER_SCHEDULECHOICE_H
#define LACUNA_COMPILER_SCHEDULECHOICE_H

#include "lacuna/Kernel/Schedule.h"
#include "lacuna/Kernel/Structure.h"

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

} // namespace lacuna

#endif // LACUNA_COMPILER_SCHEDULECHOICE_H
