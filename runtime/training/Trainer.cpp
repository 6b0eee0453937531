//===- Trainer.cpp - The training loop ------------------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Runtime/Trainer.h"

#include "lacuna/Runtime/Evaluation.h"
#include "lacuna/Runtime/Random.h"
#include "lacuna/Support/Divisors.h"
#include "lacuna/Support/Error.h"
#include "lacuna/Support/Options.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <numeric>
#include <sstream>
#include <utility>

namespace lacuna {

namespace {

/// No set has more images, and sums with it stay far from 64 bits.
constexpr int64_t kMaxBatch = std::numeric_limits<uint32_t>::max();

class Stopwatch {
public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() -
                                         start)
        .count();
  }

private:
  std::chrono::steady_clock::time_point start =
      std::chrono::steady_clock::now();
};

int64_t modelStateBytes() {
  MemoryUsage usage = memoryUsage();
  int64_t total = 0;
  for (MemoryKind kind :
       {MemoryKind::Weights, MemoryKind::Indices, MemoryKind::Gradients,
        MemoryKind::Optimiser, MemoryKind::Streams, MemoryKind::DenseGradients,
        MemoryKind::MethodState})
    total += usage.peak[size_t(kind)];
  return total;
}

std::vector<uint32_t> identity(size_t count) {
  std::vector<uint32_t> order(count);
  std::iota(order.begin(), order.end(), 0u);
  return order;
}

} // namespace

void TrainerOptions::verify() const {
  verifyEpochs(epochs);
  requireOption(batch >= 1 && batch <= kMaxBatch, "batch", double(batch),
                "between 1 and " + std::to_string(kMaxBatch));
  requireOption(labelSmoothing >= 0 && labelSmoothing < 1, "label-smoothing",
                labelSmoothing, "at least 0 and below 1");
  optimiser.verify();
  schedule.verify(epochs);
}

/// Gradients of the network that training starts from.
class Trainer::InitialGradients : public GradientSource {
public:
  explicit InitialGradients(Trainer &trainer) : trainer(trainer) {}

  void reset() override {
    trainer.network.initialise(trainer.options.seed);
    trainer.network.bind(trainer.provider, trainer.pool);
  }

  std::vector<uint32_t> batch() override {
    std::vector<uint32_t> images = drawn();
    images.resize(std::min(images.size(), size_t(trainer.options.batch)));
    return images;
  }

  std::vector<std::vector<uint32_t>> balanced(int64_t perClass) override {
    std::vector<std::vector<uint32_t>> ofClass(
        size_t(trainer.data.train.classes));
    for (uint32_t image : drawn()) {
      std::vector<uint32_t> &own = ofClass[trainer.data.train.labels[image]];
      if (static_cast<int64_t>(own.size()) < perClass)
        own.push_back(image);
    }
    std::vector<uint32_t> images;
    size_t turns = 0;
    for (const std::vector<uint32_t> &own : ofClass)
      turns = std::max(turns, own.size());
    for (size_t turn = 0; turn < turns; ++turn)
      for (const std::vector<uint32_t> &own : ofClass)
        if (turn < own.size())
          images.push_back(own[turn]);
    return evenBatches(images);
  }

  void gradients(const std::vector<uint32_t> &images,
                 double temperature) override {
    trainer.loader.load(trainer.data.train, images.data(),
                        static_cast<int64_t>(images.size()));
    const Tensor &logits =
        trainer.network.forward(trainer.loader.images(), true);
    float factor = static_cast<float>(1 / temperature);
    Tensor cooled(logits.shape());
    int64_t floats = logits.shape().floats();
    for (int64_t i = 0; i < floats; ++i)
      cooled.data()[i] = logits.data()[i] * factor;
    GradientPool::Lease gradient =
        trainer.network.gradients().acquire(logits.shape());
    operators::softmaxCrossEntropy(trainer.pool, cooled,
                                   trainer.loader.labels(), &*gradient);
    for (int64_t i = 0; i < floats; ++i)
      gradient->data()[i] *= factor;
    trainer.network.backward(std::move(gradient));
  }

private:
  std::vector<std::vector<uint32_t>>
  evenBatches(const std::vector<uint32_t> &images) const {
    int64_t count = static_cast<int64_t>(images.size());
    int64_t batches = std::min(
        count, std::max<int64_t>(2, ceilDiv(count, trainer.options.batch)));
    std::vector<std::vector<uint32_t>> result;
    for (int64_t i = 0; i < batches; ++i)
      result.emplace_back(images.begin() + count * i / batches,
                          images.begin() + count * (i + 1) / batches);
    return result;
  }

