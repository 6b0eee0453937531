//===- ScheduleNeighbours.h - Schedules one step away -----------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_COMPILER_SCHEDULENEIGHBOURS_H
#define LACUNA_COMPILER_SCHEDULENEIGHBOURS_H

#include "lacuna/Compiler/KernelCompiler.h"

#include <vector>

namespace lacuna {

/// The schedules that differ from `from` in one choice, by a step: the shape of
/// the tile, the batch blocks it spans, the channels packed at a time, the rows
/// and pixels of a panel, the items in flight, the loop outside. All compute
/// what the request asks for, and keep sums in the target's registers; none is
/// `from` or occurs twice. Lanes, taps of a body and level stay.
std::vector<Schedule> neighbouringSchedules(const KernelRequest &request,
                                            const Target &target,
                                            const Schedule &from);

} // namespace lacuna

#endif // LACUNA_COMPILER_SCHEDULENEIGHBOURS_H
