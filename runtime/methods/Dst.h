//===- Dst.h - Dynamic sparse training, trainable thresholds ----*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_RUNTIME_METHODS_DST_H
#define LACUNA_RUNTIME_METHODS_DST_H

#include "lacuna/Runtime/Method.h"

#include <memory>
#include <vector>

namespace lacuna {

/// The derivative that stands for that of the step function at x: 2 - 4|x| up
/// to 0.4, then 0.4 up to 1, then 0.
double dstDerivative(double x);

/// Liu et al., "Dynamic sparse training: find efficient sparse network from
/// scratch with trainable masked layers", ICLR 2020. Every output neuron or
/// filter has a threshold, and the weights above it in magnitude are active;
/// both are trained. The kernels run on what is active; weights, their momentum
/// and their gradient are dense, one layer's gradient at a time.
class Dst : public Method {
public:
  explicit Dst(const MethodOptions &options);

  std::string name() const override { return "dst"; }
  void initialise(MethodContext &context) override;
  void mutate(MethodContext &context, const MutationEvent &event) override;
  /// Thresholds decide what is active.
  bool startsFromBudget() const override { return false; }
  /// Weights that are not active become zero, and stay inactive as long as
  /// thresholds do not fall below it.
  void adoptWeights(MethodContext &context) override;
  /// The regulariser decides how sparse training ends.
  void finish(MethodContext & /*context*/) override {}

  DenseGradientUse denseGradientUse() const override {
    return DenseGradientUse::EveryStep;
  }
  bool wantsDenseGradients(const MutationEvent & /*event*/) const override {
    return true;
  }
  void takeDenseGradient(MethodContext &context, const MethodLayer &layer,
                         const MutationEvent &event,
                         const float *gradient) override;
  std::vector<Parameter *>
  trainables(MethodContext &context,
             const std::vector<Parameter *> &all) override;

  void visitState(StateVisitor &state) override;

private:
  struct MaskedLayer {
    MaskedLayer(const SparseParameter &weight, bool resets)
        : resets(resets), dense(weight.name() + ".dense", weight.denseSize()),
          thresholds(weight.name() + ".threshold",
                     weight.geometry().outChannels) {}
    bool resets;          ///< Whether the reset rule holds.
    Parameter dense;      ///< [out][in][kh][kw].
    Parameter thresholds; ///< [out].
  };

  static std::vector<uint32_t> support(const MaskedLayer &layer);
  void gradients(MaskedLayer &layer, int64_t row, const float *gradient) const;
  static void mask(SparseParameter &weight, MaskedLayer &layer);
  void guard(MaskedLayer &layer) const;

  double alpha, thresholdLimit;
  std::vector<std::unique_ptr<MaskedLayer>> layers;
};

} // namespace lacuna

#endif // LACUNA_RUNTIME_METHODS_DST_H
