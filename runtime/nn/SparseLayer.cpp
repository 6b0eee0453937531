//===- SparseLayer.cpp - Convolution and linear layers --------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Runtime/SparseLayer.h"

#include "KernelCall.h"

#include "lacuna/Runtime/FrozenNetwork.h"
#include "lacuna/Runtime/Layers.h"
#include "lacuna/Runtime/Operators.h"
#include "lacuna/Runtime/Random.h"
#include "lacuna/Support/Error.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace lacuna {

namespace {

/// Copies of fewer values than this are not worth waking threads for.
constexpr int64_t kParallelCopy = 1 << 14;

struct OrderedCopy {
  const float *from;
  const uint32_t *order;
  float *to;

  void gather(int64_t begin, int64_t end) const {
    for (int64_t i = begin; i < end; ++i)
      to[i] = from[order[i]];
  }
  void scatter(int64_t begin, int64_t end) const {
    for (int64_t i = begin; i < end; ++i)
      to[order[i]] = from[i];
  }
};

/// The two sums that a kernel has left for a channel. Lanes that hold no image
/// are left out, and the order does not depend on who wrote the slots.
std::pair<double, double> sumsOf(const StreamLayout &layout,
                                 const TensorShape &shape,
                                 const float *statistics, int64_t channel) {
  int64_t lanes = shape.lanes, rows = layout.tileRows();
  std::array<double, kMaxLanes> first{}, second{};
  for (int64_t block = 0; block < shape.blocks(); ++block) {
    int64_t used = std::min(lanes, shape.images - block * lanes);
    for (int64_t row = 0; row < rows; ++row) {
      const float *sums =
          statistics +
          ((block * rows + row) * shape.channels + channel) * 2 * lanes;
      for (int64_t lane = 0; lane < used; ++lane) {
        first[size_t(lane)] += sums[lane];
        second[size_t(lane)] += sums[lanes + lane];
      }
    }
  }
  return {std::accumulate(first.begin(), first.end(), 0.0),
          std::accumulate(second.begin(), second.end(), 0.0)};
}

} // namespace

SparseLayer::SparseLayer(std::string name, const Geometry &geometry,
                         const Structure &structure, Options options)
    : Layer(name), layerOptions(options),
      weights(name + ".weight", geometry, structure) {
  if (options.bias)
    biases = std::make_unique<Parameter>(name + ".bias", geometry.outChannels);
}

KernelRequest SparseLayer::request(Operation operation,
                                   const Structure &structure) const {
  KernelRequest request;
  request.operation = operation;
  request.geometry = weights.geometry();
  request.structure = structure;
  bool forward = operation == Operation::Forward;
  bool gradInput = operation == Operation::GradInput;
  request.fusion.bias = forward && biases;
  request.fusion.normalise = normalisesInput && !gradInput;
  request.fusion.statistics = sumsOutput && forward;
  request.fusion.accumulate = addsToGradient && gradInput;
  request.fusion.normGradient = inputNorm && gradInput;
  request.fusion.normResidual = inputNorm && inputNormResidual && gradInput;
  return request;
}

std::vector<KernelRequest> SparseLayer::requests() const {
  std::vector<KernelRequest> result{request(Operation::Forward)};
  if (!takesDenseGradients)
    result.push_back(request(Operation::GradWeight));
  if (inputGradientWanted)
    result.push_back(request(Operation::GradInput));
  return result;
}

void SparseLayer::verifyKernel(const Kernel &kernel, Operation operation,
                               int64_t lanes) const {
  verifyInvariant(kernel.entry != nullptr, "a kernel has no entry");
  verifyInvariant(kernel.layout.operation == operation,
                  "a kernel computes another operation than asked for");
  verifyInvariant(kernel.layout.geometry == weights.geometry(),
                  "a kernel has another geometry than its layer");
  verifyInvariant(kernel.layout.structure == weights.structure(),
                  "a kernel has another structure than its layer");
  verifyInvariant(kernel.fusion == request(operation).fusion,
                  "a kernel fuses something else than its layer expects");
  verifyInvariant(kernel.layout.schedule.lanes == lanes,
                  "a kernel has other lanes than its provider");
}

