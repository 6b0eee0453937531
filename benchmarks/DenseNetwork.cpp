//===- DenseNetwork.cpp - A whole network on oneDNN -----------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DenseNetwork.h"

#include "lacuna/Support/Error.h"

#if LACUNA_HAVE_ONEDNN
#include <dnnl.hpp>

#include <algorithm>
#include <cstring>
#include <memory>
#include <unordered_map>
#endif

namespace lacuna::benchmarks {

#if LACUNA_HAVE_ONEDNN

namespace {

using dnnl::memory;

constexpr memory::data_type kFloat = memory::data_type::f32;

/// The primitives of a network in order, and what they read and write.
class Primitives {
public:
  Primitives(const FrozenNetwork &network, const float *image, float *logits)
      : network(network) {
    const ImageShape &input = network.input;
    memory::desc plain({1, input.channels, input.height, input.width}, kFloat,
                       memory::format_tag::nchw);
    values.emplace_back(plain, engine, const_cast<float *>(image));
    for (size_t i = 0; i < network.operations.size();)
      i = add(i);
    const memory &last = values.back();
    memory::dims dims = last.get_desc().dims();
    memory::desc flat(dims, kFloat,
                      dims.size() == 4 ? memory::format_tag::nchw
                                       : memory::format_tag::nc);
    reorder(last, memory(flat, engine, logits));
  }

  void run() {
    for (auto &[primitive, arguments] : steps)
      primitive.execute(stream, arguments);
    stream.wait();
  }

private:
  memory::desc any(const memory::dims &dims) {
    return memory::desc(dims, kFloat, memory::format_tag::any);
  }

  void step(const dnnl::primitive &primitive,
            std::unordered_map<int, memory> arguments) {
    steps.emplace_back(primitive, std::move(arguments));
  }

  void reorder(const memory &from, const memory &to) {
    step(dnnl::reorder(from, to), {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}});
  }

  memory inLayout(const memory &value, const memory::desc &wanted) {
    if (value.get_desc() == wanted)
      return value;
    memory copy(wanted, engine);
    reorder(value, copy);
    return copy;
  }

  /// Weights or biases, brought into their layout once.
  memory constant(const std::vector<float> &numbers, const memory::desc &plain,
                  const memory::desc &wanted) {
    memory from(plain, engine), to(wanted, engine);
    std::memcpy(from.get_data_handle(), numbers.data(),
                numbers.size() * sizeof(float));
    dnnl::reorder(from, to).execute(stream, from, to);
    stream.wait();
    return to;
  }

  template <typename Body> const Body *bodyAt(size_t i) const {
    if (i >= network.operations.size())
      return nullptr;
    return std::get_if<Body>(&network.operations[i].body);
  }

  /// Adds operation i, with what follows it and only reads its result. Returns
  /// the operation after these.
  size_t add(size_t i) {
    const FrozenOperation &operation = network.operations[i];
    const memory &input = values.at(operation.operands.front());
    if (const auto *layer = bodyAt<FrozenLayer>(i))
      return addLayer(i, *layer, input);
    if (const auto *pool = bodyAt<FrozenMaxPool>(i))
      addPool(input, dnnl::algorithm::pooling_max, pool->window.window,
              pool->window.stride, pool->window.padding);
    else if (const auto *pool = bodyAt<FrozenAveragePool>(i))
      addPool(input, dnnl::algorithm::pooling_avg_exclude_padding, pool->window,
              pool->window, 0);
    else
      throw UserError(operation.name +
                      ": the dense peer takes batch norms, sums and ReLUs only "
                      "after a layer");
    return i + 1;
  }

  void addPool(const memory &input, dnnl::algorithm algorithm, int64_t window,
               int64_t stride, int64_t padding) {
    memory::dims dims = input.get_desc().dims();
    for (size_t axis : {2, 3})
      dims[axis] = (dims[axis] + 2 * padding - window) / stride + 1;
    dnnl::pooling_forward::primitive_desc pool(
        {dnnl::prop_kind::forward_inference,
         algorithm,
         input.get_desc(),
         any(dims),
         {stride, stride},
         {window, window},
         {padding, padding},
         {padding, padding}},
        engine);
    memory output(pool.dst_desc(), engine);
    step(dnnl::pooling_forward(pool),
         {{DNNL_ARG_SRC, input}, {DNNL_ARG_DST, output}});
    values.push_back(output);
  }

