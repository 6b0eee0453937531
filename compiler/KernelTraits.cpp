//===- KernelTraits.cpp - What schedules are chosen by --------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KernelTraits.h"

#include "lacuna/Support/Divisors.h"

namespace lacuna {

KernelTraits::KernelTraits(Operation operation, const Geometry &geometry,
                           const Structure &structure, Level level,
                           const TargetDescription &target)
    : operation(operation), geometry(geometry), structure(structure),
      target(target), gradInput(operation == Operation::GradInput),
      gradWeight(operation == Operation::GradWeight),
      specialised(level == Level::Specialised),
      strided(geometry.stride.height * geometry.stride.width > 1),
      manyRegisters(target.vectorRegisters >= 32),
      accumulators(manyRegisters ? 16 : 8),
      plane(geometry.phasePlane(operation)), border(geometry.kernel),
      step(geometry.stride), planePixels(plane.height * plane.width) {
  if (gradInput) {
    border = {ceilDiv(geometry.kernel.height, geometry.stride.height),
              ceilDiv(geometry.kernel.width, geometry.stride.width)};
    step = {1, 1};
  }
  // Of single pixels a stride packs no other.
  if (border.height * border.width == 1)
    step = {1, 1};
}

} // namespace lacuna
