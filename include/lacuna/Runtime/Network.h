//===- Network.h - A network and how to build one ------------- -*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_RUNTIME_NETWORK_H
#define LACUNA_RUNTIME_NETWORK_H

#include "lacuna/Runtime/FrozenNetwork.h"
#include "lacuna/Runtime/Layer.h"
#include "lacuna/Runtime/SparseLayer.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace lacuna {

class Network {
public:
  Network(std::string name, ImageShape input,
          std::vector<std::unique_ptr<Layer>> layers);

  const std::string &name() const { return networkName; }
  const ImageShape &inputShape() const { return input; }

  /// Every parameter, in the order of the forward pass.
  const std::vector<Parameter *> &parameters() const { return allParameters; }
  /// Convolutions and linear layers, in the order of the forward pass. Their
  /// place in this list is their number in random streams.
  const std::vector<SparseLayer *> &weightLayers() const { return allWeights; }

  int64_t parametersTotal() const;
  int64_t parametersActive() const;
  /// Active share of the weights of the maskable layers; 1 if there are none.
  double density() const;

  /// Draws initial values. Sparse layers must have active sets; dense ones are
  /// activated here.
  void initialise(uint64_t seed);
  /// Makes the network runnable: kernels, streams, workspace.
  void bind(KernelProvider &provider, ThreadPool &pool);

  /// Logits of a batch. The input must outlive the backward pass.
  const Tensor &forward(const Tensor &images, bool training);
  /// Fills the gradients of all parameters from that of the logits. With
  /// `denseGradients`, sparse layers hand theirs to it one by one.
  void backward(GradientPool::Lease logitsGradient,
                DenseGradients *denseGradients = nullptr);
  GradientPool &gradients() { return gradientPool; }

  /// Times every pass from now on; null stops it.
  void profileInto(Profile *newProfile) { profile = newProfile; }

  /// Adapts the kernels' streams of the layers whose active set has changed.
  void repackChanged();
  /// Layers packed so far.
  int64_t repacks() const { return repackCount; }
  /// Seconds training stood still for kernels and their streams.
  double stallSeconds() const { return stalled; }

  /// Visits parameters and what layers keep. After loading, bind() or repack()
  /// every weight layer.
  void visitState(StateVisitor &state);

  /// What the network computes in evaluation, its numbers copied. Throws
  /// UserError naming a layer that inference export does not know.
  FrozenNetwork freeze() const;

  /// Name of the first layer whose latest output holds a number that is not
  /// finite; empty if there is none.
  std::string firstNonFiniteLayer();

  /// 64-bit FNV-1a over active sets and values of all parameters.
  uint64_t parametersHash() const;

private:
  RunContext context(bool training);

  std::string networkName;
  ImageShape input;
  std::unique_ptr<Sequence> root;
  std::vector<Parameter *> allParameters;
  std::vector<SparseLayer *> allWeights;
  KernelProvider *kernels = nullptr;
  ThreadPool *threads = nullptr;
  std::unique_ptr<Workspace> workspace;
  GradientPool gradientPool;
  Profile *profile = nullptr;
  int64_t repackCount = 0;
  double stalled = 0;
};

/// The structure MEST gives a layer of this geometry under a scheme: eight
/// patterns on 3x3 convolutions, connectivity alone on others, blocks of four
/// rows or the largest divisor of the output channels below, blocks instead of
/// patterns on linear layers.
Structure structureFor(Scheme scheme, const Geometry &geometry);

/// Which layers a sparse method may touch.
enum class Sparsity { Dense, Maskable };

/// Builds a network layer by layer; shapes follow from the input. Names must be
/// unique. Layers marked Maskable take the builder's scheme.
class NetworkBuilder {
public:
  NetworkBuilder(ImageShape input, Scheme scheme);

  struct Window {
    int64_t kernel = 3;
    int64_t stride = 1;
    int64_t padding = 0;
  };

  /// What the scales of the batch norms that follow start from: 1 unless told
  /// otherwise.
  NetworkBuilder &initialScale(float scale);
  /// How the weights of the layers that follow are drawn.
  NetworkBuilder &initialisation(Initialisation draws);
  /// Whether the convolutions that follow have biases.
  NetworkBuilder &convBias(bool bias);

  /// Whether layers fuse with their neighbours (fuseLayers); they do unless
  /// told otherwise. The choice holds for the whole network.
  NetworkBuilder &fusion(bool fuse);
  /// Whether layers that are added as dense from here on are maskable all the
  /// same.
  NetworkBuilder &sparsifyAll(bool all);

  NetworkBuilder &conv(const std::string &name, int64_t outChannels,
                       Window window, Sparsity sparsity);
  NetworkBuilder &linear(const std::string &name, int64_t outFeatures,
                         Sparsity sparsity);
  NetworkBuilder &batchNorm(const std::string &name, bool relu);
  NetworkBuilder &relu(const std::string &name);
  /// `padding`: of at most half a window, never the maximum.
  NetworkBuilder &maxPool(const std::string &name, int64_t window,
                          int64_t stride, int64_t padding = 0);
  NetworkBuilder &averagePool(const std::string &name, int64_t window);
  /// See ResidualBlock. `main` and `shortcut` add layers to the builder they
  /// are given; without a shortcut the input is added as it is.
  using Path = std::function<void(NetworkBuilder &)>;
  NetworkBuilder &residual(const std::string &name, const Path &main,
                           const Path &shortcut = nullptr);

  /// See ResidualSum; otherwise as residual().
  NetworkBuilder &residualSum(const std::string &name, const Path &main,
                              const Path &shortcut = nullptr);
  /// See Lstm. Draws its weights its own way, whatever initialisation() says.
  NetworkBuilder &lstm(const std::string &name, int64_t hidden, int64_t cells,
                       Sparsity sparsity);

  const ImageShape &shape() const { return current; }
  Network build(const std::string &name);

private:
  void verifyName(const std::string &name);
  std::vector<std::unique_ptr<Layer>> takeLayers();
  template <typename Block>
  void addResidual(const std::string &name, const Path &main,
                   const Path &shortcut);
  void addWeights(const std::string &name, const Geometry &geometry,
                  Sparsity sparsity, bool bias);

  ImageShape input, current;
  Scheme scheme;
  Initialisation draws = Initialisation::UniformFanIn;
  float scale = 1;
  bool bias = true;
  bool fuses = true;
  bool sparsifiesAll = false;
  std::vector<std::unique_ptr<Layer>> layers;
  std::vector<std::string> names;
};

} // namespace lacuna

#endif // LACUNA_RUNTIME_NETWORK_H
