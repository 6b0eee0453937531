//===- Network.cpp - A network --------------------------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Runtime/Network.h"

#include "lacuna/Support/Error.h"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace lacuna {

namespace {

double secondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start)
      .count();
}

class Fnv1a {
public:
  void add(const void *data, size_t bytes) {
    const unsigned char *byte = static_cast<const unsigned char *>(data);
    for (size_t i = 0; i < bytes; ++i)
      state = (state ^ byte[i]) * 0x100000001b3u;
  }
  uint64_t value() const { return state; }

private:
  uint64_t state = 0xcbf29ce484222325u;
};

bool isFinite(const Tensor &tensor) {
  const TensorShape &shape = tensor.shape();
  for (int64_t block = 0; block < shape.blocks(); ++block) {
    int64_t used = std::min(shape.lanes, shape.images - block * shape.lanes);
    const float *pixel = tensor.data() + block * shape.block();
    for (int64_t i = 0; i < shape.block(); i += shape.lanes)
      for (int64_t lane = 0; lane < used; ++lane)
        if (!std::isfinite(pixel[i + lane]))
          return false;
  }
  return true;
}

} // namespace

Network::Network(std::string name, ImageShape input,
                 std::vector<std::unique_ptr<Layer>> layers)
    : networkName(name), input(input),
      root(std::make_unique<Sequence>(name, std::move(layers))) {
  root->skipInputGradient();
  root->forEachParameter(
      [&](Parameter &parameter) { allParameters.push_back(&parameter); });
  root->forEachLeaf([&](Layer &layer) {
    if (auto *weights = dynamic_cast<SparseLayer *>(&layer))
      allWeights.push_back(weights);
  });
}

FrozenNetwork Network::freeze() const {
  FrozenNetwork frozen;
  frozen.name = networkName;
  frozen.input = input;
  root->freeze(frozen, 0);
  return frozen;
}

int64_t Network::parametersTotal() const {
  int64_t total = 0;
  for (const Parameter *parameter : allParameters)
    total += parameter->denseSize();
  return total;
}

int64_t Network::parametersActive() const {
  int64_t total = 0;
  for (const Parameter *parameter : allParameters)
    total += parameter->size();
  return total;
}

double Network::density() const {
  int64_t active = 0, all = 0;
  for (const SparseLayer *layer : allWeights) {
    if (!layer->options().maskable)
      continue;
    active += layer->weight().size();
    all += layer->weight().denseSize();
  }
  return all == 0 ? 1 : double(active) / double(all);
}

void Network::initialise(uint64_t seed) {
  for (SparseLayer *layer : allWeights)
    if (layer->weight().structure().scheme == Scheme::Dense)
      layer->weight().activate({});
  uint32_t number = 0;
  root->forEachLeaf([&](Layer &layer) {
    layer.initialise(seed, number);
    if (dynamic_cast<SparseLayer *>(&layer))
      ++number;
  });
}

void Network::bind(KernelProvider &provider, ThreadPool &pool) {
  auto start = std::chrono::steady_clock::now();
  for (SparseLayer *layer : allWeights)
    if (layer->weight().structure().scheme == Scheme::Dense &&
        layer->weight().size() == 0)
      throw UserError(networkName + ": " + layer->name() +
                      " has no weights; call initialise(), or load them, "
                      "before bind()");
  kernels = &provider;
  threads = &pool;
  workspace = std::make_unique<Workspace>(pool.threads());
  std::vector<KernelRequest> requests;
  for (const SparseLayer *layer : allWeights)
    for (KernelRequest &request : layer->requests())
      requests.push_back(std::move(request));
  provider.prepare(requests);
  for (SparseLayer *layer : allWeights)
    layer->repack(provider, *workspace);
  stalled += secondsSince(start);
}

void Network::repackChanged() {
  auto start = std::chrono::steady_clock::now();
  int64_t before = repackCount;
  for (SparseLayer *layer : allWeights)
    if (layer->needsRepack()) {
      layer->repack(*kernels, *workspace);
      ++repackCount;
    }
  if (repackCount != before)
    stalled += secondsSince(start);
}

RunContext Network::context(bool training) {
  if (!threads)
    throw UserError(networkName + ": runs without kernels; call bind() first");
  return {*threads, *workspace, gradientPool, training, profile, nullptr};
}

const Tensor &Network::forward(const Tensor &images, bool training) {
  RunContext run = context(training);
  return root->forward(run, images);
}

void Network::backward(GradientPool::Lease logitsGradient,
                       DenseGradients *denseGradients) {
  RunContext run = context(true);
  run.denseGradients = denseGradients;
  root->backward(run, std::move(logitsGradient));
}

void Network::visitState(StateVisitor &state) {
  for (Parameter *parameter : allParameters)
    parameter->visitState(state);
  root->forEachLeaf([&](Layer &layer) { layer.visitState(state); });
}

std::string Network::firstNonFiniteLayer() {
  std::string name;
  root->forEachLeaf([&](Layer &layer) {
    if (name.empty() && !isFinite(layer.output()))
      name = layer.name();
  });
  return name;
}

uint64_t Network::parametersHash() const {
  Fnv1a hash;
  for (const SparseLayer *layer : allWeights) {
    const ActiveSet &active = layer->weight().active();
    hash.add(active.units.data(), active.units.size() * sizeof(uint32_t));
    hash.add(active.patternIds.data(), active.patternIds.size());
  }
  for (const Parameter *parameter : allParameters)
    hash.add(parameter->values(), size_t(parameter->size()) * sizeof(float));
  return hash.value();
}

} // namespace lacuna
