//===- Lottery.cpp - Iterative magnitude pruning with rewinding -----------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Budget.h"
#include "Methods.h"
#include "RecordedState.h"

#include "lacuna/Support/Error.h"
#include "lacuna/Support/Options.h"

#include <algorithm>
#include <cmath>

namespace lacuna {

namespace {

/// Frankle and Carbin, "The lottery ticket hypothesis: finding sparse,
/// trainable neural networks", ICLR 2019. Trains dense, drops the smallest
/// fifth of the weights, goes back to the weights (and all else) of an early
/// epoch and trains again, until the sparsity asked for is reached.
class Lottery : public Method {
public:
  explicit Lottery(const MethodOptions &options)
      : Method(options), dropped(options.dropFraction.value_or(0.2)),
        rewindEpoch(options.rewindEpoch.value_or(0)) {}

  std::string name() const override { return "lottery"; }

  void initialise(MethodContext &context) override {
    verifyTarget(context, *this);
    activateAll(context);
    int64_t start = activeWeights(context);
    double target = 0;
    for (const MethodLayer &layer : context.layers)
      target += (1 - layer.sparsity) * double(layer.weight().denseSize());
    double rounds =
        std::log(std::max(1.0, target) / double(start)) / std::log1p(-dropped);
    rounds = std::max(0.0, std::ceil(rounds - 1e-9));
    requireOption(options.epochs + rounds * roundEpochs() <= kMaxEpochs,
                  "drop-fraction", dropped,
                  "large enough to meet the sparsity within " +
                      std::to_string(kMaxEpochs) + " epochs");
    prunings = static_cast<int>(rounds);
    startDensity = double(start) /
                   double(std::max<int64_t>(1, weightsAtSparsity(context, 0)));
  }

  int runEpochs() const override {
    return options.epochs + prunings * roundEpochs();
  }
  int scheduleEpoch(int epoch) const override {
    return epoch < options.epochs
               ? epoch
               : rewindEpoch + (epoch - options.epochs) % roundEpochs();
  }

  void mutate(MethodContext &context, const MutationEvent &event) override {
    if (event.moment != Moment::EpochStart ||
        scheduleEpoch(event.epoch) != rewindEpoch)
      return;
    verifyInvariant(context.network != nullptr,
                    "lottery tickets are drawn from whole networks");
    if (event.epoch < options.epochs) {
      early.record(*context.network);
      return;
    }
    pruneTo(context, (event.epoch - options.epochs) / roundEpochs() + 1);
    std::vector<ActiveSet> survivors;
    for (const MethodLayer &layer : context.layers)
      survivors.push_back(layer.weight().active());
    early.restore(*context.network);
    for (size_t i = 0; i < survivors.size(); ++i)
      context.layers[i].weight().replace(std::move(survivors[i]));
  }

  void finish(MethodContext &context) override { pruneTo(context, prunings); }

  void visitState(StateVisitor &state) override {
    Method::visitState(state);
    early.visitState(state, "rewind");
  }

private:
  int roundEpochs() const { return options.epochs - rewindEpoch; }

  /// To the density after so many prunings, the last of which meets the target.
  void pruneTo(MethodContext &context, int pruning) {
    double left = startDensity * std::pow(1 - dropped, pruning);
    pruneInScope(context, *this, [&](double sparsity) {
      return pruning == prunings ? sparsity : std::min(sparsity, 1 - left);
    });
  }

  double dropped;
  int rewindEpoch;
  int prunings = 0;
  double startDensity = 1;
  RecordedState early;
};

} // namespace

std::unique_ptr<Method> makeLottery(const MethodOptions &options) {
  return std::make_unique<Lottery>(options);
}

} // namespace lacuna
