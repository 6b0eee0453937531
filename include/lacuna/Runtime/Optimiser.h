//===- Optimiser.h - Stochastic gradient descent -------------- -*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_RUNTIME_OPTIMISER_H
#define LACUNA_RUNTIME_OPTIMISER_H

#include "lacuna/Runtime/Parameter.h"
#include "lacuna/Runtime/ThreadPool.h"

#include <string>
#include <vector>

namespace lacuna {

/// How the learning rate falls, epoch by epoch.
///  - Constant: not at all.
///  - Cosine: half a cosine from the initial rate to 4e-8.
///  - Step: a tenth after half of the epochs, a hundredth after three quarters.
enum class RateSchedule { Constant, Cosine, Step };

/// Throws UserError, naming the known schedules, on an unknown name.
RateSchedule parseRateSchedule(const std::string &name);

/// The rate of an epoch, counted from 0.
double learningRateAt(RateSchedule schedule, double initial, int epoch,
                      int epochs);

struct SgdOptions {
  double learningRate = 0.1;
  double momentum = 0.9;
  double weightDecay = 0; ///< On all parameters.
};

/// One step of SGD with momentum, in the form PyTorch uses. Touches active
/// weights only, which is all there are.
void sgdStep(ThreadPool &pool, const std::vector<Parameter *> &parameters,
             const SgdOptions &options);

} // namespace lacuna

#endif // LACUNA_RUNTIME_OPTIMISER_H
