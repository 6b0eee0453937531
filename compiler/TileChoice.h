//===- TileChoice.h - A tile that suits a plane -----------------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_COMPILER_TILECHOICE_H
#define LACUNA_COMPILER_TILECHOICE_H

#include "KernelTraits.h"

namespace lacuna {

struct TileChoice {
  int64_t height = 1, width = 1;
};

/// Of the tiles of at most `pixels`, and `widest` along a row, that divide the
/// plane, the one with most pixels, then with the least border to pack. Planes
/// with prime extents may have no useful divisor: those get a square tile and
/// smaller ones at the end.
TileChoice chooseTile(const KernelTraits &kernel, int64_t pixels,
                      int64_t widest);

} // namespace lacuna

#endif // LACUNA_COMPILER_TILECHOICE_H