  size_t addLayer(size_t i, const FrozenLayer &layer, const memory &input) {
    const Geometry &g = layer.geometry;
    std::vector<float> weights(static_cast<size_t>(g.weights()));
    std::vector<uint32_t> positions =
        layer.active.positions(g, layer.structure);
    for (size_t w = 0; w < positions.size(); ++w)
      weights[positions[w]] = layer.values[w];
    std::vector<float> bias = layer.bias;
    size_t next = i + 1;
    if (const auto *map = bodyAt<FrozenAffine>(next)) {
      for (size_t w = 0; w < weights.size(); ++w)
        weights[w] *= map->scale[w / static_cast<size_t>(g.columns())];
      for (size_t o = 0; o < bias.size(); ++o)
        bias[o] = bias[o] * map->scale[o] + map->shift[o];
      ++next;
    }
    dnnl::post_ops after;
    const memory *residual = nullptr;
    if (bodyAt<FrozenSum>(next)) {
      // Of the two operands, the one that was there before this layer.
      const std::vector<size_t> &read = network.operations[next].operands;
      residual = &values.at(std::min(read[0], read[1]));
      after.append_sum();
      ++next;
    }
    if (bodyAt<FrozenRelu>(next)) {
      after.append_eltwise(1, dnnl::algorithm::eltwise_relu, 0, 0);
      ++next;
    }
    dnnl::primitive_attr attributes;
    attributes.set_post_ops(after);

    Extent2d out = g.output();
    memory::desc biases({g.outChannels}, kFloat, memory::format_tag::x);
    auto finish = [&](auto description, auto primitive, memory::desc plain) {
      memory output = residual && description.dst_desc() == residual->get_desc()
                          ? *residual
                          : memory(description.dst_desc(), engine);
      // Sums are in place: nobody reads the residual again.
      if (residual && output.get() != residual->get())
        reorder(*residual, output);
      step(primitive(description),
           {{DNNL_ARG_SRC, inLayout(input, description.src_desc())},
            {DNNL_ARG_WEIGHTS,
             constant(weights, plain, description.weights_desc())},
            {DNNL_ARG_BIAS, constant(bias, biases, biases)},
            {DNNL_ARG_DST, output}});
      // Each operation has a number, folded or not.
      for (size_t number = i; number < next; ++number)
        values.push_back(output);
    };
    if (g.kind == LayerKind::Linear) {
      memory::dims dims = input.get_desc().dims();
      memory::dims shape = dims;
      shape[0] = g.outChannels;
      memory::desc plain(shape, kFloat,
                         dims.size() == 4 ? memory::format_tag::oihw
                                          : memory::format_tag::oi);
      finish(
          dnnl::inner_product_forward::primitive_desc(
              {dnnl::prop_kind::forward_inference, any(dims), any(shape),
               biases, any({1, g.outChannels})},
              attributes, engine),
          [](auto &d) { return dnnl::inner_product_forward(d); }, plain);
      return next;
    }
    memory::dims shape{g.outChannels, g.inChannels, g.kernel.height,
                       g.kernel.width};
    memory::dims strides{g.stride.height, g.stride.width};
    memory::dims padding{g.padding.height, g.padding.width};
    finish(
        dnnl::convolution_forward::primitive_desc(
            {dnnl::prop_kind::forward_inference,
             dnnl::algorithm::convolution_auto, any(input.get_desc().dims()),
             any(shape), biases,
             residual ? residual->get_desc()
                      : any({1, g.outChannels, out.height, out.width}),
             strides, padding, padding},
            attributes, engine),
        [](auto &d) { return dnnl::convolution_forward(d); },
        memory::desc(shape, kFloat, memory::format_tag::oihw));
    return next;
  }

  const FrozenNetwork &network;
  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};
  std::vector<memory> values; ///< By number: 0 is the image.
  std::vector<std::pair<dnnl::primitive, std::unordered_map<int, memory>>>
      steps;
};

} // namespace

std::function<void()> denseNetwork(const FrozenNetwork &network,
                                   const float *image, float *logits) {
  auto primitives = std::make_shared<Primitives>(network, image, logits);
  return [primitives] { primitives->run(); };
}

#else

std::function<void()> denseNetwork(const FrozenNetwork &, const float *,
                                   float *) {
  return {};
}

#endif

} // namespace lacuna::benchmarks
