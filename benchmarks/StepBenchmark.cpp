//===- StepBenchmark.cpp - A whole training step --------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "StepBenchmark.h"

#include "RandomData.h"
#include "Timing.h"

#include "lacuna/Runtime/Method.h"
#include "lacuna/Runtime/Models.h"
#include "lacuna/Runtime/Operators.h"
#include "lacuna/Runtime/Optimiser.h"
#include "lacuna/Runtime/Random.h"

#include <limits>
#include <vector>

namespace lacuna::benchmarks {

namespace {

Tensor randomImages(const ImageShape &shape, int64_t batch, int64_t lanes) {
  Tensor images({batch, shape.channels, shape.height, shape.width, lanes});
  RandomStream random(1, RandomPurpose::Test);
  for (int64_t i = 0; i < images.shape().floats(); ++i)
    images.data()[i] = random.normal();
  return images;
}

/// Runs a method's first mutation, timed apart from the packing after it.
void timeMutation(Network &network, Method &method, MethodContext &context,
                  StepTiming &timing) {
  double start = now();
  method.mutate(context, {});
  timing.mutation = now() - start;
  start = now();
  network.repackChanged();
  timing.repack = now() - start;
}

void countWork(Network &network, int64_t batch, StepTiming &timing) {
  bool first = true;
  for (const SparseLayer *layer : network.weightLayers()) {
    const Geometry &geometry = layer->weight().geometry();
    Extent2d plane = geometry.output();
    double pixels = double(plane.height) * double(plane.width) * double(batch);
    timing.multiplyAdds +=
        double(layer->weight().size()) * pixels * (first ? 2 : 3);
    timing.leastBytes +=
        5 * sizeof(float) * pixels * double(geometry.outChannels);
    first = false;
  }
}

} // namespace

StepTiming timeStep(const StepBenchmarkOptions &options,
                    KernelProvider &provider, ThreadPool &pool) {
  bool dense = options.scheme == Scheme::Dense;
  MethodOptions methodOptions;
  methodOptions.sparsity = options.sparsity;
  std::unique_ptr<Method> method =
      makeMethod(dense ? "dense" : "mest-em", methodOptions);
  ModelInput input = usualInput(options.model);
  Network network = makeModel(options.model, input.shape, input.classes,
                              options.scheme, options.fuse);
  MethodContext context(network, *method, /*seed=*/1);
  method->initialise(context);
  network.initialise(1);
  StepTiming timing;
  double bindStart = now();
  network.bind(provider, pool);
  timing.prepare = now() - bindStart;

  Tensor images =
      randomImages(network.inputShape(), options.batch, provider.lanes());
  std::vector<Label> labels;
  for (int64_t i = 0; i < options.batch; ++i)
    labels.push_back(static_cast<Label>(i % input.classes));
  OptimiserOptions optimiserOptions;
  optimiserOptions.learningRate = 0.01;
  Optimiser optimiser(network.parameters(), optimiserOptions);

  timing.step = std::numeric_limits<double>::infinity();
  timeMutation(network, *method, context, timing);
  Profile profile;
  network.profileInto(&profile);
  for (int step = 0; step <= options.steps; ++step) {
    profile.clear();
    double start = now();
    const Tensor &logits = network.forward(images, true);
    GradientPool::Lease gradient = network.gradients().acquire(logits.shape());
    operators::softmaxCrossEntropy(pool, logits, labels.data(), &*gradient);
    network.backward(std::move(gradient));
    double optimiserStart = now();
    optimiser.step(pool, optimiserOptions.learningRate);
    double end = now();
    // The first step touches its memory for the first time.
    if (step > 0 && end - start < timing.step) {
      timing.step = end - start;
      timing.optimiser = end - optimiserStart;
      timing.profile = profile;
    }
  }
  network.profileInto(nullptr);
  countWork(network, options.batch, timing);
  timing.memory = memoryUsage();
  timing.peakResidentBytes = peakResidentBytes();
  return timing;
}

} // namespace lacuna::benchmarks
