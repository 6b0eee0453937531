//===- RateSchedule.h - How the learning rate changes -----------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_RUNTIME_RATESCHEDULE_H
#define LACUNA_RUNTIME_RATESCHEDULE_H

#include <cstdint>
#include <string>
#include <vector>

namespace lacuna {

/// How the learning rate falls, epoch by epoch.
///  - Constant: not at all.
///  - Cosine: half a cosine from the initial rate to 4e-8 (Loshchilov and
///    Hutter, "SGDR", ICLR 2017, without restarts).
///  - Step: times `factor` every `period` epochs or, when that is 0, at half of
///    the epochs and again at three quarters.
///  - MultiStep: times `factor` at each milestone.
enum class RateShape { Constant, Cosine, Step, MultiStep };

/// Throws UserError, naming the known shapes, on an unknown name: constant,
/// cosine, step, multi-step.
RateShape parseRateShape(const std::string &name);

struct RateSchedule {
  RateShape shape = RateShape::Cosine;
  /// Step: epochs between two falls, or 0.
  int period = 0;
  /// MultiStep: the epochs, counted from 0, from which on the rate is lower.
  /// Ascending.
  std::vector<int> milestones;
  double factor = 0.1;
  /// Over these epochs the rate grows step by step, in equal parts, to what the
  /// shape says (Goyal et al., "Accurate, large minibatch SGD", 2017).
  int warmupEpochs = 0;

  /// Throws UserError naming the flag of `lacuna train` that is out of range.
  void verify(int epochs) const;

  /// The rate of a step. Epochs and steps count from 0; `epochs` and `steps`
  /// are how many there are, of steps in this epoch.
  double at(double initial, int epoch, int epochs, int64_t step = 0,
            int64_t steps = 1) const;
};

} // namespace lacuna

#endif // LACUNA_RUNTIME_RATESCHEDULE_H