  /// All images in random order.
  std::vector<uint32_t> drawn() const {
    std::vector<uint32_t> order = identity(trainer.data.train.labels.size());
    RandomStream stream(trainer.options.seed, RandomPurpose::Sample);
    stream.shuffle(order);
    return order;
  }

  Trainer &trainer;
};

Trainer::Trainer(Network &network, Method &method, KernelProvider &provider,
                 ThreadPool &pool, const DataSet &data,
                 const TrainerOptions &options)
    : network(network), method(method), provider(provider), pool(pool),
      data(data), options(options),
      methodContext(network, method, options.seed, options.initialMask),
      dataEfficiency(options.dataEfficiency,
                     static_cast<int64_t>(data.train.labels.size()),
                     options.seed),
      trainOrder(identity(data.train.labels.size())),
      loader(pool, {data.mean, data.deviation}, provider.lanes()) {
  options.verify();
  data.verify();
  if (method.settings().epochs != options.epochs)
    throw UserError("epochs: " + method.name() + " was made for " +
                    std::to_string(method.settings().epochs) +
                    " and the trainer for " + std::to_string(options.epochs) +
                    "; give both the same");
  options.dataEfficiency.verify(options.epochs,
                                static_cast<int64_t>(trainOrder.size()));

  InitialGradients gradients(*this);
  methodContext.gradients = &gradients;
  method.initialise(methodContext);
  methodContext.gradients = nullptr;
  if (options.dataEfficiency.isOn() && method.runEpochs() != options.epochs)
    throw UserError("phase-one: " + method.name() +
                    " trains several times, and data efficiency removes images "
                    "once; leave one of them out");
  network.initialise(options.seed);
  if (method.denseGradientUse() == Method::DenseGradientUse::EveryStep)
    for (const MethodLayer &layer : methodContext.layers)
      layer.layer->expectDenseGradients();
  network.bind(provider, pool);
  chooseTrainables();
  prepareDenseGradients();
}

void Trainer::chooseTrainables() {
  const std::vector<Parameter *> &ofNetwork = network.parameters();
  trainables = method.trainables(methodContext, ofNetwork);
  frozen.assign(options.freezeZeroBiases ? trainables.size() : 0, 0);
  for (size_t i = 0; i < frozen.size(); ++i) {
    const Parameter *parameter = trainables[i];
    bool isWeight = dynamic_cast<const SparseParameter *>(parameter);
    bool isOfMethod = std::find(ofNetwork.begin(), ofNetwork.end(),
                                parameter) == ofNetwork.end();
    bool isZero = std::all_of(parameter->values(),
                              parameter->values() + parameter->size(),
                              [](float value) { return value == 0; });
    frozen[i] = !isWeight && !isOfMethod && isZero;
  }
  makeOptimiser();
}

void Trainer::makeOptimiser() {
  std::vector<Parameter *> trained;
  for (size_t i = 0; i < trainables.size(); ++i)
    if (!frozen.empty() && frozen[i])
      trainables[i]->resetState({});
    else
      trained.push_back(trainables[i]);
  optimiser.emplace(std::move(trained), options.optimiser);
}

void Trainer::prepareDenseGradients() {
  Method::DenseGradientUse use = method.denseGradientUse();
  if (use == Method::DenseGradientUse::Never)
    return;
  denseGradients = std::make_unique<DenseGradients>(
      provider,
      use == Method::DenseGradientUse::EveryStep
          ? DenseGradients::Streams::Keep
          : DenseGradients::Streams::PackEachTime,
      [this](SparseLayer &layer, const float *gradient) {
        for (const MethodLayer &known : methodContext.layers)
          if (known.layer == &layer)
            method.takeDenseGradient(methodContext, known, event, gradient);
      });
  std::vector<SparseLayer *> layers;
  for (const MethodLayer &layer : methodContext.layers)
    layers.push_back(layer.layer);
  denseGradients->prepare(layers);
}

