//===- SparseLayer.h - Convolution and linear layers ---------- -*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_RUNTIME_SPARSELAYER_H
#define LACUNA_RUNTIME_SPARSELAYER_H

#include "lacuna/Runtime/DenseGradients.h"
#include "lacuna/Runtime/KernelProvider.h"
#include "lacuna/Runtime/Layer.h"
#include "lacuna/Runtime/Operators.h"

#include <array>
#include <memory>
#include <string>
#include <vector>

namespace lacuna {

/// How the weights of a layer are drawn.
///  - KaimingFanOut: normal, deviation sqrt(2 / (out_channels * taps)).
///  - SmallNormal: normal, deviation 0.01; biases zero.
///  - UniformFanIn: uniform in +-1 / sqrt(in_channels * taps), biases too.
///  - UniformTenth: uniform in +-0.1; biases zero.
///  - Lstm: uniform in +-1 / sqrt(hidden units), of which there are a quarter
///  of
///    the outputs; biases zero.
enum class Initialisation {
  KaimingFanOut,
  SmallNormal,
  UniformFanIn,
  UniformTenth,
  Lstm,
};

/// Draws the weight of every position of a layer in the order of the dense
/// tensor, one at a time, so that a weight has the same draw whatever is active
/// and no dense tensor is ever held.
class WeightDraws {
public:
  WeightDraws(const Geometry &geometry, Initialisation initialisation,
              uint64_t seed, uint32_t layer);
  /// Calls visit(position, value) for each position, ascending.
  void forEach(const std::function<void(int64_t, float)> &visit) const;

private:
  const Geometry &geometry;
  Initialisation initialisation;
  uint64_t seed;
  uint32_t layer;
};

/// A convolution or a linear layer of any scheme, dense included: three kernels
/// and the streams they walk.
class SparseLayer : public Layer {
public:
  struct Options {
    bool bias = false;
    /// Whether a sparse method may make this layer sparse.
    bool maskable = false;
    /// Whether these are weights of a recurrent cell.
    bool ofCell = false;
    Initialisation initialisation = Initialisation::KaimingFanOut;
  };

  SparseLayer(std::string name, const Geometry &geometry,
              const Structure &structure, Options options);

  /// Asks for a kernel that normalises its input: forward() and backward() of
  /// this layer then belong to NormalisedConv.
  void fuseNormalise() { normalisesInput = true; }
  /// Asks for a kernel that passes the gradient to the input through the ReLU
  /// of the batch norm that made the input; gradientSums() then knows its sums.
  /// `residual`: something was added before the ReLU.
  void fuseNormGradient(const BatchNorm &norm, bool residual) {
    inputNorm = &norm;
    inputNormResidual = residual;
  }
  /// For each channel of the latest gradient to the input, the sum, and that of
  /// its product with the batch norm's input less its mean. [in_channels].
  void gradientSums(float *sum, float *product) const;
  /// Announces, before kernels are asked for, that every backward pass computes
  /// dense gradients, so that none is needed for the active weights alone.
  void expectDenseGradients() { takesDenseGradients = true; }
  /// Asks for a kernel that also sums its output: moments() then knows them.
  void fuseStatistics() { sumsOutput = true; }
  bool hasMoments() const { return sumsOutput; }
  /// Mean and biased variance of each channel of the latest output, from the
  /// sums that the forward kernel has left. `mean`, `variance`: [channels].
  void moments(float *mean, float *variance) const;
  /// The map of each channel that precedes the ReLU on the layer's input, for
  /// the next passes. Needs fuseNormalise().
  void setInputMap(const operators::ChannelMap &map) { inputMap = map; }

  SparseParameter &weight() { return weights; }
  const SparseParameter &weight() const { return weights; }
  /// Null without a bias.
  Parameter *bias() { return biases.get(); }
  const Options &options() const { return layerOptions; }
  /// The draws initialise() takes the weights from.
  WeightDraws weightDraws(uint64_t seed, uint32_t layer) const {
    return {weights.geometry(), layerOptions.initialisation, seed, layer};
  }

