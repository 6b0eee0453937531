//===- TrainProgress.h - What a user sees while training ------ -*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_COMPILER_TOOLS_LACUNA_TRAINPROGRESS_H
#define LACUNA_COMPILER_TOOLS_LACUNA_TRAINPROGRESS_H

#include "lacuna/Runtime/Trainer.h"

#include <chrono>
#include <cstdint>
#include <string>

namespace lacuna {

/// Progress on stderr: a line redrawn in place on a terminal that can, and a
/// line an epoch anywhere. Plain text without colours.
class TrainProgress {
public:
  explicit TrainProgress(int epochs);

  void show(const StepReport &report);
  void show(const EpochReport &report);

private:
  bool redraws;
  int epochs;
  std::chrono::steady_clock::time_point latest{};
};

/// Says on stderr why nothing happens yet.
void reportCompiling(int64_t kernels);

/// The closing table.
std::string formatSummary(const TrainingSummary &summary, double density);

} // namespace lacuna

#endif // LACUNA_COMPILER_TOOLS_LACUNA_TRAINPROGRESS_H