void Trainer::mutate(Moment moment) {
  event.moment = moment;
  method.mutate(methodContext, event);
  network.repackChanged();
}

int64_t Trainer::stepsOfEpoch(int epoch) const {
  return ceilDiv(dataEfficiency.imagesOf(epoch), options.batch);
}

std::optional<std::string> Trainer::missedMutations() const {
  std::string schedule = method.mutationSchedule();
  if (schedule.empty())
    return std::nullopt;
  MutationEvent at;
  for (; at.epoch < method.runEpochs(); ++at.epoch) {
    at.stepsOfEpoch = stepsOfEpoch(at.epoch);
    for (at.stepOfEpoch = 0; at.stepOfEpoch < at.stepsOfEpoch;
         ++at.stepOfEpoch, ++at.step)
      for (Moment moment :
           {Moment::EpochStart, Moment::Gradients, Moment::Updated}) {
        at.moment = moment;
        bool occurs = moment != Moment::EpochStart || at.stepOfEpoch == 0;
        // What happens to the weights as drawn is no step of training.
        if (occurs && at.step > 0 && method.mutatesAt(at))
          return std::nullopt;
      }
  }
  return method.name() + " mutates " + schedule +
         ", which this run never reaches: it has " + std::to_string(at.step) +
         " steps in " + std::to_string(at.epoch) +
         (at.epoch == 1 ? " epoch" : " epochs");
}

void Trainer::shuffle(int epoch) {
  // From ascending order each time, so that an epoch's order does not depend on
  // those before it.
  trainOrder = dataEfficiency.images();
  RandomStream stream(options.seed, RandomPurpose::Shuffle,
                      static_cast<uint32_t>(epoch));
  stream.shuffle(trainOrder);
}

void Trainer::reportDivergence(const std::string &where, double loss) {
  std::string layer = network.firstNonFiniteLayer();
  std::ostringstream message;
  message << "training: the loss is " << loss << " " << where << "; ";
  if (layer.empty())
    message << "all layers' outputs are finite";
  else
    message << "the first layer whose output is not finite is " << layer;
  message << "; use a lower learning rate";
  throw UserError(message.str());
}

void Trainer::trainStep(int epoch, int64_t step, int64_t steps,
                        Progress &progress) {
  int64_t first = step * options.batch;
  int64_t count =
      std::min(options.batch, static_cast<int64_t>(trainOrder.size()) - first);
  std::optional<Augmentation> augmentation;
  if (data.augment)
    augmentation = {{options.seed, epoch}, data.pad};
  loader.load(data.train, trainOrder.data() + first, count, augmentation);
  const Tensor &logits = network.forward(loader.images(), true);
  GradientPool::Lease gradient = network.gradients().acquire(logits.shape());
  operators::LossResult result = operators::softmaxCrossEntropy(
      pool, logits, loader.labels(), &*gradient, options.labelSmoothing);
  if (!std::isfinite(result.lossSum))
    reportDivergence("at epoch " + std::to_string(epoch + 1) + ", step " +
                         std::to_string(step + 1),
                     result.lossSum);
  progress.lossSum += result.lossSum;
  progress.correct += result.correct;
  progress.images += count;
  dataEfficiency.record(logits, data.train, trainOrder.data() + first);
  event.moment = Moment::Gradients;
  network.backward(std::move(gradient), method.wantsDenseGradients(event)
                                            ? denseGradients.get()
                                            : nullptr);
  mutate(Moment::Gradients);
  if (!method.skipsUpdate(event))
    optimiser->step(pool, options.schedule.at(options.optimiser.learningRate,
                                              method.scheduleEpoch(epoch),
                                              options.epochs, step, steps));
  mutate(Moment::Updated);
  ++event.step;
}

