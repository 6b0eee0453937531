//===- HalfCosine.h - The fall from one to zero --------------- -*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_SUPPORT_HALFCOSINE_H
#define LACUNA_SUPPORT_HALFCOSINE_H

#include <cmath>

namespace lacuna {

/// Falls from 1 at progress 0 to 0 at progress 1 along half a cosine.
inline double halfCosine(double progress) {
  constexpr double kPi = 3.14159265358979323846;
  return (1 + std::cos(kPi * progress)) / 2;
}

} // namespace lacuna

#endif // LACUNA_SUPPORT_HALFCOSINE_H
