//===- main.cpp - A method of your own, and inference after training ------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Compiler/JitProvider.h"
#include "lacuna/Runtime/Checkpoint.h"
#include "lacuna/Runtime/Export.h"
#include "lacuna/Runtime/Models.h"
#include "lacuna/Runtime/Trainer.h"
#include "lacuna/Support/Error.h"

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

using namespace lacuna;

namespace {

// [method]
/// Replaces a quarter of each layer's active units at the start of every epoch
/// but the first: the least important ones go, others are drawn uniformly.
class DropQuarter : public Method {
public:
  explicit DropQuarter(const MethodOptions &options) : Method(options) {}

  std::string name() const override { return "drop-quarter"; }

  void mutate(MethodContext &context, const MutationEvent &event) override {
    if (event.moment != Moment::EpochStart || event.epoch == 0)
      return;
    for (const MethodLayer &layer : context.layers) {
      SparseParameter &weight = layer.weight();
      int64_t units = unitsAtSparsity(weight, layer.sparsity);
      RandomStream draws =
          context.stream(RandomPurpose::Growth, layer, event.epoch);
      pruneToUnits(weight, units - units / 4, score(weight));
      growToUnits(weight, units, draws);
    }
  }
};
// [end]

TrainingSummary train(KernelProvider &provider, ThreadPool &pool,
                      const DataSet &data, int epochs,
                      const std::string &checkpoint) {
  const ImageSet &images = data.train;
  Network network =
      makeModel("lenet-5-caffe", {images.channels, images.height, images.width},
                images.classes, Scheme::Block);
  MethodOptions methodOptions;
  methodOptions.sparsity = 0.9;
  methodOptions.epochs = epochs;
  DropQuarter method(methodOptions);
  TrainerOptions options;
  options.epochs = epochs;
  options.optimiser.learningRate = 0.05;
  Trainer trainer(network, method, provider, pool, data, options);
  trainer.onEpoch = [](const EpochReport &report) {
    std::printf("epoch %d  loss %.4f  test %.2f %%\n", report.epoch,
                report.trainLoss, 100 * report.testAccuracy);
  };
  trainer.saveTo({checkpoint});
  return trainer.run();
}

// [inference]
/// Classes of `count` images, [count][channels][height][width] and normalised
/// as in training.
std::vector<int> classify(Network &network, int64_t lanes, const float *images,
                          int64_t count) {
  ImageShape shape = network.inputShape();
  Tensor batch({count, shape.channels, shape.height, shape.width, lanes});
  toBlocked(images, batch);
  const Tensor &logits = network.forward(batch, /*training=*/false);
  int64_t classes = logits.shape().channels;
  std::vector<float> values(count * classes);
  fromBlocked(logits, values.data());
  std::vector<int> best;
  for (auto first = values.begin(); first != values.end(); first += classes)
    best.push_back(std::max_element(first, first + classes) - first);
  return best;
}
// [end]

double accuracyOf(const std::string &path, KernelProvider &provider,
                  ThreadPool &pool, const DataSet &data) {
  Checkpoint checkpoint(path);
  Network network = loadNetwork(checkpoint);
  network.bind(provider, pool);
  const ImageSet &test = data.test;
  int64_t pixels = test.imageBytes(), plane = test.height * test.width;
  int64_t right = 0;
  for (int64_t first = 0; first < test.count(); first += 64) {
    int64_t count = std::min<int64_t>(64, test.count() - first);
    std::vector<float> images(count * pixels);
    for (int64_t i = 0; i < count * pixels; ++i) {
      int64_t channel = i % pixels / plane;
      float pixel = test.images.data()[first * pixels + i] / 255.0f;
      images[i] = (pixel - data.mean[channel]) / data.deviation[channel];
    }
    std::vector<int> said =
        classify(network, provider.lanes(), images.data(), count);
    for (int64_t i = 0; i < count; ++i)
      right += said[i] == test.labels[first + i];
  }
  return double(right) / double(test.count());
}

} // namespace

int main(int argc, char **argv) {
  if (argc != 4) {
    std::fprintf(stderr,
                 "usage: %s DATA EPOCHS CHECKPOINT (such as fashion-mnist 5 "
                 "mine.safetensors)\n",
                 argv[0]);
    return static_cast<int>(ExitCode::UsageError);
  }
  try {
    DataSet data = loadDataSet(argv[1]);
    ThreadPool pool(2);
    auto provider = createJitProvider({});
    TrainingSummary summary =
        train(*provider, pool, data, std::stoi(argv[2]), argv[3]);
    std::printf("trained %.2f %%, loaded %.2f %%\n",
                100 * summary.finalTestAccuracy,
                100 * accuracyOf(argv[3], *provider, pool, data));
  } catch (const Error &error) {
    std::fprintf(stderr, "custom_method: error: %s\n", error.what());
    return static_cast<int>(error.exitCode());
  } catch (const std::logic_error &) {
    std::fprintf(stderr, "custom_method: EPOCHS must be a whole number\n");
    return static_cast<int>(ExitCode::UsageError);
  }
  return 0;
}
