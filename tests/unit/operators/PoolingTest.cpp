//===- PoolingTest.cpp - Max and average pooling and their gradients ------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "OperatorTest.h"

#include <limits>

using namespace lacuna;
using namespace lacuna::test;

namespace {

using Window = operators::PoolWindow;

/// A plane of a plain tensor.
struct Plane {
  int64_t first, width;
  size_t at(int64_t y, int64_t x) const {
    return static_cast<size_t>(first + y * width + x);
  }
};

/// Calls visit(output index, input plane, oy, ox) for every window.
template <typename Visit>
void forEachWindow(const TensorShape &input, const TensorShape &output,
                   const Visit &visit) {
  for (int64_t p = 0; p < input.images * input.channels; ++p)
    for (int64_t y = 0; y < output.height; ++y)
      for (int64_t x = 0; x < output.width; ++x)
        visit(static_cast<size_t>((p * output.height + y) * output.width + x),
              Plane{p * input.height * input.width, input.width}, y, x);
}

TensorShape pooled(TensorShape shape, const Window &window) {
  int64_t border = 2 * window.padding - window.window;
  shape.height = (shape.height + border) / window.stride + 1;
  shape.width = (shape.width + border) / window.stride + 1;
  return shape;
}

/// Small whole numbers, so that windows have ties.
Floats tiedFloats(int64_t size) {
  RandomStream random(2, RandomPurpose::Test);
  Floats values(static_cast<size_t>(size));
  for (float &value : values)
    value = static_cast<float>(random.below(3)) - 1;
  return values;
}

TEST(MaxPool, ForwardAndBackward) {
  for (int64_t lanes : supportedLanes())
    for (const TensorShape &shape :
         {TensorShape{16, 4, 8, 8, lanes}, TensorShape{17, 3, 7, 5, lanes},
          TensorShape{35, 2, 6, 9, lanes}, TensorShape{3, 70, 12, 12, lanes}})
      for (const Window &window :
           {Window{2, 2}, Window{3, 2}, Window{3, 1}, Window{1, 1},
            Window{2, 3}, Window{5, 5}, Window{3, 2, 1}, Window{2, 2, 1},
            Window{5, 1, 2}}) {
        TensorShape out = pooled(shape, window);
        Floats values = tiedFloats(plainSize(shape));
        Floats slopes = randomFloats(plainSize(out), 1);
        Floats wanted(static_cast<size_t>(plainSize(out)));
        std::vector<double> wantedGradient(values.size());
        forEachWindow(
            shape, out, [&](size_t o, const Plane &in, int64_t y, int64_t x) {
              int64_t top = y * window.stride - window.padding;
              int64_t left = x * window.stride - window.padding;
              size_t best =
                  in.at(std::max<int64_t>(top, 0), std::max<int64_t>(left, 0));
              for (int64_t row = top; row < top + window.window; ++row)
                for (int64_t column = left; column < left + window.window;
                     ++column) {
                  if (row < 0 || row >= shape.height || column < 0 ||
                      column >= shape.width)
                    continue;
                  size_t i = in.at(row, column);
                  if (values[i] > values[best])
                    best = i;
                }
              wanted[o] = values[best];
              wantedGradient[best] += slopes[o];
            });

        Tensor input = blocked(shape, values);
        EXPECT_TRUE(sameBits(onAnyThreads([&](ThreadPool &pool) {
                               Tensor output;
                               operators::maxPool(pool, input, window, output);
                               EXPECT_EQ(output.shape(), out);
                               return plainOf(output);
                             }),
                             wanted));
        expectNear(onAnyThreads([&](ThreadPool &pool) {
                     Tensor output = blocked(out, wanted);
                     Tensor gradient = blocked(out, slopes, 0), result;
                     operators::maxPoolBackward(pool, input, output, gradient,
                                                window, result);
                     for (float padding : paddingOf(result))
                       EXPECT_EQ(padding, 0.0f);
                     return plainOf(result);
                   }),
                   wantedGradient, 1e-6);
      }
}

TEST(MaxPool, NanShows) {
  ThreadPool pool(1);
  Tensor output,
      input = blocked({1, 1, 2, 2, operators::hostLanes()}, {1, NAN, 3, 2});
  operators::maxPool(pool, input, {2, 2}, output);
  EXPECT_TRUE(std::isnan(plainOf(output)[0]));
}

TEST(AveragePool, ForwardAndBackward) {
  struct Setting {
    TensorShape shape;
    int64_t window;
  };
  for (int64_t lanes : supportedLanes())
    for (const Setting &setting :
         {Setting{{16, 4, 8, 8, lanes}, 8}, Setting{{17, 3, 6, 4, lanes}, 2},
          Setting{{5, 2, 7, 7, lanes}, 7}, Setting{{33, 2, 3, 9, lanes}, 3},
          Setting{{2, 2, 5, 3, lanes}, 1}}) {
      int64_t size = setting.window;
      Window window{size, size};
      TensorShape out = pooled(setting.shape, window);
      Floats values = randomFloats(plainSize(setting.shape), 2);
      Floats slopes = randomFloats(plainSize(out), 3);
      std::vector<double> wanted(static_cast<size_t>(plainSize(out)));
      std::vector<double> wantedGradient(values.size());
      double share = 1.0 / double(size * size);
      forEachWindow(setting.shape, out,
                    [&](size_t o, const Plane &in, int64_t y, int64_t x) {
                      for (int64_t dy = 0; dy < size; ++dy)
                        for (int64_t dx = 0; dx < size; ++dx) {
                          size_t i = in.at(y * size + dy, x * size + dx);
                          wanted[o] += values[i] * share;
                          wantedGradient[i] += slopes[o] * share;
                        }
                    });
      expectNear(onAnyThreads([&](ThreadPool &pool) {
                   Tensor output;
                   operators::averagePool(pool, blocked(setting.shape, values),
                                          size, output);
                   EXPECT_EQ(output.shape(), out);
                   return plainOf(output);
                 }),
                 wanted, 1e-6);
      expectNear(onAnyThreads([&](ThreadPool &pool) {
                   Tensor result;
                   operators::averagePoolBackward(pool, blocked(out, slopes, 0),
                                                  size, setting.shape, result);
                   EXPECT_EQ(result.shape(), setting.shape);
                   for (float padding : paddingOf(result))
                     EXPECT_EQ(padding, 0.0f);
                   return plainOf(result);
                 }),
                 wantedGradient, 1e-6);
    }
}

TEST(Pooling, RefusesWhatDoesNotFit) {
  ThreadPool pool(1);
  Tensor input(TensorShape{2, 1, 5, 6, operators::hostLanes()}), output;
  EXPECT_THROW(operators::averagePool(pool, input, 2, output), InternalError);
  EXPECT_THROW(operators::averagePool(pool, input, 0, output), InternalError);
  EXPECT_THROW(operators::maxPool(pool, input, {6, 1}, output), InternalError);
  EXPECT_THROW(operators::maxPool(pool, input, {2, 0}, output), InternalError);
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  EXPECT_THROW(operators::maxPool(pool, input, {2, 2, kMost}, output),
               InternalError);
  EXPECT_THROW(operators::maxPool(pool, input, {2, 2}, input), InternalError);
  Tensor gradient(TensorShape{2, 1, 2, 2, operators::hostLanes()});
  EXPECT_THROW(operators::maxPoolBackward(pool, input, gradient, gradient,
                                          {2, 2}, output),
               InternalError);
  EXPECT_THROW(operators::averagePoolBackward(
                   pool, gradient, 2, TensorShape{2, 1, 6, 6, 16}, output),
               InternalError);
}

} // namespace
