//===- Set.cpp - Sparse evolutionary training -----------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Growth.h"
#include "Methods.h"
#include "Selection.h"

#include <algorithm>
#include <cmath>

namespace lacuna {

namespace {

/// Mocanu et al., "Scalable training of artificial neural networks with
/// adaptive sparse connectivity inspired by network science", 2018.
class Set : public Method {
public:
  explicit Set(const MethodOptions &options)
      : Method(options), dropped(options.dropFraction.value_or(0.3)),
        growthDeviation(options.growthDeviation.value_or(0)) {}

  std::string name() const override { return "set"; }

  std::string mutationSchedule() const override {
    double stop = options.stopFraction.value_or(1);
    if (options.updatePeriod)
      return stepSchedule(*options.updatePeriod, stop);
    return "at the start of every epoch but the first (--update-period counts "
           "steps instead)";
  }
  bool mutatesAt(const MutationEvent &event) const override {
    if (event.progress(options.epochs) >= options.stopFraction.value_or(1))
      return false;
    if (options.updatePeriod)
      return event.moment == Moment::Updated && event.step > 0 &&
             event.step % *options.updatePeriod == 0;
    return event.moment == Moment::EpochStart && event.epoch > 0;
  }

  void mutate(MethodContext &context, const MutationEvent &event) override {
    if (!mutatesAt(event))
      return;
    for (const MethodLayer &layer : context.layers) {
      SparseParameter &weight = layer.weight();
      int64_t count = weight.activeUnits();
      RandomStream stream =
          context.stream(RandomPurpose::Growth, layer, event.step);
      std::vector<uint32_t> kept =
          redrawUnits(weight, survivors(weight), count, stream);
      if (growthDeviation > 0)
        forEachGrown(weight, kept, [&](int64_t first, int64_t last) {
          for (int64_t i = first; i < last; ++i)
            weight.values()[i] =
                stream.normal() * static_cast<float>(growthDeviation);
        });
      weight.markChanged();
    }
  }

private:
  /// Without the share of the smallest, positive and negative weights apart.
  /// Units of several weights have no sign.
  std::vector<uint32_t> survivors(const SparseParameter &weight) const {
    std::vector<double> scores = score(weight);
    auto kept = [&](size_t count) {
      return static_cast<int64_t>(count) -
             static_cast<int64_t>(dropped * double(count));
    };
    if (weight.structure().scheme != Scheme::Unstructured)
      return slotsToKeep(weight, kept(scores.size()), scores);
    verifyFinite(weight, scores);
    std::vector<uint8_t> stays(scores.size(), 0);
    for (bool negative : {false, true}) {
      std::vector<uint32_t> slots = indicesWhere(scores.size(), [&](size_t i) {
        return (weight.values()[i] < 0) == negative;
      });
      std::vector<double> own(slots.size());
      for (size_t i = 0; i < own.size(); ++i)
        own[i] = scores[slots[i]];
      for (uint32_t chosen : largest(own, kept(own.size())))
        stays[slots[chosen]] = 1;
    }
    return indicesWhere(stays.size(), [&](size_t i) { return stays[i] != 0; });
  }

  double dropped, growthDeviation;
};

} // namespace

std::unique_ptr<Method> makeSet(const MethodOptions &options) {
  return std::make_unique<Set>(options);
}

} // namespace lacuna
