//===- Layer.h - The interface of layers ---------------------- -*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_RUNTIME_LAYER_H
#define LACUNA_RUNTIME_LAYER_H

#include "lacuna/Runtime/Parameter.h"
#include "lacuna/Runtime/Profile.h"
#include "lacuna/Runtime/Tensor.h"
#include "lacuna/Runtime/ThreadPool.h"
#include "lacuna/Runtime/Workspace.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace lacuna {

class BatchNorm;
class DenseGradients;
struct FrozenNetwork;
class SparseLayer;

/// Channels and plane of one image.
struct ImageShape {
  int64_t channels = 1;
  int64_t height = 1;
  int64_t width = 1;
};

/// What a pass over a network works with.
struct RunContext {
  ThreadPool &pool;
  Workspace &workspace;
  GradientPool &gradients;
  /// Training or evaluation: decides which statistics batch norm uses.
  bool training;
  /// Where times go; may be null.
  Profile *profile = nullptr;
  /// If not null, sparse layers compute dense gradients to their weights and
  /// take their own from them.
  DenseGradients *denseGradients = nullptr;
};

/// A step of a network. Keeps references to its latest input, so the input must
/// outlive the backward pass.
class Layer {
public:
  explicit Layer(std::string name) : layerName(std::move(name)) {}
  virtual ~Layer() = default;
  Layer(const Layer &) = delete;
  Layer &operator=(const Layer &) = delete;

  const std::string &name() const { return layerName; }

  virtual const Tensor &forward(RunContext &context, const Tensor &input) = 0;
  /// Fills the gradients of its parameters and returns the gradient to its
  /// input, or nothing after skipInputGradient(). May overwrite `gradient`.
  virtual GradientPool::Lease backward(RunContext &context,
                                       GradientPool::Lease gradient) = 0;
  /// As backward, and adds `addend`, the gradient that another path to the same
  /// input has left. expectAddend() must have been called.
  virtual GradientPool::Lease backwardOnto(RunContext &context,
                                           GradientPool::Lease gradient,
                                           GradientPool::Lease addend);
  /// The result of the latest forward pass.
  virtual const Tensor &output() const = 0;

  /// Tells the first layer of a network that nothing precedes it.
  virtual void skipInputGradient() { inputGradientWanted = false; }

  /// Announces, before kernels are asked for, that only backwardOnto() will be
  /// called.
  virtual void expectAddend() {}

  /// The rectified batch norm whose result is the output, or null.
  virtual BatchNorm *rectifiedNorm() { return nullptr; }
  /// The convolution whose kernel finishes the gradient to the input, or null.
  virtual SparseLayer *inputGradientWriter() { return nullptr; }
  /// The tensor of output() if the layer itself never reads it again, so that
  /// the gradient to it may take its place; or null.
  virtual Tensor *spareOutput() { return nullptr; }

  /// Visits the layers that compute, in the order of the forward pass.
  virtual void forEachLeaf(const std::function<void(Layer &)> &visit) {
    visit(*this);
  }
  virtual void
  forEachParameter(const std::function<void(Parameter &)> & /*visit*/) {}
  /// Visits what the layer itself keeps between steps besides parameters.
  virtual void visitState(StateVisitor & /*state*/) {}
  /// Appends what the layer computes in evaluation, on the value `input` of the
  /// frozen network, and returns the number of its result. Throws UserError
  /// where inference export does not know the layer.
  virtual size_t freeze(FrozenNetwork &network, size_t input) const;
  /// Draws the initial values of its active weights and its biases.
  virtual void initialise(uint64_t /*seed*/, uint32_t /*layer*/) {}

protected:
  bool inputGradientWanted = true;

private:
  std::string layerName;
};

/// Layers one after the other. At least one.
class Sequence : public Layer {
public:
  Sequence(std::string name, std::vector<std::unique_ptr<Layer>> layers);

  const Tensor &forward(RunContext &context, const Tensor &input) override;
  GradientPool::Lease backward(RunContext &context,
                               GradientPool::Lease gradient) override;
  GradientPool::Lease backwardOnto(RunContext &context,
                                   GradientPool::Lease gradient,
                                   GradientPool::Lease addend) override;
  const Tensor &output() const override { return layers.back()->output(); }
  void skipInputGradient() override;
  void expectAddend() override { layers.front()->expectAddend(); }
  BatchNorm *rectifiedNorm() override { return layers.back()->rectifiedNorm(); }
  SparseLayer *inputGradientWriter() override {
    return layers.front()->inputGradientWriter();
  }
  Tensor *spareOutput() override { return layers.back()->spareOutput(); }
  size_t freeze(FrozenNetwork &network, size_t input) const override;
  void forEachLeaf(const std::function<void(Layer &)> &visit) override;
  void forEachParameter(const std::function<void(Parameter &)> &visit) override;

private:
  std::vector<std::unique_ptr<Layer>> layers;
};

} // namespace lacuna

#endif // LACUNA_RUNTIME_LAYER_H
