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
#include "lacuna/Support/Error.h"

#include <algorithm>
#include <vector>

namespace lacuna::benchmarks {

namespace {

/// Steps of an epoch, for methods that count them.
constexpr int64_t kSteps = 100;

class Mutations {
public:
  Mutations(Network &network, Method &method)
      : network(network), method(method), context(network, method, /*seed=*/1) {
    method.initialise(context);
    network.initialise(/*seed=*/1);
  }

  /// One moment of training; whether it was one of mutation.
  bool at(const MutationEvent &event) {
    std::vector<uint64_t> before = versions();
    double start = now();
    method.mutate(context, event);
    double taken = now() - start;
    if (versions() == before)
      return false;
    times.push_back(taken);
    start = now();
    network.repackChanged();
    repackTimes.push_back(now() - start);
    return true;
  }

  std::vector<double> times, repackTimes;

private:
  std::vector<uint64_t> versions() const {
    std::vector<uint64_t> result;
    for (const SparseLayer *layer : network.weightLayers())
      result.push_back(layer->weight().activeVersion());
    return result;
  }

  Network &network;
  Method &method;
  MethodContext context;
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
  if (method->denseGradientUse() != Method::DenseGradientUse::Never ||
      options.method == "snip" || options.method == "grasp")
    throw UserError("method: " + options.method +
                    " chooses by gradients, which only training makes; its "
                    "mutations are timed by none of these rows");
  ModelInput input = usualInput(options.model);
  Network network =
      makeModel(options.model, input.shape, input.classes,
                method->isSparse() ? options.scheme : Scheme::Dense);
  Mutations mutations(network, *method);
  network.bind(provider, pool);

  MutationTiming timing;
  for (const SparseLayer *layer : network.weightLayers())
    if (layer->weight().structure().scheme != Scheme::Dense) {
      ++timing.sparseLayers;
      timing.sparseWeights += layer->weight().denseSize();
      timing.activeWeights += layer->weight().size();
    }
  MutationEvent event;
  event.stepsOfEpoch = kSteps;
  for (event.epoch = 0;
       event.epoch < methodOptions.epochs && timing.mutations < options.rounds;
       ++event.epoch)
    for (Moment moment :
         {Moment::EpochStart, Moment::Gradients, Moment::Updated}) {
      event.moment = moment;
      event.step = event.epoch * kSteps;
      timing.mutations += mutations.at(event) ? 1 : 0;
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
