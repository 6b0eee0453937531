//===- Snfs.cpp - Sparse networks from scratch: sparse momentum -----------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Budget.h"
#include "DenseGrowth.h"
#include "Growth.h"
#include "Methods.h"
#include "Selection.h"

#include "lacuna/Support/Error.h"
#include "lacuna/Support/HalfCosine.h"

#include <algorithm>
#include <cmath>

namespace lacuna {

namespace {

constexpr double kLastDrop = 0.005;
/// A layer this dense gives up no more than its sparsity when its momentum is
/// above the average.
constexpr double kNearlyDense = 0.2;
constexpr double kLargestFill = 0.99;

/// Dettmers and Zettlemoyer, "Sparse networks from scratch: faster training
/// without losing performance", 2019.
class Snfs : public Method {
public:
  explicit Snfs(const MethodOptions &options)
      : Method(options), firstDrop(options.dropFraction.value_or(0.5)) {}

  std::string name() const override { return "snfs"; }
  DenseGradientUse denseGradientUse() const override {
    return DenseGradientUse::EveryStep;
  }
  bool wantsDenseGradients(const MutationEvent & /*event*/) const override {
    return true;
  }

  void initialise(MethodContext &context) override {
    Method::initialise(context);
    budget = activeWeights(context);
    momenta.clear();
    for (const MethodLayer &layer : context.layers)
      momenta.emplace_back(MemoryKind::MethodState, layer.weight().denseSize());
  }

  /// The momentum of SGD, of inactive weights too.
  void takeDenseGradient(MethodContext &context, const MethodLayer &layer,
                         const MutationEvent & /*event*/,
                         const float *gradient) override {
    const SparseParameter &weight = layer.weight();
    Buffer<float> &momentum = momenta[context.indexOf(layer)];
    float mu = static_cast<float>(options.momentum);
    for (int64_t i = 0; i < momentum.size(); ++i)
      momentum[i] = mu * momentum[i] + gradient[i];
    if (options.weightDecay == 0)
      return;
    float decay = static_cast<float>(options.weightDecay);
    std::vector<uint32_t> positions =
        weight.active().positions(weight.geometry(), weight.structure());
    for (size_t i = 0; i < positions.size(); ++i)
      momentum[positions[i]] += decay * weight.values()[i];
  }

  std::string mutationSchedule() const override {
    return "at the start of every epoch but the first (--epochs)";
  }
  bool mutatesAt(const MutationEvent &event) const override {
    return event.moment == Moment::EpochStart && event.epoch > 0;
  }

  void mutate(MethodContext &context, const MutationEvent &event) override {
    if (!mutatesAt(event))
      return;
    std::vector<double> shares = momentumShares(context);
    double average = 1 / double(std::max<size_t>(1, shares.size()));
    double drop =
        kLastDrop + (firstDrop - kLastDrop) *
                        halfCosine(double(event.epoch) / options.epochs);
    int64_t free = budget;
    std::vector<std::vector<uint32_t>> kept;
    std::vector<int64_t> sizes, capacities;
    for (size_t i = 0; i < context.layers.size(); ++i) {
      const SparseParameter &weight = context.layers[i].weight();
      int64_t count = weight.activeUnits();
      double sparsity = 1 - double(count) / double(weight.units());
      double own = sparsity < kNearlyDense && shares[i] > average
                       ? std::min(sparsity, drop)
                       : drop;
      int64_t stay = std::max<int64_t>(
          1, count - static_cast<int64_t>(std::ceil(own * double(count))));
      kept.push_back(slotsToKeep(weight, stay, score(weight)));
      sizes.push_back(unitWeights(weight));
      capacities.push_back(
          static_cast<int64_t>(kLargestFill * double(weight.units() - stay)));
      free -= stay * sizes.back();
    }
    std::vector<int64_t> grown = splitWeights(free, shares, sizes, capacities);
    for (size_t i = 0; i < context.layers.size(); ++i)
      move(context, i, kept[i], grown[i], event);
  }

  /// Layers trade weights: only their sum is what was asked for.
  void finish(MethodContext & /*context*/) override {}

  void visitState(StateVisitor &state) override {
    Method::visitState(state);
    for (size_t i = 0; i < momenta.size(); ++i)
      state.array("momentum" + std::to_string(i), momenta[i].data(),
                  momenta[i].size());
  }

private:
  std::vector<double> momentumShares(const MethodContext &context) const {
    std::vector<double> shares;
    double sum = 0;
    for (size_t i = 0; i < context.layers.size(); ++i) {
      const SparseParameter &weight = context.layers[i].weight();
      double total = 0;
      for (uint32_t position :
           weight.active().positions(weight.geometry(), weight.structure()))
        total += std::abs(double(momenta[i][position]));
      shares.push_back(total / double(std::max<int64_t>(1, weight.size())));
      sum += shares.back();
    }
    if (sum > 0)
      for (double &share : shares)
        share /= sum;
    return shares;
  }

  void move(MethodContext &context, size_t i, const std::vector<uint32_t> &kept,
            int64_t grown, const MutationEvent &event) {
    const MethodLayer &layer = context.layers[i];
    SparseParameter &weight = layer.weight();
    weight.prune(kept);
    std::vector<uint32_t> before = weight.active().units;
    std::vector<uint32_t> all(before.size());
    for (uint32_t slot = 0; slot < all.size(); ++slot)
      all[slot] = slot;
    weight.replace(keepAndGrow(weight, all,
                               static_cast<int64_t>(all.size()) + grown,
                               momenta[i].data()));
    std::vector<uint32_t> positions =
        weight.active().positions(weight.geometry(), weight.structure());
    // What was added up is SGD's momentum. Adam's moments start from zero.
    if (weight.stateCount() == 1)
      forEachGrown(weight, before, [&](int64_t first, int64_t last) {
        for (int64_t at = first; at < last; ++at)
          weight.momentum()[at] = momenta[i][positions[size_t(at)]];
      });
    RandomStream stream =
        context.stream(RandomPurpose::Growth, layer, event.step);
    startGrownFilters(weight, before, stream);
  }

  double firstDrop;
  int64_t budget = 0;                 ///< Active weights of all layers.
  std::vector<Buffer<float>> momenta; ///< Of each layer, [out][in][kh][kw].
};

} // namespace

std::unique_ptr<Method> makeSnfs(const MethodOptions &options) {
  return std::make_unique<Snfs>(options);
}

} // namespace lacuna
