//===- Fusion.h - What a kernel does besides its operation ------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_KERNEL_FUSION_H
#define LACUNA_KERNEL_FUSION_H

#include "lacuna/Kernel/Structure.h"

namespace lacuna {

/// Neighbouring work that a kernel takes along while its operands are in
/// registers anyway.
struct Fusion {
  /// Forward: sums start from a bias instead of zero.
  bool bias = false;
  /// Forward and grad-weight of a convolution: the input is normalised and
  /// rectified while it is packed, so the normalised tensor is never stored.
  bool normalise = false;
  /// Forward of a convolution: sums and sums of squares of each output channel
  /// come with the result, for the batch norm that follows.
  bool statistics = false;
  /// Grad-input of a convolution: adds to the gradient that another path to the
  /// same input has left.
  bool accumulate = false;
  /// Grad-input of a convolution whose input is a rectified batch norm: passes
  /// the finished gradient through the ReLU and sums what the batch norm's own
  /// gradient needs of it.
  bool normGradient = false;
  /// With normGradient: where the ReLU passed is told by its stored output,
  /// because a residual was added before it; else by the map of each channel.
  bool normResidual = false;

  /// Calls visit(name, flag) for each, by the names that bundles use.
  template <typename Self, typename Visit>
  static void forEach(Self &fusion, Visit visit) {
    visit("bias", fusion.bias);
    visit("normalise", fusion.normalise);
    visit("statistics", fusion.statistics);
    visit("accumulate", fusion.accumulate);
    visit("norm_gradient", fusion.normGradient);
    visit("norm_residual", fusion.normResidual);
  }

  /// Whether a kernel of this operation has a place for all of it.
  bool suits(Operation operation, LayerKind kind) const {
    bool conv = kind == LayerKind::Conv2d;
    bool forward = operation == Operation::Forward;
    bool gradInput = operation == Operation::GradInput;
    return (!bias || forward) && (!normalise || (conv && !gradInput)) &&
           (!statistics || (conv && forward)) &&
           (!accumulate || (conv && gradInput)) &&
           (!normGradient || (conv && gradInput)) &&
           (!normResidual || normGradient);
  }

  bool operator==(const Fusion &o) const {
    return bias == o.bias && normalise == o.normalise &&
           statistics == o.statistics && accumulate == o.accumulate &&
           normGradient == o.normGradient && normResidual == o.normResidual;
  }
};

static_assert(sizeof(Fusion) == 6 * sizeof(bool),
              "Fusion::forEach must visit every flag");

} // namespace lacuna

#endif // LACUNA_KERNEL_FUSION_H
