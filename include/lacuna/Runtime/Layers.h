//===- Layers.h - Layers without sparse weights --------------- -*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_RUNTIME_LAYERS_H
#define LACUNA_RUNTIME_LAYERS_H

#include "lacuna/Runtime/Layer.h"
#include "lacuna/Runtime/Operators.h"
#include "lacuna/Runtime/SparseLayer.h"

namespace lacuna {

/// Batch normalisation, and in the same pass over memory the addition of a
/// residual and a ReLU where asked for. Epsilon 1e-5; running statistics move
/// by a tenth a step, with the unbiased variance, as in PyTorch.
class BatchNorm : public Layer {
public:
  /// `initialScale`: what gamma starts from.
  BatchNorm(std::string name, int64_t channels, bool relu,
            float initialScale = 1);

  const Tensor &forward(RunContext &context, const Tensor &input) override {
    return forward(context, input, nullptr);
  }
  GradientPool::Lease backward(RunContext &context,
                               GradientPool::Lease gradient) override;
  const Tensor &output() const override { return result; }
  void forEachParameter(const std::function<void(Parameter &)> &visit) override;
  void initialise(uint64_t seed, uint32_t layer) override;
  size_t freeze(FrozenNetwork &network, size_t input) const override;
  /// As freeze(), with a residual that is added before the ReLU.
  size_t freeze(FrozenNetwork &network, size_t input,
                const size_t *residual) const;
  /// The running statistics.
  void visitState(StateVisitor &state) override;

  /// `residual`, if given, is added before the ReLU.
  const Tensor &forward(RunContext &context, const Tensor &input,
                        const Tensor *residual);
  /// The two halves of backward, for who also needs the gradient in between,
  /// which is that of the residual.
  void backwardRelu(RunContext &context, Tensor &gradient);
  /// `inputGradient` may be `gradient`.
  void backwardNorm(RunContext &context, const Tensor &gradient,
                    Tensor &inputGradient);

  /// Takes the statistics of each input from the layer that makes it, which
  /// must outlive this one, instead of reading the input.
  void takeMomentsFrom(const SparseLayer &producer) { moments = &producer; }
  /// Takes gradients that have been through the ReLU, and their sums, from the
  /// layer that makes them, which must outlive this one. `residual` says
  /// whether a residual is added before the ReLU.
  void takeGradientFrom(SparseLayer &consumer, bool residual);
  /// Computes the map of each channel for this input, without applying it.
  operators::ChannelMap prepare(RunContext &context, const Tensor &input);

  bool hasRelu() const { return relu; }
  BatchNorm *rectifiedNorm() override { return relu ? this : nullptr; }
  /// What forward() or prepare() normalised, and with what mean.
  const Tensor &normalisedTensor() const { return *latestInput; }
  const float *batchMean() const { return channelScratch.data(); }
  int64_t channels() const { return gamma.size(); }
  const float *runningMean() const { return running.data(); }
  const float *runningVariance() const { return running.data() + channels(); }

private:
  operators::ChannelMap channelMap() const;

  bool relu;
  float initialScale;
  const SparseLayer *moments = nullptr, *gradientSums = nullptr;
  Parameter gamma, beta;
  /// Running mean and variance.
  Buffer<float> running;
  /// Per channel: mean, 1 / deviation, scale, shift, and three for backward.
  Buffer<float> channelScratch;
  const Tensor *latestInput = nullptr;
  Tensor result;
};

/// relu(batch norm) and the convolution that reads it, as one: the
/// convolution's kernels normalise while they pack, and the normalised tensor
/// is never stored.
class NormalisedConv : public Layer {
public:
  /// `norm` has a ReLU, `conv` is a convolution.
  NormalisedConv(std::unique_ptr<BatchNorm> norm,
                 std::unique_ptr<SparseLayer> conv);

  const Tensor &forward(RunContext &context, const Tensor &input) override;
  GradientPool::Lease backward(RunContext &context,
                               GradientPool::Lease gradient) override;
  const Tensor &output() const override { return conv->output(); }
  Tensor *spareOutput() override { return conv->spareOutput(); }
  void forEachLeaf(const std::function<void(Layer &)> &visit) override;
  void forEachParameter(const std::function<void(Parameter &)> &visit) override;

  size_t freeze(FrozenNetwork &network, size_t input) const override;

