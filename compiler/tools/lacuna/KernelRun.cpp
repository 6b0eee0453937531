//===- KernelRun.cpp - One kernel over plain arrays -----------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KernelRun.h"

#include "lacuna/Runtime/Memory.h"
#include "lacuna/Runtime/Tensor.h"
#include "lacuna/Support/Error.h"

#include <limits>

namespace lacuna {

namespace {

/// Throws UserError when the tensor's size in bytes cannot be counted.
TensorShape activationShape(int64_t images, int64_t channels,
                            const Extent2d &plane, int64_t lanes) {
  TensorShape shape{images, channels, plane.height, plane.width, lanes};
  int64_t bytes = sizeof(float);
  if (images > std::numeric_limits<int64_t>::max() - lanes ||
      __builtin_mul_overflow(bytes, shape.blocks(), &bytes) ||
      __builtin_mul_overflow(bytes, channels, &bytes) ||
      __builtin_mul_overflow(bytes, shape.plane(), &bytes))
    throw UserError("a batch of " + std::to_string(images) +
                    " images overflows memory; run fewer images at a time");
  return shape;
}

class KernelRun {
public:
  KernelRun(const Kernel &kernel, const ActiveSet &active, int64_t images)
      : kernel(kernel), layout(kernel.layout), active(active),
        streams(packStreams(layout, active)),
        inputShape(activationShape(images, layout.geometry.inChannels,
                                   layout.geometry.input,
                                   layout.schedule.lanes)),
        outputShape(activationShape(images, layout.geometry.outChannels,
                                    layout.geometry.output(),
                                    layout.schedule.lanes)) {}

  std::vector<float> forward(ThreadPool &pool, const RunArrays &arrays) const {
    return activations(pool, arrays.input, inputShape, arrays.weights,
                       outputShape);
  }

  std::vector<float> gradInput(ThreadPool &pool,
                               const RunArrays &arrays) const {
    return activations(pool, arrays.gradient, outputShape, arrays.weights,
                       inputShape);
  }

  std::vector<float> gradWeight(ThreadPool &pool,
                                const RunArrays &arrays) const {
    Tensor input(inputShape), gradient(outputShape);
    toBlocked(arrays.input.data(), input);
    toBlocked(arrays.gradient.data(), gradient);
    Buffer<float> result(MemoryKind::Gradients, streams.values());
    Buffer<float> lanes(MemoryKind::Scratch,
                        streams.values() * layout.schedule.lanes);
    lacuna_kernel_operands operands = streamOperands();
    operands.source = input.data();
    operands.gradient = gradient.data();
    operands.result = result.data();
    operands.lanes = lanes.data();
    execute(pool, operands);

    std::vector<uint32_t> positions =
        active.positions(layout.geometry, layout.structure);
    std::vector<float> dense(static_cast<size_t>(layout.geometry.weights()));
    for (int64_t i = 0; i < streams.values(); ++i)
      dense[positions[streams.valueOrder[static_cast<size_t>(i)]]] = result[i];
    return dense;
  }

private:
  std::vector<float> activations(ThreadPool &pool,
                                 const std::vector<float> &from,
                                 const TensorShape &fromShape,
                                 const std::vector<float> &weights,
                                 const TensorShape &toShape) const {
    Tensor source(fromShape), result(toShape);
    toBlocked(from.data(), source);
    Buffer<float> values = streamValues(weights);
    lacuna_kernel_operands operands = streamOperands();
    operands.source = source.data();
    operands.values = values.data();
    operands.result = result.data();
    execute(pool, operands);

    std::vector<float> plain(static_cast<size_t>(
        toShape.images * toShape.channels * toShape.height * toShape.width));
    fromBlocked(result, plain.data());
    return plain;
  }

  Buffer<float> streamValues(const std::vector<float> &weights) const {
    std::vector<uint32_t> positions =
        active.positions(layout.geometry, layout.structure);
    Buffer<float> values(MemoryKind::Streams, streams.values());
    for (int64_t i = 0; i < streams.values(); ++i)
      values[i] =
          weights[positions[streams.valueOrder[static_cast<size_t>(i)]]];
    return values;
  }

  lacuna_kernel_operands streamOperands() const {
    lacuna_kernel_operands operands = {};
    operands.offsets = streams.offsets.data();
    operands.indices = streams.indices.data();
    operands.batch_blocks = inputShape.blocks();
    return operands;
  }

  void execute(ThreadPool &pool, const lacuna_kernel_operands &operands) const {
    std::vector<Buffer<float>> scratch;
    for (int thread = 0; thread < pool.threads(); ++thread)
      scratch.emplace_back(MemoryKind::Scratch, layout.scratchFloats());
    pool.run(layout.workItems(operands.batch_blocks),
             [&](int thread, int64_t begin, int64_t end) {
               lacuna_kernel_operands own = operands;
               own.scratch = scratch[static_cast<size_t>(thread)].data();
               kernel.entry(&own, begin, end);
             });
  }

  const Kernel &kernel;
  const StreamLayout &layout;
  const ActiveSet &active;
  Streams streams;
  TensorShape inputShape, outputShape;
};

} // namespace

std::vector<float> runKernel(ThreadPool &pool, const Kernel &kernel,
                             const ActiveSet &active, const RunArrays &arrays) {
  KernelRun run(kernel, active, arrays.images);
  switch (kernel.layout.operation) {
  case Operation::Forward:
    return run.forward(pool, arrays);
  case Operation::GradInput:
    return run.gradInput(pool, arrays);
  case Operation::GradWeight:
    return run.gradWeight(pool, arrays);
  }
  throw InternalError("unknown operation");
}

} // namespace lacuna