void SparseLayer::repack(KernelProvider &provider, Workspace &workspace) {
  for (const KernelRequest &request : requests()) {
    PackedKernel &target = packed(request.operation);
    target.kernel = provider.get(request);
    verifyKernel(*target.kernel, request.operation, provider.lanes());
    const StreamLayout &layout = target.kernel->layout;
    target.streams =
        packStreams(layout, weights.active(), std::move(target.streams));
    target.indexMemory.set(target.streams.bytes());

    bool gradWeight = request.operation == Operation::GradWeight;
    verifyInvariant(!gradWeight || target.streams.values() == weights.size(),
                    "a weight gradient's stream does not hold every weight");
    workspace.reserve(layout.scratchFloats(),
                      gradWeight ? target.streams.values() : 0,
                      layout.schedule.lanes);
    if (!gradWeight && target.values.size() != target.streams.values()) {
      target.values = {};
      target.values =
          Buffer<float>(MemoryKind::Streams, target.streams.values());
    }
    target.valuesVersion = 0;
  }
  packedActiveVersion = weights.activeVersion();
}

void SparseLayer::permuteValues(ThreadPool &pool, PackedKernel &target) {
  if (target.valuesVersion == weights.version())
    return;
  OrderedCopy copy{weights.values(), target.streams.valueOrder.data(),
                   target.values.data()};
  int64_t count = target.streams.values();
  if (count < kParallelCopy)
    copy.gather(0, count);
  else
    pool.run(count, [&copy](int, int64_t begin, int64_t end) {
      copy.gather(begin, end);
    });
  target.valuesVersion = weights.version();
}

lacuna_kernel_operands SparseLayer::operandsOf(ThreadPool &pool,
                                               PackedKernel &target,
                                               const float *source,
                                               int64_t blocks, float *product) {
  permuteValues(pool, target);
  lacuna_kernel_operands operands{};
  operands.source = source;
  operands.values = target.values.data();
  operands.offsets = target.streams.offsets.data();
  operands.indices = target.streams.indices.data();
  operands.bias = target.kernel->fusion.bias ? biases->values() : nullptr;
  operands.result = product;
  operands.batch_blocks = blocks;
  return operands;
}

void SparseLayer::verifyInput(const Tensor &input) const {
  const Geometry &geometry = weights.geometry();
  const TensorShape &shape = input.shape();
  bool fits =
      geometry.kind == LayerKind::Linear
          ? shape.channels * shape.height * shape.width == geometry.inChannels
          : shape.channels == geometry.inChannels &&
                shape.height == geometry.input.height &&
                shape.width == geometry.input.width;
  if (!fits)
    throw UserError(
        name() + ": got images of " + std::to_string(shape.channels) + "x" +
        std::to_string(shape.height) + "x" + std::to_string(shape.width) +
        ", was built for " + std::to_string(geometry.inChannels) + "x" +
        std::to_string(geometry.input.height) + "x" +
        std::to_string(geometry.input.width));
}

const Tensor &SparseLayer::forward(RunContext &context, const Tensor &input) {
  verifyInput(input);
  PackedKernel &forward = packed(Operation::Forward);
  verifyInvariant(forward.kernel != nullptr, "a layer runs before its kernels "
                                             "were asked for");
  int64_t lanes = forward.kernel->layout.schedule.lanes;
  if (input.shape().lanes != lanes)
    throw UserError(name() + ": got images in " +
                    std::to_string(input.shape().lanes) +
                    " lanes, its kernels have " + std::to_string(lanes) +
                    "; shape tensors by KernelProvider::lanes()");
  Profile::Timer timer(context.profile, StepPart::Forward, name());
  latestInput = &input;
  const Geometry &geometry = weights.geometry();
  Extent2d plane = geometry.output();
  result.reshape({input.shape().images, geometry.outChannels, plane.height,
                  plane.width, input.shape().lanes});
  KernelCall call{*forward.kernel,
                  operandsOf(context.pool, forward, input.data(),
                             input.shape().blocks(), result.data()),
                  context.workspace};
  call.operands.source_scale = inputMap.scale;
  call.operands.source_shift = inputMap.shift;
  if (sumsOutput)
    call.operands.statistics = statisticsFor(forward, input.shape().blocks());
  call.run(context.pool);
  return result;
}