void Trainer::trainEpoch() {
  Stopwatch watch;
  double earlier = position.trainSeconds;
  int epoch = position.epoch;
  event.epoch = epoch;
  event.stepOfEpoch = position.step;
  dataEfficiency.startEpoch(epoch);
  shuffle(epoch);
  event.stepsOfEpoch = stepsOfEpoch(epoch);
  if (position.step == 0)
    mutate(Moment::EpochStart);
  Progress &progress = position.progress;
  int64_t steps = event.stepsOfEpoch;
  while (position.step < steps) {
    event.stepOfEpoch = position.step;
    trainStep(epoch, position.step, steps, progress);
    ++position.step;
    position.trainSeconds = earlier + watch.seconds();
    if (onStep)
      onStep({epoch + 1, position.step, steps,
              progress.lossSum / progress.images,
              double(progress.correct) / progress.images,
              progress.images / position.trainSeconds});
    // The end of an epoch saves anyway, or does so on purpose not.
    if (!saving.path.empty() && saving.everySteps > 0 &&
        position.step % saving.everySteps == 0 && position.step < steps)
      save(saving.path);
    if (stopsHere())
      return;
  }
}

bool Trainer::stopsHere() { return shouldStop && shouldStop(); }

double Trainer::testAccuracy() {
  return *testUnless([] { return false; });
}

std::optional<double>
Trainer::testUnless(const std::function<bool()> &stopped) {
  std::optional<Evaluation> test =
      evaluate(network, loader, pool, data.test, options.batch, stopped);
  if (!test)
    return std::nullopt;
  // The last step's divergence shows nowhere else.
  if (!std::isfinite(test->lossSum))
    reportDivergence("on the test images", test->lossSum);
  return test->accuracy();
}

bool Trainer::runEpoch() {
  Stopwatch watch;
  double earlier = position.trainSeconds;
  trainEpoch();
  if (stopsHere())
    return false;
  if (position.epoch + 1 == method.runEpochs()) {
    method.finish(methodContext);
    network.repackChanged();
  }
  std::optional<double> accuracy = testUnless([&] { return stopsHere(); });
  if (!accuracy)
    return false;
  position.finalTestAccuracy = *accuracy;
  position.bestTestAccuracy = std::max(position.bestTestAccuracy, *accuracy);
  const Progress &progress = position.progress;
  EpochReport report{position.epoch + 1,
                     progress.lossSum / progress.images,
                     double(progress.correct) / progress.images,
                     *accuracy,
                     network.density(),
                     progress.images / position.trainSeconds,
                     earlier + watch.seconds(),
                     progress.images};
  ++position.epoch;
  position.step = 0;
  position.progress = {};
  position.trainSeconds = 0;
  if (onEpoch)
    onEpoch(report);
  bool last = position.epoch == method.runEpochs();
  if (!saving.path.empty() &&
      (last ||
       (saving.everyEpochs > 0 && position.epoch % saving.everyEpochs == 0)))
    save(saving.path);
  return true;
}

TrainingSummary Trainer::run() {
  while (position.epoch < method.runEpochs())
    if (stopsHere() || !runEpoch()) {
      if (!saving.path.empty())
        save(saving.path);
      TrainingSummary summary = summarise();
      summary.stop = {position.epoch + 1, position.step};
      return summary;
    }
  return summarise();
}

TrainingSummary Trainer::summarise() const {
  TrainingSummary summary;
  summary.bestTestAccuracy = position.bestTestAccuracy;
  summary.finalTestAccuracy = position.finalTestAccuracy;
  summary.parametersTotal = network.parametersTotal();
  summary.parametersActive = network.parametersActive();
  summary.kernels = provider.statistics();
  summary.repacks = position.repacks + network.repacks();
  summary.stallSeconds = position.stallSeconds + network.stallSeconds();
  summary.modelStateBytes = modelStateBytes();
  summary.peakResidentBytes = peakResidentBytes();
  summary.memory = memoryUsage();
  if (options.dataEfficiency.isOn())
    summary.unforgettable = dataEfficiency.statistics().unforgettable();
  return summary;
}

} // namespace lacuna
