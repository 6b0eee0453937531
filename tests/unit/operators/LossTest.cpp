//===- LossTest.cpp - Softmax cross-entropy and its gradient --------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "OperatorTest.h"

#include <limits>
#include <string>

using namespace lacuna;
using namespace lacuna::test;

namespace {

using Labels = std::vector<Label>;

Labels randomLabels(int64_t images, int64_t classes) {
  RandomStream random(3, RandomPurpose::Test);
  Labels labels(static_cast<size_t>(images));
  for (Label &label : labels)
    label = static_cast<Label>(random.below(static_cast<uint32_t>(classes)));
  return labels;
}

TEST(SoftmaxCrossEntropy, AgreesWithPlainLoops) {
  for (int64_t lanes : supportedLanes())
    for (int64_t images : {1, 7, 16, 37, 64})
      for (int64_t classes : {1, 2, 10, 100, 256}) {
        TensorShape shape{images, classes, 1, 1, lanes};
        Floats logits = randomFloats(plainSize(shape), 1);
        for (float &logit : logits)
          logit *= 5;
        Labels labels = randomLabels(images, classes);

        double wantedLoss = 0;
        int64_t wantedCorrect = 0;
        std::vector<double> wantedGradient(logits.size());
        for (int64_t i = 0; i < images; ++i) {
          const float *row = logits.data() + i * classes;
          size_t label = labels[static_cast<size_t>(i)];
          const float *best = std::max_element(row, row + classes);
          double sum = 0;
          for (int64_t c = 0; c < classes; ++c)
            sum += std::exp(double(row[c]) - double(*best));
          wantedLoss += std::log(sum) - (double(row[label]) - double(*best));
          wantedCorrect += best == row + label;
          for (int64_t c = 0; c < classes; ++c)
            wantedGradient[static_cast<size_t>(i * classes + c)] =
                (std::exp(double(row[c]) - double(*best)) / sum -
                 (size_t(c) == label)) /
                double(images);
        }

        expectNear(
            onAnyThreads([&](ThreadPool &pool) {
              Tensor gradient;
              operators::LossResult result = operators::softmaxCrossEntropy(
                  pool, blocked(shape, logits), labels.data(), &gradient);
              EXPECT_NEAR(result.lossSum, wantedLoss,
                          1e-6 * std::max(1.0, wantedLoss));
              EXPECT_EQ(result.correct, wantedCorrect);
              for (float padding : paddingOf(gradient))
                EXPECT_EQ(padding, 0.0f);
              return plainOf(gradient);
            }),
            wantedGradient, 1e-6);
      }
}

TEST(SoftmaxCrossEntropy, SmoothsItsTarget) {
  constexpr double kSmoothing = 0.1;
  constexpr int64_t kClasses = 1000;
  for (int64_t lanes : supportedLanes()) {
    TensorShape shape{19, kClasses, 1, 1, lanes};
    Floats logits = randomFloats(plainSize(shape), 3);
    Labels labels = randomLabels(shape.images, kClasses);
    double wantedLoss = 0;
    std::vector<double> wantedGradient;
    for (int64_t i = 0; i < shape.images; ++i) {
      const float *row = logits.data() + i * kClasses;
      double sum = 0;
      for (int64_t c = 0; c < kClasses; ++c)
        sum += std::exp(double(row[c]));
      for (int64_t c = 0; c < kClasses; ++c) {
        double target = kSmoothing / double(kClasses);
        if (c == labels[static_cast<size_t>(i)])
          target += 1 - kSmoothing;
        wantedLoss -= target * (double(row[c]) - std::log(sum));
        wantedGradient.push_back((std::exp(double(row[c])) / sum - target) /
                                 double(shape.images));
      }
    }
    expectNear(onAnyThreads([&](ThreadPool &pool) {
                 Tensor gradient;
                 operators::LossResult result = operators::softmaxCrossEntropy(
                     pool, blocked(shape, logits), labels.data(), &gradient,
                     kSmoothing);
                 EXPECT_NEAR(result.lossSum, wantedLoss, 1e-6 * wantedLoss);
                 return plainOf(gradient);
               }),
               wantedGradient, 1e-6);
  }
}

TEST(SoftmaxCrossEntropy, LossIsTheSameOnAnyThreads) {
  TensorShape shape{61, 10, 1, 1, operators::hostLanes()};
  Floats logits = randomFloats(plainSize(shape), 2);
  Labels labels = randomLabels(61, 10);
  ThreadPool one(1), three(3);
  Tensor input = blocked(shape, logits);
  EXPECT_EQ(operators::softmaxCrossEntropy(one, input, labels.data(), nullptr)
                .lossSum,
            operators::softmaxCrossEntropy(three, input, labels.data(), nullptr)
                .lossSum);
}

operators::LossResult lossOf(const Floats &logits, Label label) {
  ThreadPool pool(1);
  TensorShape shape{1, static_cast<int64_t>(logits.size()), 1, 1,
                    operators::hostLanes()};
  return operators::softmaxCrossEntropy(pool, blocked(shape, logits), &label,
                                        nullptr);
}

TEST(SoftmaxCrossEntropy, TiesGoToTheFirst) {
  EXPECT_EQ(lossOf({1, 3, 3}, 1).correct, 1);
  EXPECT_EQ(lossOf({1, 3, 3}, 2).correct, 0);
}

TEST(SoftmaxCrossEntropy, LargeLogitsDoNotOverflow) {
  EXPECT_EQ(lossOf({1e4f, 0, -1e4f}, 0).lossSum, 0);
  EXPECT_NEAR(lossOf({1e4f, 0, -1e4f}, 2).lossSum, 2e4, 1e-3);
  EXPECT_NEAR(lossOf({3e38f, 3e38f}, 0).lossSum, std::log(2.0), 1e-6);
  float infinity = std::numeric_limits<float>::infinity();
  EXPECT_NEAR(lossOf({0, -infinity}, 0).lossSum, 0, 1e-6);
}

TEST(SoftmaxCrossEntropy, NanAndInfinityShow) {
  float infinity = std::numeric_limits<float>::infinity();
  EXPECT_TRUE(std::isnan(lossOf({0, NAN}, 0).lossSum));
  EXPECT_TRUE(std::isnan(lossOf({NAN, 0}, 1).lossSum));
  EXPECT_TRUE(std::isnan(lossOf({infinity, 0}, 1).lossSum));
}

TEST(SoftmaxCrossEntropy, RefusesALabelOutOfRange) {
  try {
    lossOf({0, 0, 0}, 3);
    FAIL() << "label 3 of 3 classes was accepted";
  } catch (const UserError &error) {
    EXPECT_NE(std::string(error.what()).find("is 3"), std::string::npos);
  }
}

} // namespace
