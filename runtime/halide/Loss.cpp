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

constexpr int64_t kMaxClasses = int64_t(1) << (8 * sizeof(Label));

/// The rows of the pipeline softmax_summary.
enum SummaryRow : size_t {
  kLargest,
  kSum,
  kTarget,
  kBest,
  kMean,
  kSummaryRows
};

struct ImageLoss {
  double loss;
  bool correct;
};

/// The logit, relative to the largest, that the target expects.
double expectedLogit(const float *rows, size_t lanes, double smoothing) {
  double target = rows[kTarget * lanes];
  // Without smoothing, logits that are -infinity elsewhere must not count.
  return smoothing == 0
             ? target
             : (1 - smoothing) * target + smoothing * rows[kMean * lanes];
}

void verifyLabels(const Label *labels, int64_t images, int64_t classes) {
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
                               const Label *labels, Tensor *gradient,
                               double smoothing) {
  const TensorShape &shape = logits.shape();
  Operands operands("softmaxCrossEntropy");
  operands.require(shape.height == 1 && shape.width == 1,
                   "logits have one pixel");
  operands.require(shape.channels >= 1 && shape.channels <= kMaxClasses,
                   "there must be 1 to 65536 classes");
  operands.require(smoothing >= 0 && smoothing < 1,
                   "smoothing must be at least 0 and below 1");
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
      std::array<Label, kMaxPipelineLanes> laneLabels{};
      std::copy_n(labels + first, valid, laneLabels.begin());
      std::array<float, kSummaryRows * kMaxPipelineLanes> rows;
      View<1> labelsView(laneLabels.data(), {{{shape.lanes, 1}}});
      View<2> rowsView(rows.data(), {{{shape.lanes, 1},
                                      {int64_t(kSummaryRows), shape.lanes}}});
      verifyCall(pipelines.softmax_summary(classesView(logits.data() + offset),
                                           labelsView, rowsView),
                 "softmax_summary");
      for (size_t lane = 0; lane < static_cast<size_t>(valid); ++lane)
        losses[static_cast<size_t>(first) + lane] = {
            std::log(double(rows[kSum * lanes + lane])) -
                expectedLogit(rows.data() + lane, lanes, smoothing),
            rows[kBest * lanes + lane] == float(laneLabels[lane])};
      if (gradient)
        verifyCall(pipelines.softmax_gradient(
                       classesView(logits.data() + offset), labelsView,
                       rowsView, static_cast<float>(shape.images),
                       static_cast<float>(smoothing),
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