  BatchNorm &batchNorm() { return *norm; }
  SparseLayer &convolution() { return *conv; }

private:
  std::unique_ptr<BatchNorm> norm;
  std::unique_ptr<SparseLayer> conv;
};

/// Fuses the layers of a path with their neighbours where kernels can: batch
/// norm with ReLU into the convolution that follows it, statistics of a batch
/// norm into the convolution before it, and the first half of a batch norm's
/// gradient into the convolution that makes its operand.
std::vector<std::unique_ptr<Layer>>
fuseLayers(std::vector<std::unique_ptr<Layer>> layers);

class Relu : public Layer {
public:
  using Layer::Layer;
  const Tensor &forward(RunContext &context, const Tensor &input) override;
  GradientPool::Lease backward(RunContext &context,
                               GradientPool::Lease gradient) override;
  const Tensor &output() const override { return result; }
  size_t freeze(FrozenNetwork &network, size_t input) const override;

private:
  Tensor result;
};

class MaxPool : public Layer {
public:
  MaxPool(std::string name, const operators::PoolWindow &window)
      : Layer(std::move(name)), window(window) {}
  const Tensor &forward(RunContext &context, const Tensor &input) override;
  GradientPool::Lease backward(RunContext &context,
                               GradientPool::Lease gradient) override;
  const Tensor &output() const override { return result; }
  size_t freeze(FrozenNetwork &network, size_t input) const override;

private:
  operators::PoolWindow window;
  const Tensor *latestInput = nullptr;
  Tensor result;
};

/// Windows do not overlap and divide the plane.
class AveragePool : public Layer {
public:
  AveragePool(std::string name, int64_t window)
      : Layer(std::move(name)), window(window) {}
  const Tensor &forward(RunContext &context, const Tensor &input) override;
  GradientPool::Lease backward(RunContext &context,
                               GradientPool::Lease gradient) override;
  const Tensor &output() const override { return result; }
  size_t freeze(FrozenNetwork &network, size_t input) const override;

private:
  int64_t window;
  TensorShape inputShape;
  Tensor result;
};

/// Two paths from one input, whose sum is the output. In backward, the gradient
/// of one path is added where the kernel of the other writes its own.
class TwoPathLayer : public Layer {
public:
  void skipInputGradient() override;
  /// The shortcut comes first.
  void forEachLeaf(const std::function<void(Layer &)> &visit) override;
  void forEachParameter(const std::function<void(Parameter &)> &visit) override;

protected:
  using Layer::Layer;
  /// Needed once, while this is made. No shortcut layers: the identity.
  void setPaths(std::vector<std::unique_ptr<Layer>> mainLayers,
                std::vector<std::unique_ptr<Layer>> shortcutLayers);
  /// Adds the gradients of both paths. Each may overwrite the one it gets.
  GradientPool::Lease backwardPaths(RunContext &context,
                                    GradientPool::Lease mainGradient,
                                    GradientPool::Lease shortcutGradient);

  std::unique_ptr<Sequence> main;
  std::unique_ptr<Sequence> shortcut; ///< Null for the identity.
};

/// relu(main(x) + shortcut(x)), the shortcut being x itself when there is none.
/// The main path ends in a batch norm with ReLU, which takes the sum in its
/// own pass; UserError otherwise.
class ResidualBlock : public TwoPathLayer {
public:
  ResidualBlock(std::string name, std::vector<std::unique_ptr<Layer>> main,
                std::vector<std::unique_ptr<Layer>> shortcut);

  const Tensor &forward(RunContext &context, const Tensor &input) override;
  GradientPool::Lease backward(RunContext &context,
                               GradientPool::Lease gradient) override;
  const Tensor &output() const override { return sum->output(); }
  BatchNorm *rectifiedNorm() override { return sum.get(); }
  SparseLayer *inputGradientWriter() override;
  size_t freeze(FrozenNetwork &network, size_t input) const override;
  void forEachLeaf(const std::function<void(Layer &)> &visit) override;
  void forEachParameter(const std::function<void(Parameter &)> &visit) override;

private:
  std::unique_ptr<BatchNorm> sum;
};

/// main(x) + shortcut(x), the shortcut being x itself when there is none: the
/// block of networks that normalise before they convolve (He et al., "Identity
/// mappings in deep residual networks", ECCV 2016). The main path ends in a
/// convolution, to whose output the other path is added in place; UserError
/// otherwise.
class ResidualSum : public TwoPathLayer {
public:
  ResidualSum(std::string name, std::vector<std::unique_ptr<Layer>> main,
              std::vector<std::unique_ptr<Layer>> shortcut);

  const Tensor &forward(RunContext &context, const Tensor &input) override;
  GradientPool::Lease backward(RunContext &context,
                               GradientPool::Lease gradient) override;
  const Tensor &output() const override { return main->output(); }
  size_t freeze(FrozenNetwork &network, size_t input) const override;

private:
  SparseLayer *last;
};

} // namespace lacuna

#endif // LACUNA_RUNTIME_LAYERS_H
