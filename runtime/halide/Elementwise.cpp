//===- Elementwise.cpp - ReLU and sums of tensors -------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "OperatorSupport.h"

namespace lacuna::operators {

namespace {

/// Calls body(first float, vectors) for pieces that cover the tensor.
template <typename Body>
void forEachVectorRange(ThreadPool &pool, const TensorShape &shape,
                        const Body &body) {
  pool.run(shape.floats() / shape.lanes, [&](int, int64_t begin, int64_t end) {
    while (begin < end) {
      int64_t count = std::min(end - begin, kMaxFloatsPerCall / shape.lanes);
      body(begin * shape.lanes, count);
      begin += count;
    }
  });
}

View<2> vectors(const float *data, int64_t count, int64_t lanes) {
  return {data, {{{lanes, 1}, {count, lanes}}}};
}

} // namespace

void relu(ThreadPool &pool, const Tensor &input, Tensor &output) {
  const TensorShape shape = input.shape();
  const Pipelines &pipelines = pipelinesFor(shape.lanes);
  output.reshape(shape);
  forEachVectorRange(pool, shape, [&](int64_t first, int64_t count) {
    verifyCall(
        pipelines.relu(vectors(input.data() + first, count, shape.lanes),
                       vectors(output.data() + first, count, shape.lanes)),
        "relu");
  });
}

void reluBackward(ThreadPool &pool, const Tensor &output, Tensor &gradient) {
  Operands("reluBackward").requireSameShape(output, gradient);
  const TensorShape &shape = output.shape();
  const Pipelines &pipelines = pipelinesFor(shape.lanes);
  forEachVectorRange(pool, shape, [&](int64_t first, int64_t count) {
    View<2> slope = vectors(gradient.data() + first, count, shape.lanes);
    verifyCall(
        pipelines.relu_backward(
            vectors(output.data() + first, count, shape.lanes), slope, slope),
        "relu_backward");
  });
}

void accumulate(ThreadPool &pool, const Tensor &addend, Tensor &output) {
  Operands("accumulate").requireSameShape(addend, output);
  const TensorShape &shape = output.shape();
  const Pipelines &pipelines = pipelinesFor(shape.lanes);
  forEachVectorRange(pool, shape, [&](int64_t first, int64_t count) {
    View<2> sum = vectors(output.data() + first, count, shape.lanes);
    verifyCall(
        pipelines.accumulate(
            sum, vectors(addend.data() + first, count, shape.lanes), sum),
        "accumulate");
  });
}

} // namespace lacuna::operators
