//===- Optimiser.cpp - SGD and Adam ---------------------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Runtime/Optimiser.h"

#include "lacuna/Runtime/Operators.h"
#include "lacuna/Support/Divisors.h"
#include "lacuna/Support/Error.h"
#include "lacuna/Support/Options.h"

#include <algorithm>
#include <cmath>

namespace lacuna {

namespace {

/// Ranges are cut at multiples of this, so that the same elements go through
/// the vector loop whatever the number of threads.
constexpr int64_t kPiece = 1 << 12;

/// Calls update(begin, end) for ranges that cover a parameter, on all threads.
template <typename Update>
void forEachPiece(ThreadPool &pool, Parameter &parameter,
                  const Update &update) {
  int64_t size = parameter.size(), pieces = ceilDiv(size, kPiece);
  if (pieces < 2)
    update(0, size);
  else
    pool.run(pieces, [&update, size](int, int64_t first, int64_t last) {
      update(first * kPiece, std::min(last * kPiece, size));
    });
  parameter.markChanged();
}

std::vector<std::string> namesOf(OptimiserKind kind) {
  if (kind == OptimiserKind::Adam)
    return {"first_moment", "second_moment"};
  return {"momentum"};
}

/// Steps are taken in single precision.
bool isFiniteFloat(double value) {
  return std::isfinite(static_cast<float>(value));
}

} // namespace

OptimiserKind parseOptimiserKind(const std::string &name) {
  if (name == "sgd")
    return OptimiserKind::Sgd;
  if (name == "adam")
    return OptimiserKind::Adam;
  throw UserError("optimiser: '" + name + "' is unknown, use one of sgd, adam");
}

void OptimiserOptions::verify() const {
  requireOption(learningRate > 0 && isFiniteFloat(learningRate), "lr",
                learningRate, "a finite number above 0");
  requireOption(weightDecay >= 0 && isFiniteFloat(weightDecay), "weight-decay",
                weightDecay, "a finite number, at least 0");
  requireOption(momentum >= 0 && momentum < 1, "momentum", momentum,
                "at least 0 and below 1");
  if (nesterov && kind != OptimiserKind::Sgd)
    throw UserError("nesterov: only --optimiser sgd has Nesterov's momentum");
  if (nesterov && momentum == 0)
    throw UserError("nesterov: needs a momentum above 0");
  requireOption(beta1 >= 0 && beta1 < 1, "beta1", beta1,
                "at least 0 and below 1");
  requireOption(beta2 >= 0 && beta2 < 1, "beta2", beta2,
                "at least 0 and below 1");
  requireOption(static_cast<float>(epsilon) > 0 && isFiniteFloat(epsilon),
                "epsilon", epsilon, "a finite number above 0");
}

Optimiser::Optimiser(std::vector<Parameter *> newParameters,
                     const OptimiserOptions &options)
    : parameters(std::move(newParameters)), settings(options),
      names(namesOf(options.kind)) {
  options.verify();
  for (Parameter *parameter : parameters)
    parameter->resetState(names);
}

void Optimiser::visitState(StateVisitor &state) {
  StateVisitor::Scope scope(state, "optimiser");
  state.expect("kind", settings.kind == OptimiserKind::Adam ? "adam" : "sgd");
  state.scalar("steps", stepCount);
}

void Optimiser::step(ThreadPool &pool, double learningRate) {
  ++stepCount;
  if (settings.kind == OptimiserKind::Sgd) {
    operators::SgdRule rule{
        static_cast<float>(learningRate), static_cast<float>(settings.momentum),
        static_cast<float>(settings.weightDecay), settings.nesterov};
    for (Parameter *p : parameters)
      forEachPiece(pool, *p, [p, &rule](int64_t begin, int64_t end) {
        operators::sgdUpdate(p->values() + begin, p->state(0) + begin,
                             p->gradient() + begin, end - begin, rule);
      });
    return;
  }
  double count = double(stepCount);
  operators::AdamRule rule{
      settings.beta1,
      settings.beta2,
      static_cast<float>(learningRate / (1 - std::pow(settings.beta1, count))),
      static_cast<float>(1 / std::sqrt(1 - std::pow(settings.beta2, count))),
      static_cast<float>(settings.epsilon),
      static_cast<float>(settings.weightDecay)};
  for (Parameter *p : parameters)
    forEachPiece(pool, *p, [p, &rule](int64_t begin, int64_t end) {
      operators::adamUpdate(p->values() + begin, p->state(0) + begin,
                            p->state(1) + begin, p->gradient() + begin,
                            end - begin, rule);
    });
}

} // namespace lacuna