float *SparseLayer::statisticsFor(const PackedKernel &target,
                                  int64_t batchBlocks) {
  int64_t sums = target.kernel->layout.statisticsFloats(batchBlocks);
  if (statistics.size() < sums)
    statistics = Buffer<float>(MemoryKind::Scratch, sums);
  return statistics.data();
}

void SparseLayer::weightGradient(RunContext &context, const Tensor &gradient) {
  Profile::Timer timer(context.profile, StepPart::GradWeight, name());
  lacuna_kernel_operands operands{};
  operands.source = latestInput->data();
  operands.source_scale = inputMap.scale;
  operands.source_shift = inputMap.shift;
  operands.gradient = gradient.data();
  operands.batch_blocks = latestInput->shape().blocks();
  if (context.denseGradients && weights.structure().scheme != Scheme::Dense) {
    const float *dense = context.denseGradients->compute(
        context.pool, context.workspace, *this, operands);
    std::vector<uint32_t> positions =
        weights.active().positions(weights.geometry(), weights.structure());
    for (size_t i = 0; i < positions.size(); ++i)
      weights.gradient()[i] = dense[positions[i]];
    return;
  }
  PackedKernel &target = packed(Operation::GradWeight);
  verifyInvariant(target.kernel != nullptr,
                  "a layer that expects dense gradients got none");
  KernelCall call{*target.kernel, operands, context.workspace};
  call.operands.offsets = target.streams.offsets.data();
  call.operands.indices = target.streams.indices.data();
  call.operands.result = context.workspace.streamGradient();
  call.operands.lanes = context.workspace.laneSums();
  call.run(context.pool);

  OrderedCopy copy{context.workspace.streamGradient(),
                   target.streams.valueOrder.data(), weights.gradient()};
  int64_t count = target.streams.values();
  if (count < kParallelCopy)
    copy.scatter(0, count);
  else
    context.pool.run(count, [&copy](int, int64_t begin, int64_t end) {
      copy.scatter(begin, end);
    });
}

void SparseLayer::moments(float *mean, float *variance) const {
  verifyInvariant(sumsOutput, "a layer is asked for sums it does not make");
  const TensorShape &shape = result.shape();
  const StreamLayout &layout =
      packedKernels[size_t(Operation::Forward)].kernel->layout;
  double count = double(shape.images) * double(shape.height * shape.width);
  for (int64_t c = 0; c < shape.channels; ++c) {
    auto [sum, squares] = sumsOf(layout, shape, statistics.data(), c);
    double average = sum / count;
    double spread = squares / count - average * average;
    mean[c] = static_cast<float>(average);
    // Rounding may take a constant channel just below zero. NaN stays.
    variance[c] = static_cast<float>(spread < 0 ? 0 : spread);
  }
}

void SparseLayer::gradientSums(float *sum, float *product) const {
  verifyInvariant(inputNorm != nullptr && inputGradientWanted,
                  "a layer is asked for sums it does not make");
  const StreamLayout &layout =
      packedKernels[size_t(Operation::GradInput)].kernel->layout;
  const TensorShape &shape = latestInput->shape();
  for (int64_t c = 0; c < shape.channels; ++c) {
    auto [first, second] = sumsOf(layout, shape, statistics.data(), c);
    sum[c] = static_cast<float>(first);
    product[c] = static_cast<float>(second);
  }
}

