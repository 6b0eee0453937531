//===- MemoryBenchmark.cpp - Memory of training by kind -------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "MemoryBenchmark.h"

#include "RandomData.h"

#include "lacuna/Runtime/Models.h"
#include "lacuna/Runtime/Trainer.h"

#include <algorithm>

namespace lacuna::benchmarks {

namespace {

constexpr int64_t kValueBytes = sizeof(float);
constexpr int64_t kIndexBytes = sizeof(uint16_t);
constexpr int64_t kPointerBytes = sizeof(uint32_t);

void add(MemoryFormula &total, const MemoryFormula &more) {
  total.weights += more.weights;
  total.indices += more.indices;
  total.gradients += more.gradients;
  total.optimiser += more.optimiser;
}

MemoryFormula values(int64_t count, int64_t copies) {
  return {count * kValueBytes, 0, count * kValueBytes,
          count * copies * kValueBytes};
}

/// By formula, as the network stands, or as if every layer were dense and
/// trained.
MemoryFormula networkFormula(Network &network, bool dense) {
  MemoryFormula total;
  int64_t trained = 0;
  for (const Parameter *parameter : network.parameters())
    trained = std::max<int64_t>(trained, parameter->stateCount());
  for (Parameter *parameter : network.parameters()) {
    auto *sparse = dynamic_cast<SparseParameter *>(parameter);
    int64_t copies = dense ? trained : parameter->stateCount();
    if (!sparse || dense)
      add(total, values(parameter->denseSize(), copies));
    else
      add(total, layerFormula(sparse->geometry(), sparse->structure(),
                              sparse->activeUnits(), sparse->size(), copies));
  }
  return total;
}

} // namespace

MemoryFormula layerFormula(const Geometry &geometry, const Structure &structure,
                           int64_t units, int64_t weights, int64_t copies) {
  MemoryFormula formula = values(weights, copies);
  switch (structure.scheme) {
  case Scheme::Dense:
    break;
  case Scheme::Unstructured:
    formula.indices =
        units * kIndexBytes + (geometry.outChannels + 1) * kPointerBytes;
    break;
  case Scheme::Block:
    formula.indices =
        units * kIndexBytes +
        (geometry.outChannels / structure.blockRows + 1) * kPointerBytes;
    break;
  case Scheme::Pattern:
    formula.indices =
        units * (kIndexBytes + 1) + (geometry.outChannels + 1) * kPointerBytes;
    break;
  case Scheme::Channel:
    formula.indices = units * kIndexBytes;
    break;
  }
  return formula;
}

MemoryReport measureMemory(const MemoryBenchmarkOptions &options,
                           KernelProvider &provider, ThreadPool &pool) {
  MemoryUsage before = memoryUsage();
  resetMemoryPeaks();
  ModelInput input = usualInput(options.model);
  DataSet data =
      randomData(input, options.steps * options.batch, options.batch);
  MethodOptions methodOptions;
  methodOptions.sparsity = options.sparsity;
  methodOptions.epochs = options.epochs;
  if (methodUses(options.method, "update-period"))
    methodOptions.updatePeriod = options.updatePeriod;
  std::unique_ptr<Method> method = makeMethod(options.method, methodOptions);
  Network network =
      makeModel(options.model, input.shape, input.classes,
                method->isSparse() ? options.scheme : Scheme::Dense);
  TrainerOptions training;
  training.epochs = options.epochs;
  training.batch = options.batch;
  training.optimiser.learningRate = 0.01;
  Trainer trainer(network, *method, provider, pool, data, training);

  MemoryReport report;
  report.totalWeights = network.parametersTotal();
  report.dense = networkFormula(network, true);
  for (const SparseLayer *layer : network.weightLayers())
    if (layer->weight().structure().scheme != Scheme::Dense)
      report.largestDenseLayer =
          std::max(report.largestDenseLayer,
                   layer->weight().geometry().weights() * kValueBytes);
  trainer.onStep = [&](const StepReport &) {
    if (network.parametersActive() <= report.peakActive)
      return;
    report.peakActive = network.parametersActive();
    report.formula = networkFormula(network, false);
  };
  trainer.run();
  report.measured = memoryUsage();
  for (size_t kind = 0; kind < kMemoryKinds; ++kind)
    report.measured.peak[kind] -= before.current[kind];
  report.measured.totalPeak -= before.totalCurrent;
  for (MemoryKind kind : {MemoryKind::Weights, MemoryKind::Gradients,
                          MemoryKind::Optimiser, MemoryKind::Streams,
                          MemoryKind::DenseGradients, MemoryKind::MethodState})
    report.largestBuffer =
        std::max(report.largestBuffer, report.measured.largest[size_t(kind)]);
  return report;
}

} // namespace lacuna::benchmarks
