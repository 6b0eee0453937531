//===- Gradual.cpp - Gradual magnitude pruning ----------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Budget.h"
#include "Methods.h"

#include <algorithm>

namespace lacuna {

namespace {

/// Zhu and Gupta, "To prune, or not to prune: exploring the efficacy of pruning
/// for model compression", 2017. Starts dense and follows
/// s(t) = s * (1 - (1 - t)^3), t being the share of the pruning phase.
class Gradual : public Method {
public:
  explicit Gradual(const MethodOptions &options)
      : Method(options), period(options.updatePeriod.value_or(100)),
        stop(options.stopFraction.value_or(0.75)) {}

  std::string name() const override { return "gradual"; }

  void initialise(MethodContext &context) override {
    verifyTarget(context, *this);
    activateAll(context);
  }

  /// The first after --stop-fraction still prunes what is left.
  std::string mutationSchedule() const override {
    return stepSchedule(period, 1);
  }
  bool mutatesAt(const MutationEvent &event) const override {
    return event.moment == Moment::Updated && event.step % period == 0;
  }

  void mutate(MethodContext &context, const MutationEvent &event) override {
    if (!mutatesAt(event))
      return;
    pruneTo(context, shareAt(event.progress(options.epochs)));
  }

  void finish(MethodContext &context) override { pruneTo(context, 1); }

private:
  double shareAt(double progress) const {
    double left = stop > 0 ? std::max(0.0, 1 - progress / stop) : 0;
    return 1 - left * left * left;
  }

  void pruneTo(MethodContext &context, double share) {
    pruneInScope(context, *this,
                 [share](double sparsity) { return share * sparsity; });
  }

  int64_t period;
  double stop;
};

} // namespace

std::unique_ptr<Method> makeGradual(const MethodOptions &options) {
  return std::make_unique<Gradual>(options);
}

} // namespace lacuna
