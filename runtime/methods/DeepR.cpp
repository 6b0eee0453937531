//===- DeepR.cpp - Deep rewiring ------------------------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Growth.h"
#include "Methods.h"

#include "lacuna/Support/Error.h"

#include <cmath>

namespace lacuna {

namespace {

/// Where a rewired connection starts: too small to matter, yet it carries the
/// sign that the connection is to keep.
constexpr float kAlmostZero = 1e-12f;

/// Bellec et al., "Deep rewiring: training very sparse deep networks", ICLR
/// 2018. A connection has a sign; when its weight would cross zero it is
/// dropped, and another is drawn.
class DeepR : public Method {
public:
  explicit DeepR(const MethodOptions &options)
      : Method(options), penalty(options.l1.value_or(1e-5)),
        noise(options.noise.value_or(1e-5)) {}

  std::string name() const override { return "deepr"; }

  void initialise(MethodContext &context) override {
    for (const MethodLayer &layer : context.layers)
      if (layer.weight().structure().scheme != Scheme::Unstructured)
        throw UserError("scheme: deepr gives every weight a sign, so " +
                        layer.weight().name() +
                        " needs the scheme unstructured");
    Method::initialise(context);
  }

  void mutate(MethodContext &context, const MutationEvent &event) override {
    if (event.moment == Moment::Gradients)
      disturb(context, event);
    else if (event.moment == Moment::Updated)
      rewire(context, event);
  }

private:
  /// The walk that the update takes: penalty and noise.
  void disturb(MethodContext &context, const MutationEvent &event) {
    signs.clear();
    for (const MethodLayer &layer : context.layers) {
      SparseParameter &weight = layer.weight();
      RandomStream stream =
          context.stream(RandomPurpose::Noise, layer, event.step);
      std::vector<bool> negative(static_cast<size_t>(weight.size()));
      for (int64_t i = 0; i < weight.size(); ++i) {
        negative[size_t(i)] = std::signbit(weight.values()[i]);
        double sign = negative[size_t(i)] ? -1 : 1;
        weight.gradient()[i] += static_cast<float>(
            penalty * sign + noise * double(stream.normal()));
      }
      signs.push_back(std::move(negative));
    }
  }

  void rewire(MethodContext &context, const MutationEvent &event) {
    for (size_t l = 0; l < context.layers.size(); ++l) {
      SparseParameter &weight = context.layers[l].weight();
      std::vector<uint32_t> keptSlots;
      for (uint32_t i = 0; i < weight.size(); ++i) {
        float value = weight.values()[i];
        if (value != 0 && std::signbit(value) == signs[l][i])
          keptSlots.push_back(i);
      }
      int64_t count = weight.activeUnits();
      if (static_cast<int64_t>(keptSlots.size()) == count)
        continue;
      RandomStream stream =
          context.stream(RandomPurpose::Growth, context.layers[l], event.step);
      std::vector<uint32_t> kept =
          redrawUnits(weight, keptSlots, count, stream);
      forEachGrown(weight, kept, [&](int64_t first, int64_t last) {
        for (int64_t i = first; i < last; ++i)
          weight.values()[i] =
              stream.below(2) == 1 ? -kAlmostZero : kAlmostZero;
      });
      weight.markChanged();
    }
  }

  double penalty, noise;
  /// Of each layer's weights, between gradients and update.
  std::vector<std::vector<bool>> signs;
};

} // namespace

std::unique_ptr<Method> makeDeepR(const MethodOptions &options) {
  return std::make_unique<DeepR>(options);
}

} // namespace lacuna
