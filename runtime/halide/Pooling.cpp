//===- Pooling.cpp - Max and average pooling and their gradients ----------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "OperatorSupport.h"

namespace lacuna::operators {

namespace {

/// Floats of input planes in one call of a gradient that clears its result
/// before it adds: both passes should hit the L2 cache.
constexpr int64_t kCachedFloats = int64_t(1) << 15;

/// (lane, x, y, plane): blocks and channels are one axis.
View<4> planesView(const float *data, const TensorShape &shape,
                   int64_t planes) {
  return {data,
          {{{shape.lanes, 1},
            {shape.width, shape.lanes},
            {shape.height, shape.width * shape.lanes},
            {planes, shape.plane()}}}};
}

/// Calls body(first plane, planes) for pieces of at most `maxFloats`, or of one
/// plane, that cover the tensor.
template <typename Body>
void forEachPlaneRange(ThreadPool &pool, const TensorShape &shape,
                       int64_t maxFloats, const Body &body) {
  int64_t limit = std::max<int64_t>(1, maxFloats / shape.plane());
  pool.run(shape.blocks() * shape.channels,
           [&](int, int64_t begin, int64_t end) {
             for (; begin < end; begin += limit)
               body(begin, std::min(limit, end - begin));
           });
}

TensorShape pooledShape(const Operands &operands, const TensorShape &input,
                        const PoolWindow &pooling) {
  auto [window, stride, padding] = pooling;
  operands.requirePlane(input);
  // First, as sums with any other number may pass 64 bits.
  operands.require(window >= 1 && window <= kMaxFloatsPerCall && padding >= 0 &&
                       padding <= window / 2,
                   "the padding must be at most half a window");
  int64_t height = input.height + 2 * padding;
  int64_t width = input.width + 2 * padding;
  operands.require(stride >= 1 && stride <= height && stride <= width &&
                       window <= height && window <= width,
                   "the window or stride does not fit the plane");
  TensorShape output = input;
  output.height = (height - window) / stride + 1;
  output.width = (width - window) / stride + 1;
  return output;
}

} // namespace

void maxPool(ThreadPool &pool, const Tensor &input, const PoolWindow &window,
             Tensor &output) {
  Operands operands("maxPool");
  operands.require(&input != &output, "cannot work in place");
  const TensorShape &shape = input.shape();
  TensorShape pooled = pooledShape(operands, shape, window);
  const Pipelines &pipelines = pipelinesFor(shape.lanes);
  output.reshape(pooled);
  forEachPlaneRange(
      pool, shape, kMaxFloatsPerCall, [&](int64_t first, int64_t planes) {
        verifyCall(
            pipelines.max_pool(
                planesView(input.data() + first * shape.plane(), shape, planes),
                static_cast<int32_t>(window.window),
                static_cast<int32_t>(window.stride),
                static_cast<int32_t>(window.padding),
                planesView(output.data() + first * pooled.plane(), pooled,
                           planes)),
            "max_pool");
      });
}

void maxPoolBackward(ThreadPool &pool, const Tensor &input,
                     const Tensor &output, const Tensor &gradient,
                     const PoolWindow &window, Tensor &inputGradient) {
  Operands operands("maxPoolBackward");
  operands.require(&inputGradient != &input && &inputGradient != &output &&
                       &inputGradient != &gradient,
                   "cannot work in place");
  operands.requireSameShape(output, gradient);
  const TensorShape &shape = input.shape();
  const TensorShape pooled = pooledShape(operands, shape, window);
  operands.require(pooled == output.shape(),
                   "the output does not have the pooled shape");
  const Pipelines &pipelines = pipelinesFor(shape.lanes);
  inputGradient.reshape(shape);
  forEachPlaneRange(
      pool, shape, kCachedFloats, [&](int64_t first, int64_t planes) {
        auto pooledView = [&](const Tensor &tensor) {
          return planesView(tensor.data() + first * pooled.plane(), pooled,
                            planes);
        };
        int64_t offset = first * shape.plane();
        verifyCall(
            pipelines.max_pool_backward(
                planesView(input.data() + offset, shape, planes),
                pooledView(output), pooledView(gradient),
                static_cast<int32_t>(window.window),
                static_cast<int32_t>(window.stride),
                static_cast<int32_t>(window.padding),
                planesView(inputGradient.data() + offset, shape, planes)),
            "max_pool_backward");
      });
}

void averagePool(ThreadPool &pool, const Tensor &input, int64_t window,
                 Tensor &output) {
  Operands operands("averagePool");
  operands.require(&input != &output, "cannot work in place");
  const TensorShape &shape = input.shape();
  TensorShape pooled = pooledShape(operands, shape, {window, window});
  operands.require(shape.height % window == 0 && shape.width % window == 0,
                   "the window does not divide the plane");
  const Pipelines &pipelines = pipelinesFor(shape.lanes);
  output.reshape(pooled);
  forEachPlaneRange(
      pool, shape, kMaxFloatsPerCall, [&](int64_t first, int64_t planes) {
        verifyCall(
            pipelines.average_pool(
                planesView(input.data() + first * shape.plane(), shape, planes),
                static_cast<int32_t>(window),
                planesView(output.data() + first * pooled.plane(), pooled,
                           planes)),
            "average_pool");
      });
}

void averagePoolBackward(ThreadPool &pool, const Tensor &gradient,
                         int64_t window, const TensorShape &inputShape,
                         Tensor &inputGradient) {
  Operands operands("averagePoolBackward");
  operands.require(&inputGradient != &gradient, "cannot work in place");
  const TensorShape shape = inputShape;
  const TensorShape pooled = pooledShape(operands, shape, {window, window});
  operands.require(shape.height % window == 0 && shape.width % window == 0,
                   "the window does not divide the plane");
  operands.require(pooled == gradient.shape(),
                   "the gradient does not have the pooled shape");
  const Pipelines &pipelines = pipelinesFor(shape.lanes);
  inputGradient.reshape(shape);
  int64_t pixel = shape.lanes, row = shape.width * shape.lanes;
  forEachPlaneRange(
      pool, shape, kMaxFloatsPerCall, [&](int64_t first, int64_t planes) {
        View<6> result(inputGradient.data() + first * shape.plane(),
                       {{{shape.lanes, 1},
                         {window, pixel},
                         {pooled.width, window * pixel},
                         {window, row},
                         {pooled.height, window * row},
                         {planes, shape.plane()}}});
        verifyCall(pipelines.average_pool_backward(
                       planesView(gradient.data() + first * pooled.plane(),
                                  pooled, planes),
                       static_cast<int32_t>(window), result),
                   "average_pool_backward");
      });
}

} // namespace lacuna::operators
