//===- DenseConvolution.cpp - The dense peer: oneDNN ----------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DenseConvolution.h"

#if LACUNA_HAVE_ONEDNN
#include <dnnl.hpp>

#include <memory>
#endif

namespace lacuna::benchmarks {

#if LACUNA_HAVE_ONEDNN

namespace {

constexpr dnnl::memory::data_type kFloat = dnnl::memory::data_type::f32;

dnnl::engine &engine() {
  static dnnl::engine instance(dnnl::engine::kind::cpu, 0);
  return instance;
}

/// Memory with values that are neither zero nor denormal.
dnnl::memory filled(const dnnl::memory::desc &description) {
  dnnl::memory memory(description, engine());
  auto *values = static_cast<float *>(memory.get_data_handle());
  for (size_t i = 0; i < description.get_size() / sizeof(float); ++i)
    values[i] = float(i % 13) * 0.1f - 0.6f;
  return memory;
}

std::function<void()>
runnable(dnnl::primitive primitive,
         std::unordered_map<int, dnnl::memory> arguments) {
  auto stream = std::make_shared<dnnl::stream>(engine());
  return [=]() mutable {
    primitive.execute(*stream, arguments);
    stream->wait();
  };
}

} // namespace

bool denseConvolutionAvailable() { return true; }

const char *denseConvolutionName() {
  static const std::string name = [] {
    const dnnl_version_t *version = dnnl_version();
    return "oneDNN " + std::to_string(version->major) + "." +
           std::to_string(version->minor) + "." +
           std::to_string(version->patch);
  }();
  return name.c_str();
}

std::function<void()> denseConvolution(Operation operation, const Geometry &g,
                                       int64_t images) {
  using dnnl::algorithm;
  using dnnl::memory;
  auto any = memory::format_tag::any;
  Extent2d out = g.output();
  memory::desc input({images, g.inChannels, g.input.height, g.input.width},
                     kFloat, any);
  memory::desc weights(
      {g.outChannels, g.inChannels, g.kernel.height, g.kernel.width}, kFloat,
      any);
  memory::desc output({images, g.outChannels, out.height, out.width}, kFloat,
                      any);
  memory::dims strides{g.stride.height, g.stride.width};
  memory::dims padding{g.padding.height, g.padding.width};

  dnnl::convolution_forward::primitive_desc forward(
      {dnnl::prop_kind::forward_training, algorithm::convolution_direct, input,
       weights, output, strides, padding, padding},
      engine());
  switch (operation) {
  case Operation::Forward:
    return runnable(dnnl::convolution_forward(forward),
                    {{DNNL_ARG_SRC, filled(forward.src_desc())},
                     {DNNL_ARG_WEIGHTS, filled(forward.weights_desc())},
                     {DNNL_ARG_DST, filled(forward.dst_desc())}});
  case Operation::GradInput: {
    dnnl::convolution_backward_data::primitive_desc backward(
        {algorithm::convolution_direct, input, weights, output, strides,
         padding, padding},
        engine(), forward);
    return runnable(dnnl::convolution_backward_data(backward),
                    {{DNNL_ARG_DIFF_DST, filled(backward.diff_dst_desc())},
                     {DNNL_ARG_WEIGHTS, filled(backward.weights_desc())},
                     {DNNL_ARG_DIFF_SRC, filled(backward.diff_src_desc())}});
  }
  case Operation::GradWeight: {
    dnnl::convolution_backward_weights::primitive_desc backward(
        {algorithm::convolution_direct, input, weights, output, strides,
         padding, padding},
        engine(), forward);
    return runnable(
        dnnl::convolution_backward_weights(backward),
        {{DNNL_ARG_SRC, filled(backward.src_desc())},
         {DNNL_ARG_DIFF_DST, filled(backward.diff_dst_desc())},
         {DNNL_ARG_DIFF_WEIGHTS, filled(backward.diff_weights_desc())}});
  }
  }
  return {};
}

#else

bool denseConvolutionAvailable() { return false; }
const char *denseConvolutionName() { return "none"; }
std::function<void()> denseConvolution(Operation, const Geometry &, int64_t) {
  return {};
}

#endif

} // namespace lacuna::benchmarks
