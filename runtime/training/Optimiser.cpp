//===- Optimiser.cpp - Stochastic gradient descent ------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Runtime/Optimiser.h"

#include "lacuna/Runtime/Operators.h"
#include "lacuna/Support/Error.h"

#include <algorithm>
#include <cmath>

namespace lacuna {

namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr double kFinalCosineRate = 4e-8;
/// Ranges are cut at multiples of this, so that the same elements go through
/// the vector loop whatever the number of threads.
constexpr int64_t kPiece = 1 << 12;

/// Small enough to capture by reference that running it never allocates.
struct Update {
  Parameter &parameter;
  float learningRate, momentum, weightDecay;

  void operator()(int64_t firstPiece, int64_t lastPiece) const {
    int64_t begin = firstPiece * kPiece;
    int64_t end = std::min(lastPiece * kPiece, parameter.size());
    operators::sgdUpdate(parameter.values() + begin,
                         parameter.momentum() + begin,
                         parameter.gradient() + begin, end - begin,
                         learningRate, momentum, weightDecay);
  }
};

} // namespace

RateSchedule parseRateSchedule(const std::string &name) {
  if (name == "constant")
    return RateSchedule::Constant;
  if (name == "cosine")
    return RateSchedule::Cosine;
  if (name == "step")
    return RateSchedule::Step;
  throw UserError("schedule: '" + name +
                  "' is unknown, use one of cosine, step, constant");
}

double learningRateAt(RateSchedule schedule, double initial, int epoch,
                      int epochs) {
  switch (schedule) {
  case RateSchedule::Constant:
    return initial;
  case RateSchedule::Cosine: {
    double final = std::min(kFinalCosineRate, initial);
    return final + (initial - final) * (1 + std::cos(kPi * epoch / epochs)) / 2;
  }
  case RateSchedule::Step:
    return initial * (4 * epoch >= 3 * epochs ? 0.01
                      : 2 * epoch >= epochs   ? 0.1
                                              : 1.0);
  }
  throw InternalError("unknown learning rate schedule");
}

void sgdStep(ThreadPool &pool, const std::vector<Parameter *> &parameters,
             const SgdOptions &options) {
  for (Parameter *parameter : parameters) {
    Update update{*parameter, static_cast<float>(options.learningRate),
                  static_cast<float>(options.momentum),
                  static_cast<float>(options.weightDecay)};
    int64_t pieces = (parameter->size() + kPiece - 1) / kPiece;
    if (pieces < 2)
      update(0, pieces);
    else
      pool.run(pieces, [&update](int, int64_t begin, int64_t end) {
        update(begin, end);
      });
    parameter->markChanged();
  }
}

} // namespace lacuna
