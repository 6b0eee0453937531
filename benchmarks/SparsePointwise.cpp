//===- SparsePointwise.cpp - The sparse peer: XNNPACK ---------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "SparsePointwise.h"

#if LACUNA_HAVE_XNNPACK
#include <xnnpack.h>

#include <limits>
#include <memory>
#endif

namespace lacuna::benchmarks {

#if LACUNA_HAVE_XNNPACK

std::function<void()> sparsePointwise(const FrozenLayer &layer,
                                      const float *image, float *output) {
  const Geometry &g = layer.geometry;
  Extent2d one{1, 1}, none{0, 0};
  if (g.kind != LayerKind::Conv2d || !(g.kernel == one) || !(g.stride == one) ||
      !(g.padding == none) || xnn_initialize(nullptr) != xnn_status_success)
    return {};
  std::vector<float> weights(static_cast<size_t>(g.weights()));
  std::vector<uint32_t> positions = layer.active.positions(g, layer.structure);
  for (size_t w = 0; w < positions.size(); ++w)
    weights[positions[w]] = layer.values[w];
  auto inputs = static_cast<size_t>(g.inChannels);
  auto outputs = static_cast<size_t>(g.outChannels);
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  xnn_operator_t created = nullptr;
  if (xnn_create_convolution2d_nchw_f32(
          0, 0, 0, 0, 1, 1, 1, 1, 1, 1, /*groups=*/1, inputs, outputs, inputs,
          outputs, weights.data(), layer.bias.data(), -kInfinity, kInfinity,
          /*flags=*/0, &created) != xnn_status_success)
    return {};
  std::shared_ptr<xnn_operator> convolution(created, xnn_delete_operator);
  if (xnn_setup_convolution2d_nchw_f32(
          created, /*batch_size=*/1, static_cast<size_t>(g.input.height),
          static_cast<size_t>(g.input.width), image, output,
          /*threadpool=*/nullptr) != xnn_status_success)
    return {};
  return [convolution] { xnn_run_operator(convolution.get(), nullptr); };
}

#else

std::function<void()> sparsePointwise(const FrozenLayer &, const float *,
                                      float *) {
  return {};
}

#endif

} // namespace lacuna::benchmarks
