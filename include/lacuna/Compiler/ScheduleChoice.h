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

/// What the choice of a schedule needs to know about a core.
struct TargetDescription {
  int64_t lanes = 16;           ///< Floats in a vector register.
  int64_t vectorRegisters = 32; ///< Architectural vector registers.
  int64_t l1Bytes = 32768;      ///< Data cache nearest to the core.
};

/// Chooses tile, chunk and panel. Verified geometry and structure give a
/// schedule that StreamLayout accepts.
Schedule chooseSchedule(Operation operation, const Geometry &geometry,
                        const Structure &structure, Level level,
                        const TargetDescription &target);

} // namespace lacuna

#endif // LACUNA_COMPILER_SCHEDULECHOICE_H
