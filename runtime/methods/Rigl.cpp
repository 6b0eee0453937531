//===- Rigl.cpp - Growth by gradient --------------------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DenseGrowth.h"
#include "Growth.h"
#include "Methods.h"
#include "Selection.h"

#include "lacuna/Support/HalfCosine.h"

#include <map>

namespace lacuna {

namespace {

/// Evci et al., "Rigging the lottery: making all tickets winners", ICML 2020.
class Rigl : public Method {
public:
  explicit Rigl(const MethodOptions &options)
      : Method(options), dropped(options.dropFraction.value_or(0.3)),
        period(options.updatePeriod.value_or(100)),
        stop(options.stopFraction.value_or(0.75)) {}

  std::string name() const override { return "rigl"; }
  DenseGradientUse denseGradientUse() const override {
    return DenseGradientUse::SomeSteps;
  }
  bool wantsDenseGradients(const MutationEvent &event) const override {
    return event.step > 0 && event.step % period == 0 &&
           event.progress(options.epochs) < stop;
  }
  std::string mutationSchedule() const override {
    return stepSchedule(period, stop);
  }
  bool mutatesAt(const MutationEvent &event) const override {
    return event.moment == Moment::Gradients && wantsDenseGradients(event);
  }
  bool skipsUpdate(const MutationEvent &event) const override {
    return wantsDenseGradients(event);
  }

  void takeDenseGradient(MethodContext & /*context*/, const MethodLayer &layer,
                         const MutationEvent &event,
                         const float *gradient) override {
    SparseParameter &weight = layer.weight();
    int64_t count = weight.activeUnits();
    double share = dropped * halfCosine(event.progress(options.epochs) / stop);
    int64_t moved = static_cast<int64_t>(share * double(count));
    next[layer.number] =
        keepAndGrow(weight, slotsToKeep(weight, count - moved, score(weight)),
                    count, gradient);
  }

  void mutate(MethodContext &context, const MutationEvent &event) override {
    if (event.moment != Moment::Gradients || next.empty())
      return;
    for (const MethodLayer &layer : context.layers) {
      SparseParameter &weight = layer.weight();
      std::vector<uint32_t> before = weight.active().units;
      weight.replace(std::move(next.at(layer.number)));
      RandomStream stream =
          context.stream(RandomPurpose::Growth, layer, event.step);
      startGrownFilters(weight, before, stream);
    }
    next.clear();
  }

private:
  double dropped;
  int64_t period;
  double stop;
  /// Between backward pass and mutation.
  std::map<uint32_t, ActiveSet> next;
};

} // namespace

std::unique_ptr<Method> makeRigl(const MethodOptions &options) {
  return std::make_unique<Rigl>(options);
}

} // namespace lacuna
