//===- NormalisedConv.cpp - Layers fused with their neighbours ------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Runtime/Layers.h"
#include "lacuna/Support/Error.h"

namespace lacuna {

NormalisedConv::NormalisedConv(std::unique_ptr<BatchNorm> newNorm,
                               std::unique_ptr<SparseLayer> newConv)
    : Layer(newConv->name()), norm(std::move(newNorm)),
      conv(std::move(newConv)) {
  verifyInvariant(norm->hasRelu() &&
                      conv->weight().geometry().kind == LayerKind::Conv2d,
                  "only a rectified batch norm fuses, and only into a "
                  "convolution");
  conv->fuseNormalise();
  norm->takeGradientFrom(*conv, /*residual=*/false);
}

const Tensor &NormalisedConv::forward(RunContext &context,
                                      const Tensor &input) {
  conv->setInputMap(norm->prepare(context, input));
  return conv->forward(context, input);
}

GradientPool::Lease NormalisedConv::backward(RunContext &context,
                                             GradientPool::Lease gradient) {
  gradient = conv->backward(context, std::move(gradient));
  return norm->backward(context, std::move(gradient));
}

size_t NormalisedConv::freeze(FrozenNetwork &network, size_t input) const {
  return conv->freeze(network, norm->freeze(network, input));
}

void NormalisedConv::forEachLeaf(const std::function<void(Layer &)> &visit) {
  visit(*norm);
  visit(*conv);
}

void NormalisedConv::forEachParameter(
    const std::function<void(Parameter &)> &visit) {
  norm->forEachParameter(visit);
  conv->forEachParameter(visit);
}

namespace {

template <typename To>
std::unique_ptr<To> takeAs(std::unique_ptr<Layer> layer) {
  return std::unique_ptr<To>(static_cast<To *>(layer.release()));
}

SparseLayer *asConvolution(Layer *layer) {
  auto *weights = dynamic_cast<SparseLayer *>(layer);
  return weights && weights->weight().geometry().kind == LayerKind::Conv2d
             ? weights
             : nullptr;
}

/// The convolution whose output is the output of this layer.
SparseLayer *producerOf(Layer *layer) {
  if (auto *fused = dynamic_cast<NormalisedConv *>(layer))
    return &fused->convolution();
  return asConvolution(layer);
}

} // namespace

std::vector<std::unique_ptr<Layer>>
fuseLayers(std::vector<std::unique_ptr<Layer>> layers) {
  std::vector<std::unique_ptr<Layer>> fused;
  for (std::unique_ptr<Layer> &layer : layers) {
    auto *norm = dynamic_cast<BatchNorm *>(layer.get());
    SparseLayer *producer =
        norm && !fused.empty() ? producerOf(fused.back().get()) : nullptr;
    if (producer) {
      producer->fuseStatistics();
      norm->takeMomentsFrom(*producer);
    }
    auto *before =
        fused.empty() ? nullptr : dynamic_cast<BatchNorm *>(fused.back().get());
    if (before && before->hasRelu() && asConvolution(layer.get())) {
      fused.back() = std::make_unique<NormalisedConv>(
          takeAs<BatchNorm>(std::move(fused.back())),
          takeAs<SparseLayer>(std::move(layer)));
      continue;
    }
    fused.push_back(std::move(layer));
  }
  for (size_t i = 1; i < fused.size(); ++i) {
    BatchNorm *norm = fused[i - 1]->rectifiedNorm();
    SparseLayer *writer = fused[i]->inputGradientWriter();
    if (norm && writer)
      norm->takeGradientFrom(*writer, /*residual=*/true);
  }
  return fused;
}

} // namespace lacuna
