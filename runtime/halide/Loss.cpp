//===- Loss.cpp - Softmax cross-entropy and its gradient ------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "OperatorSupport.h"

#include <cmath>
#include <vector>

namespace lacuna::operators {

namespace {

constexpr size_t kMaxLanes = 16;
/// Labels are bytes.
constexpr int64_t kMaxClasses = 256;

/// The rows of the pipeline softmax_summary.
enum SummaryRow : size_t { kLargest, kSum, kTarget, kBest, kSummaryRows };

struct ImageLoss {
  double loss;
  bool correct;
};

void verifyLabels(const uint8_t *labels, int64_t images, int64_t classes) {
  for (int64_t i = 0; i < images; ++i)
    if (labels[i] >= classes)
      throw UserError("label of image " + std::to_string(i) +
                      " of the batch: is " + std::to_string(labels[i]) +
                      ", but the model has " + std::to_string(classes) +
                      " classes; the last layer needs as many outputs as the "
                      "data set has classes");
}

} // namespace

LossResult softmaxCrossEntropy(ThreadPool &pool, const Tensor &logits,
                               const uint8_t *labels, Tensor *gradient) {
  const TensorShape &shape = logits.shape();
  Operands operands("softmaxCrossEntropy");
  operands.require(shape.height == 1 && shape.width == 1,
                   "logits have one pixel");
  operands.require(shape.channels >= 1 && shape.channels <= kMaxClasses,
                   "there must be 1 to 256 classes");
  operands.require(gradient != &logits, "cannot work in place");
  verifyLabels(labels, shape.images, shape.channels);
  const Pipelines &pipelines = pipelinesFor(shape.lanes);
  if (gradient)
    gradient->reshape(shape);

  size_t lanes = static_cast<size_t>(shape.lanes);
  std::vector<ImageLoss> losses(static_cast<size_t>(shape.images));
  auto classesView = [&](const float *data) {
    return View<2>(data, {{{shape.lanes, 1}, {shape.channels, shape.lanes}}});
  };

  pool.run(shape.blocks(), [&](int, int64_t begin, int64_t end) {
    for (int64_t block = begin; block < end; ++block) {
      int64_t first = block * shape.lanes, offset = block * shape.block();
      int64_t valid = std::min(shape.lanes, shape.images - first);
      std::array<uint8_t, kMaxLanes> laneLabels{};
      std::copy_n(labels + first, valid, laneLabels.begin());
      std::array<float, kSummaryRows * kMaxLanes> rows;
      View<1> labelsView(laneLabels.data(), {{{shape.lanes, 1}}});
      View<2> rowsView(rows.data(), {{{shape.lanes, 1},
                                      {int64_t(kSummaryRows), shape.lanes}}});
      verifyCall(pipelines.softmax_summary(classesView(logits.data() + offset),
                                           labelsView, rowsView),
                 "softmax_summary");
      for (size_t lane = 0; lane < static_cast<size_t>(valid); ++lane)
        losses[static_cast<size_t>(first) + lane] = {
            std::log(double(rows[kSum * lanes + lane])) -
                double(rows[kTarget * lanes + lane]),
            rows[kBest * lanes + lane] == float(laneLabels[lane])};
      if (gradient)
        verifyCall(pipelines.softmax_gradient(
                       classesView(logits.data() + offset), labelsView,
                       rowsView, static_cast<float>(shape.images),
                       static_cast<int32_t>(valid),
                       classesView(gradient->data() + offset)),
                   "softmax_gradient");
    }
  });

  LossResult result;
  for (const ImageLoss &image : losses) {
    result.lossSum += image.loss;
    result.correct += image.correct;
  }
  return result;
}

} // namespace lacuna::operators
