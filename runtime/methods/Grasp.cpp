//===- Grasp.cpp - Pruning that preserves gradient flow -------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "InitialPruning.h"
#include "Methods.h"

#include "lacuna/Support/Error.h"

#include <cmath>

namespace lacuna {

namespace {

/// The authors divide logits by it.
constexpr double kTemperature = 200;
/// Length of the step of the finite difference, of that of the weights.
constexpr double kRelativeStep = 5e-3;

using Vectors = std::vector<std::vector<float>>;
using Images = std::vector<uint32_t>;

/// Wang et al., "Picking winning tickets before training by preserving gradient
/// flow", ICLR 2020. With g the gradient of the loss to all weights of
/// convolutions and linear layers and H the Hessian, a weight's score is
/// w * (H g), and the smallest go. H g is the central difference of two
/// gradients along g.
class Grasp : public InitialPruning {
public:
  explicit Grasp(const MethodOptions &options) : InitialPruning(options) {}

  std::string name() const override { return "grasp"; }

protected:
  std::vector<std::vector<double>>
  scores(MethodContext &context) const override {
    verifyInvariant(context.network, "grasp was given no network");
    Vectors product = hessianGradient(context);
    std::vector<std::vector<double>> flows;
    for (const MethodLayer &layer : context.layers)
      flows.push_back(
          meanProducts(layer.weight(), product[layer.number].data()));
    return flows;
  }

private:
  static void addGradients(const Network &network, double factor,
                           Vectors &sums) {
    const std::vector<SparseLayer *> &layers = network.weightLayers();
    sums.resize(layers.size());
    for (size_t l = 0; l < layers.size(); ++l) {
      const SparseParameter &weight = layers[l]->weight();
      sums[l].resize(static_cast<size_t>(weight.size()));
      for (int64_t i = 0; i < weight.size(); ++i)
        sums[l][size_t(i)] +=
            static_cast<float>(factor * double(weight.gradient()[i]));
    }
  }

  /// weights = start + step * direction.
  static void displace(Network &network, const Vectors &start, double step,
                       const Vectors &direction) {
    for (size_t l = 0; l < start.size(); ++l) {
      SparseParameter &weight = network.weightLayers()[l]->weight();
      for (size_t i = 0; i < start[l].size(); ++i)
        weight.values()[i] = static_cast<float>(double(start[l][i]) +
                                                step * double(direction[l][i]));
      weight.markChanged();
    }
  }

  static double norm(const Vectors &vectors) {
    double squares = 0;
    for (const std::vector<float> &vector : vectors)
      for (float value : vector)
        squares += double(value) * double(value);
    return std::sqrt(squares);
  }

  Vectors hessianGradient(MethodContext &context) const {
    GradientSource &source = *context.gradients;
    Network &network = *context.network;
    std::vector<Images> batches =
        source.balanced(options.samplesPerClass.value_or(10));
    double samples = 0;
    for (const Images &batch : batches)
      samples += double(batch.size());

    Vectors weights, gradient, product;
    for (const SparseLayer *layer : network.weightLayers())
      weights.emplace_back(layer->weight().values(),
                           layer->weight().values() + layer->weight().size());
    for (const Images &batch : batches) {
      source.gradients(batch, kTemperature);
      addGradients(network, double(batch.size()) / samples, gradient);
    }
    double length = norm(gradient);
    if (!(length > 0) || std::isinf(length))
      throw UserError("method: grasp finds no gradient to preserve, its norm "
                      "is " +
                      std::to_string(length));
    double step = kRelativeStep * norm(weights) / length;
    // Both sides of a batch in turn, so that sums stay as small as their
    // differences.
    for (const Images &batch : batches)
      for (double side : {1.0, -1.0}) {
        displace(network, weights, side * step, gradient);
        source.gradients(batch, kTemperature);
        addGradients(network,
                     side / (2 * step) * double(batch.size()) / samples,
                     product);
      }
    displace(network, weights, 0, gradient);
    return product;
  }
};

} // namespace

std::unique_ptr<Method> makeGrasp(const MethodOptions &options) {
  return std::make_unique<Grasp>(options);
}

} // namespace lacuna
