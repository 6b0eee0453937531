//===- MutationBenchmark.cpp - Time of a mutation of all layers -----------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "MutationBenchmark.h"

#include "RandomData.h"
#include "Timing.h"

#include "lacuna/Runtime/Method.h"
#include "lacuna/Runtime/Models.h"
#include "lacuna/Runtime/Random.h"
#include "lacuna/Support/Error.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace lacuna::benchmarks {

namespace {

/// Steps of an epoch, for methods that count them.
constexpr int64_t kSteps = 100;
/// What an update adds to a weight is a normal draw of this deviation.
constexpr float kStepDeviation = 1e-4f;

class Mutations {
public:
  Mutations(Network &network, Method &method)
      : network(network), method(method), context(network, method, /*seed=*/1) {
    method.initialise(context);
    network.initialise(/*seed=*/1);
    if (method.denseGradientUse() == Method::DenseGradientUse::EveryStep)
      for (const MethodLayer &layer : context.layers)
        layer.layer->expectDenseGradients();
    std::vector<Parameter *> weights;
    size_t largest = 0;
    for (SparseLayer *layer : network.weightLayers()) {
      weights.push_back(&layer->weight());
      largest = std::max(largest, size_t(layer->weight().denseSize()));
    }
    trained = method.trainables(context, weights);
    setThresholds();
    RandomStream stream(/*seed=*/1, RandomPurpose::Noise);
    draws.resize(2 * largest);
    for (float &draw : draws)
      draw = stream.normal() * kStepDeviation;
  }

  /// An epoch of one step on random gradients.
  void epoch(MutationEvent event) {
    event.moment = Moment::EpochStart;
    mutate(event, 0);
    event.moment = Moment::Gradients;
    mutate(event, takeGradients(event));
    for (Parameter *parameter : trained) {
      for (int64_t i = 0; i < parameter->size(); ++i)
        parameter->values()[i] -= parameter->gradient()[i];
      parameter->markChanged();
    }
    event.moment = Moment::Updated;
    mutate(event, 0);
  }

  std::vector<double> times, repackTimes;

private:
  /// DST: what leaves each layer as sparse as asked for.
  void setThresholds() {
    for (const MethodLayer &layer : context.layers) {
      const SparseParameter &weight = layer.weight();
      for (Parameter *parameter : trained) {
        if (parameter->name() != weight.name() + ".threshold")
          continue;
        std::vector<double> magnitudes;
        for (int64_t i = 0; i < weight.size(); ++i)
          magnitudes.push_back(std::abs(weight.values()[i]));
        auto least = magnitudes.begin() +
                     int64_t(layer.sparsity * double(weight.size()));
        std::nth_element(magnitudes.begin(), least, magnitudes.end());
        std::fill_n(parameter->values(), parameter->size(),
                    static_cast<float>(*least));
      }
    }
  }

  /// Gives the method other draws each time. Returns the seconds in which it
  /// chose by them, if it takes dense gradients for no other use.
  double takeGradients(const MutationEvent &event) {
    const float *gradient =
        draws.data() + size_t(event.step) * kStride % (draws.size() / 2);
    for (SparseLayer *layer : network.weightLayers()) {
      SparseParameter &weight = layer->weight();
      std::copy_n(gradient, weight.size(), weight.gradient());
    }
    if (!method.wantsDenseGradients(event))
      return 0;
    double start = now();
    for (const MethodLayer &layer : context.layers)
      method.takeDenseGradient(context, layer, event, gradient);
    return method.denseGradientUse() == Method::DenseGradientUse::SomeSteps
               ? now() - start
               : 0;
  }

  /// Notes the time of a mutation, `before` included, if it was one.
  void mutate(const MutationEvent &event, double before) {
    std::vector<uint64_t> old = versions();
    double start = now();
    method.mutate(context, event);
    double taken = now() - start;
    if (versions() == old)
      return;
    times.push_back(before + taken);
    start = now();
    network.repackChanged();
    repackTimes.push_back(now() - start);
  }

  std::vector<uint64_t> versions() const {
    std::vector<uint64_t> result;
    for (const SparseLayer *layer : network.weightLayers())
      result.push_back(layer->weight().activeVersion());
    return result;
  }

  static constexpr size_t kStride = 101;

  Network &network;
  Method &method;
  MethodContext context;
  std::vector<Parameter *> trained;
  std::vector<float> draws;
};

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

} // namespace

MutationTiming timeMutations(const MutationBenchmarkOptions &options,
                             KernelProvider &provider, ThreadPool &pool) {
  MethodOptions methodOptions;
  methodOptions.sparsity = options.sparsity;
  std::unique_ptr<Method> method = makeMethod(options.method, methodOptions);
  if (options.method == "snip" || options.method == "grasp")
    throw UserError("method: " + options.method +
                    " chooses once, before training, and makes no mutations");
  ModelInput input = usualInput(options.model);
  Network network =
      makeModel(options.model, input.shape, input.classes,
                method->isSparse() ? options.scheme : Scheme::Dense);
  Mutations mutations(network, *method);
  network.bind(provider, pool);

  MutationEvent event;
  event.stepsOfEpoch = kSteps;
  for (event.epoch = 0; event.epoch < method->runEpochs() &&
                        mutations.times.size() < size_t(options.rounds);
       ++event.epoch) {
    event.step = event.epoch * kSteps;
    mutations.epoch(event);
  }
  MutationTiming timing;
  timing.mutations = static_cast<int>(mutations.times.size());
  for (const SparseLayer *layer : network.weightLayers())
    if (layer->weight().structure().scheme != Scheme::Dense) {
      ++timing.sparseLayers;
      timing.sparseWeights += layer->weight().denseSize();
      timing.activeWeights += layer->weight().size();
    }
  if (timing.mutations > 0) {
    timing.best =
        *std::min_element(mutations.times.begin(), mutations.times.end());
    timing.median = median(mutations.times);
    timing.bestRepack = *std::min_element(mutations.repackTimes.begin(),
                                          mutations.repackTimes.end());
    timing.medianRepack = median(mutations.repackTimes);
  }
  return timing;
}

} // namespace lacuna::benchmarks