  std::vector<KernelRequest> requests() const;
  /// The kernel that computes the gradient to weights under another structure.
  KernelRequest weightGradientRequest(const Structure &structure) const {
    return request(Operation::GradWeight, structure);
  }
  /// Asks for the kernels of the current structure and packs the active set for
  /// them. Needed once before the first pass and after each mutation.
  void repack(KernelProvider &provider, Workspace &workspace);
  /// Whether the active set has changed since.
  bool needsRepack() const {
    return packedActiveVersion != weights.activeVersion();
  }

  const Tensor &forward(RunContext &context, const Tensor &input) override;
  GradientPool::Lease backward(RunContext &context,
                               GradientPool::Lease gradient) override {
    return backwardOnto(context, std::move(gradient), {});
  }
  GradientPool::Lease backwardOnto(RunContext &context,
                                   GradientPool::Lease gradient,
                                   GradientPool::Lease addend) override;
  void expectAddend() override { addsToGradient = true; }
  SparseLayer *inputGradientWriter() override {
    return weights.geometry().kind == LayerKind::Conv2d ? this : nullptr;
  }
  Tensor *spareOutput() override { return &result; }
  const Tensor &output() const override { return result; }
  /// Adds to the latest output, for who alone reads it.
  void addToOutput(ThreadPool &pool, const Tensor &addend) {
    operators::accumulate(pool, addend, result);
  }

  /// What forward() and backward() of a linear layer consist of, for layers
  /// that apply the same weights many times in a pass. Operands are blocked:
  /// [blocks][features][lanes].
  void multiply(RunContext &context, const float *source, int64_t blocks,
                float *product);
  void multiplyTransposed(RunContext &context, const float *gradient,
                          int64_t blocks, float *product);
  /// Fills the gradients of weights and biases from all inputs and gradients of
  /// a pass at once. Lanes that hold no image must be zero in `gradient`.
  void sumGradients(RunContext &context, const Tensor &input,
                    const Tensor &gradient);
  void forEachParameter(const std::function<void(Parameter &)> &visit) override;
  void initialise(uint64_t seed, uint32_t layer) override;
  size_t freeze(FrozenNetwork &network, size_t input) const override;

private:
  /// A kernel and the active set packed for it.
  struct PackedKernel {
    std::shared_ptr<const Kernel> kernel;
    Streams streams;
    AccountedMemory indexMemory{MemoryKind::Indices};
    Buffer<float> values; ///< In stream order.
    uint64_t valuesVersion = 0;
  };

  KernelRequest request(Operation operation) const {
    return request(operation, weights.structure());
  }
  KernelRequest request(Operation operation, const Structure &structure) const;
  PackedKernel &packed(Operation operation) {
    return packedKernels[size_t(operation)];
  }
  void verifyInput(const Tensor &input) const;
  void verifyKernel(const Kernel &kernel, Operation operation,
                    int64_t lanes) const;
  void permuteValues(ThreadPool &pool, PackedKernel &target);
  /// What every kernel that multiplies by the weights is called with.
  lacuna_kernel_operands operandsOf(ThreadPool &pool, PackedKernel &target,
                                    const float *source, int64_t blocks,
                                    float *product);
  void apply(RunContext &context, Operation operation, const float *source,
             int64_t blocks, float *product);
  void weightGradient(RunContext &context, const Tensor &gradient);
  float *statisticsFor(const PackedKernel &target, int64_t batchBlocks);

  Options layerOptions;
  SparseParameter weights;
  std::unique_ptr<Parameter> biases;
  std::array<PackedKernel, 3> packedKernels;
  uint64_t packedActiveVersion = 0;
  bool normalisesInput = false, sumsOutput = false, addsToGradient = false;
  bool takesDenseGradients = false;
  operators::ChannelMap inputMap{nullptr, nullptr};
  const BatchNorm *inputNorm = nullptr;
  bool inputNormResidual = false;
  /// Sums that the latest kernel that sums has left: see
  /// StreamLayout::statisticsFloats().
  Buffer<float> statistics;
  const Tensor *latestInput = nullptr;
  Tensor result;
};

} // namespace lacuna

#endif // LACUNA_RUNTIME_SPARSELAYER_H
