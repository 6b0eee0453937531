//===- Optimiser.h - SGD and Adam -------------------------------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_RUNTIME_OPTIMISER_H
#define LACUNA_RUNTIME_OPTIMISER_H

#include "lacuna/Runtime/Parameter.h"
#include "lacuna/Runtime/State.h"
#include "lacuna/Runtime/ThreadPool.h"

#include <cstdint>
#include <string>
#include <vector>

namespace lacuna {

enum class OptimiserKind { Sgd, Adam };

/// Throws UserError, naming the known optimisers, on an unknown name: sgd,
/// adam.
OptimiserKind parseOptimiserKind(const std::string &name);

struct OptimiserOptions {
  OptimiserKind kind = OptimiserKind::Sgd;
  double learningRate = 0.1;
  /// Of all parameters, added to the gradient (for Adam too: not AdamW).
  double weightDecay = 0;
  double momentum = 0.9; ///< SGD only.
  bool nesterov = false; ///< SGD only.
  /// Adam only.
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;

  /// Throws UserError naming the flag of `lacuna train` that is out of range.
  void verify() const;
};

/// Steps of SGD or Adam, in the form PyTorch uses. Touches active weights only,
/// which is all there are: what a step keeps for a weight lives in its
/// parameter (Parameter::state()), moves with it when others are dropped or
/// grown, goes when it is dropped, and starts at zero when it is grown.
///
/// Adam corrects the bias of its moments by the number of steps taken, which is
/// one number for all weights. The moments of a grown weight are younger than
/// that: its first step is up to (1 - beta1) / sqrt(1 - beta2) learning rates
/// long, 3.2 with the usual betas, where one of a first step is long.
class Optimiser {
public:
  /// Gives every parameter its state, all zero. The parameters must outlive
  /// this; they may gain and lose weights. Verifies the options.
  Optimiser(std::vector<Parameter *> parameters,
            const OptimiserOptions &options);

  const OptimiserOptions &options() const { return settings; }

  /// What Parameter::state(i) of every parameter means, by i: "momentum", or
  /// "first_moment" and "second_moment".
  const std::vector<std::string> &stateNames() const { return names; }

  /// What the optimiser holds beside Parameter::state(), under "optimiser".
  /// Refuses the state of another kind of optimiser.
  void visitState(StateVisitor &state);

  /// One step by the gradients the parameters hold.
  void step(ThreadPool &pool, double learningRate);
  /// Steps taken.
  int64_t steps() const { return stepCount; }

private:
  std::vector<Parameter *> parameters;
  OptimiserOptions settings;
  std::vector<std::string> names;
  int64_t stepCount = 0;
};

} // namespace lacuna

#endif // LACUNA_RUNTIME_OPTIMISER_H
