//===- RateSchedule.cpp - How the learning rate changes -------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Runtime/RateSchedule.h"

#include "lacuna/Support/Error.h"
#include "lacuna/Support/HalfCosine.h"

#include <algorithm>
#include <cmath>

namespace lacuna {

namespace {

constexpr double kFinalCosineRate = 4e-8;

/// How often the rate has fallen.
int fallsBefore(const RateSchedule &schedule, int epoch, int epochs) {
  if (schedule.shape == RateShape::MultiStep)
    return static_cast<int>(std::upper_bound(schedule.milestones.begin(),
                                             schedule.milestones.end(), epoch) -
                            schedule.milestones.begin());
  if (schedule.period > 0)
    return epoch / schedule.period;
  return 4 * epoch >= 3 * epochs ? 2 : 2 * epoch >= epochs ? 1 : 0;
}

double rateOfEpoch(const RateSchedule &schedule, double initial, int epoch,
                   int epochs) {
  switch (schedule.shape) {
  case RateShape::Constant:
    return initial;
  case RateShape::Cosine: {
    double final = std::min(kFinalCosineRate, initial);
    return final + (initial - final) * halfCosine(double(epoch) / epochs);
  }
  case RateShape::Step:
  case RateShape::MultiStep:
    return initial *
           std::pow(schedule.factor, fallsBefore(schedule, epoch, epochs));
  }
  throw InternalError("unknown learning rate schedule");
}

} // namespace

RateShape parseRateShape(const std::string &name) {
  if (name == "constant")
    return RateShape::Constant;
  if (name == "cosine")
    return RateShape::Cosine;
  if (name == "step")
    return RateShape::Step;
  if (name == "multi-step")
    return RateShape::MultiStep;
  throw UserError(
      "schedule: '" + name +
      "' is unknown, use one of cosine, step, multi-step, constant");
}

void RateSchedule::verify(int epochs) const {
  if (period < 0)
    throw UserError("step-period: is " + std::to_string(period) +
                    ", must be at least 1");
  if (period > 0 && shape != RateShape::Step)
    throw UserError("step-period: is " + std::to_string(period) +
                    ", but only --schedule step has a period");
  if (shape == RateShape::MultiStep && milestones.empty())
    throw UserError("milestones: are missing; --schedule multi-step needs the "
                    "epochs at which the rate falls, such as 80,120");
  if (shape != RateShape::MultiStep && !milestones.empty())
    throw UserError("milestones: are given, but only --schedule multi-step has "
                    "milestones");
  int previous = 0;
  for (int milestone : milestones) {
    if (milestone <= previous || milestone >= epochs)
      throw UserError("milestones: " + std::to_string(milestone) +
                      " is out of place; they must ascend, above 0 and below "
                      "the " +
                      std::to_string(epochs) + " epochs");
    previous = milestone;
  }
  if (!(factor > 0 && factor <= 1))
    throw UserError("rate-factor: is " + std::to_string(factor) +
                    ", must be above 0 and at most 1");
  if (warmupEpochs < 0 || warmupEpochs > epochs)
    throw UserError("warmup-epochs: is " + std::to_string(warmupEpochs) +
                    ", must be between 0 and the " + std::to_string(epochs) +
                    " epochs");
}

double RateSchedule::at(double initial, int epoch, int epochs, int64_t step,
                        int64_t steps) const {
  double rate = rateOfEpoch(*this, initial, epoch, epochs);
  if (epoch >= warmupEpochs)
    return rate;
  double done = double(epoch) + double(step + 1) / double(steps);
  return rate * done / warmupEpochs;
}

} // namespace lacuna
