//===- Dsr.cpp - Dynamic sparse reparameterisation ------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Budget.h"
#include "Growth.h"
#include "Methods.h"
#include "Selection.h"

#include <algorithm>
#include <cmath>

namespace lacuna {

namespace {

/// Mostafa and Wang, "Parameter efficient training of deep convolutional
/// neural networks by dynamic sparse reparameterization", ICML 2019.
class Dsr : public Method {
public:
  explicit Dsr(const MethodOptions &options)
      : Method(options), moved(options.dropFraction.value_or(0.1)),
        period(options.updatePeriod.value_or(100)),
        stop(options.stopFraction.value_or(0.95)) {}

  std::string name() const override { return "dsr"; }

  void initialise(MethodContext &context) override {
    Method::initialise(context);
    budget = activeWeights(context);
  }

  std::string mutationSchedule() const override {
    return stepSchedule(period, stop);
  }
  bool mutatesAt(const MutationEvent &event) const override {
    return event.moment == Moment::Updated && event.step > 0 &&
           event.step % period == 0 && event.progress(options.epochs) < stop;
  }

  void mutate(MethodContext &context, const MutationEvent &event) override {
    if (!mutatesAt(event))
      return;
    int64_t held = activeWeights(context);
    std::vector<ActiveSet> before;
    std::vector<double> survivors;
    std::vector<int64_t> sizes, capacities;
    for (const MethodLayer &layer : context.layers) {
      SparseParameter &weight = layer.weight();
      before.push_back(weight.active());
      // Units of a pattern layer are drawn filter by filter, those just pruned
      // included: what is left out of one could leave it unbalanced.
      bool patterned = weight.structure().scheme == Scheme::Pattern;
      int64_t taken = weight.activeUnits();
      prune(weight);
      survivors.push_back(double(weight.size()));
      sizes.push_back(unitWeights(weight));
      capacities.push_back(weight.units() -
                           (patterned ? weight.activeUnits() : taken));
    }
    int64_t left = activeWeights(context);
    std::vector<int64_t> grown =
        splitWeights(budget - left, survivors, sizes, capacities);
    for (size_t i = 0; i < context.layers.size(); ++i)
      grow(context, context.layers[i], before[i], grown[i], event);
    adjust(double(held - left), moved * double(budget));
  }

  /// Layers trade weights: only their sum is what was asked for.
  void finish(MethodContext & /*context*/) override {}

  void visitState(StateVisitor &state) override {
    Method::visitState(state);
    state.scalar("threshold", threshold);
  }

private:
  /// Drops what is below the threshold, per weight of a unit, but for the best.
  void prune(SparseParameter &weight) const {
    std::vector<double> scores = score(weight);
    double limit = threshold * std::sqrt(double(unitWeights(weight)));
    int64_t stay = std::count_if(scores.begin(), scores.end(),
                                 [&](double s) { return !(s < limit); });
    pruneToUnits(weight, std::max<int64_t>(1, stay), scores);
  }

  static void grow(const MethodContext &context, const MethodLayer &layer,
                   const ActiveSet &before, int64_t count,
                   const MutationEvent &event) {
    SparseParameter &weight = layer.weight();
    RandomStream stream =
        context.stream(RandomPurpose::Growth, layer, event.step);
    if (weight.structure().scheme == Scheme::Pattern) {
      growToUnits(weight, weight.activeUnits() + count, stream);
      return;
    }
    std::vector<uint32_t> survivors = weight.active().units;
    weight.grow(sampleUntaken(stream, 0, static_cast<uint32_t>(weight.units()),
                              before.units.data(),
                              before.units.data() + before.units.size(), count),
                {});
    startGrownFilters(weight, survivors, stream);
  }

  /// Keeps what an event prunes near what it should.
  void adjust(double pruned, double wanted) {
    if (pruned > 1.1 * wanted)
      threshold /= 2;
    else if (pruned < 0.9 * wanted)
      threshold *= 2;
  }

  double moved;
  int64_t period;
  double stop;
  double threshold = 1e-3;
  int64_t budget = 0; ///< Active weights of all layers.
};

} // namespace

std::unique_ptr<Method> makeDsr(const MethodOptions &options) {
  return std::make_unique<Dsr>(options);
}

} // namespace lacuna