GradientPool::Lease SparseLayer::backwardOnto(RunContext &context,
                                              GradientPool::Lease gradient,
                                              GradientPool::Lease addend) {
  verifyInvariant(addsToGradient == static_cast<bool>(addend) ||
                      !inputGradientWanted,
                  "a layer's kernel adds to a gradient that is not there");
  verifyInvariant(!inputGradientWanted ||
                      packed(Operation::GradInput).kernel->fusion.accumulate ==
                          addsToGradient,
                  "a layer was told of an addend after its kernels were asked "
                  "for");
  verifyInvariant(latestInput && gradient->shape() == result.shape(),
                  "a gradient does not have the shape of the layer's output");
  // Kernels sum over all lanes of a block.
  clearPadding(*gradient);
  weightGradient(context, *gradient);
  if (biases)
    operators::channelSum(context.pool, *gradient, biases->gradient());
  if (!inputGradientWanted)
    return {};

  Profile::Timer timer(context.profile, StepPart::GradInput, name());
  PackedKernel &target = packed(Operation::GradInput);
  GradientPool::Lease inputGradient =
      addend ? std::move(addend)
             : context.gradients.acquire(latestInput->shape());
  verifyInvariant(inputGradient->shape() == latestInput->shape(),
                  "an addend does not have the shape of the layer's input");
  int64_t blocks = latestInput->shape().blocks();
  KernelCall call{*target.kernel,
                  operandsOf(context.pool, target, gradient->data(), blocks,
                             inputGradient->data()),
                  context.workspace};
  if (inputNorm) {
    call.operands.norm_input = inputNorm->normalisedTensor().data();
    call.operands.norm_mean = inputNorm->batchMean();
    call.operands.source_scale = inputMap.scale;
    call.operands.source_shift = inputMap.shift;
    if (inputNormResidual)
      call.operands.norm_output = inputNorm->output().data();
    call.operands.statistics = statisticsFor(target, blocks);
  }
  call.run(context.pool);
  return inputGradient;
}

void SparseLayer::multiply(RunContext &context, const float *source,
                           int64_t blocks, float *product) {
  Profile::Timer timer(context.profile, StepPart::Forward, name());
  apply(context, Operation::Forward, source, blocks, product);
}

void SparseLayer::multiplyTransposed(RunContext &context, const float *gradient,
                                     int64_t blocks, float *product) {
  Profile::Timer timer(context.profile, StepPart::GradInput, name());
  apply(context, Operation::GradInput, gradient, blocks, product);
}

void SparseLayer::apply(RunContext &context, Operation operation,
                        const float *source, int64_t blocks, float *product) {
  PackedKernel &target = packed(operation);
  KernelCall{*target.kernel,
             operandsOf(context.pool, target, source, blocks, product),
             context.workspace}
      .run(context.pool);
}

void SparseLayer::sumGradients(RunContext &context, const Tensor &input,
                               const Tensor &gradient) {
  latestInput = &input;
  weightGradient(context, gradient);
  if (biases)
    operators::channelSum(context.pool, gradient, biases->gradient());
}

void SparseLayer::forEachParameter(
    const std::function<void(Parameter &)> &visit) {
  visit(weights);
  if (biases)
    visit(*biases);
}

void SparseLayer::initialise(uint64_t seed, uint32_t layer) {
  std::vector<uint32_t> positions =
      weights.active().positions(weights.geometry(), weights.structure());
  std::vector<uint32_t> slots(positions.size());
  std::iota(slots.begin(), slots.end(), 0u);
  std::sort(slots.begin(), slots.end(), [&](uint32_t a, uint32_t b) {
    return positions[a] < positions[b];
  });
  size_t next = 0;
  weightDraws(seed, layer).forEach([&](int64_t position, float draw) {
    if (next < slots.size() && positions[slots[next]] == position)
      weights.values()[slots[next++]] = draw;
  });
  weights.markChanged();
  if (!biases)
    return;
  bool uniform = layerOptions.initialisation == Initialisation::UniformFanIn;
  RandomStream stream(seed, RandomPurpose::Initialisation, layer, 1);
  float bound =
      static_cast<float>(1 / std::sqrt(double(weights.geometry().columns())));
  for (int64_t i = 0; i < biases->size(); ++i)
    biases->values()[i] = uniform ? (2 * stream.uniform() - 1) * bound : 0.0f;
  biases->markChanged();
}

size_t SparseLayer::freeze(FrozenNetwork &network, size_t input) const {
  FrozenLayer layer;
  layer.geometry = weights.geometry();
  layer.structure = weights.structure();
  layer.active = weights.active();
  layer.values.assign(weights.values(), weights.values() + weights.size());
  if (biases)
    layer.bias.assign(biases->values(), biases->values() + biases->size());
  else
    layer.bias.assign(static_cast<size_t>(layer.geometry.outChannels), 0.0f);
  return network.add(name(), {input}, std::move(layer));
}

} // namespace lacuna
