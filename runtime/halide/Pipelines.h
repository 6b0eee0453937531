//===- Pipelines.h - The Halide pipelines, by number of lanes ---*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One list names every pipeline and its parameters. From it come the table that
// operators call through and, checked against Halide's own headers, one table
// for each number of lanes compiled in.
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_RUNTIME_HALIDE_PIPELINES_H
#define LACUNA_RUNTIME_HALIDE_PIPELINES_H

#include <HalideRuntime.h>

#include <cstdint>

// clang-format off
/// X(name, parameters). The generators say what the parameters are; B is a
/// buffer.
#define LACUNA_PIPELINES(X)                                                    \
  X(relu, (B *, B *))                                                          \
  X(relu_backward, (B *, B *, B *))                                            \
  X(accumulate, (B *, B *, B *))                                               \
  X(sgd_momentum, (B *, B *, B *, float, float, B *))                          \
  X(sgd_step, (B *, B *, float, B *))                                          \
  X(sgd_nesterov_step, (B *, B *, B *, float, float, float, B *))              \
  X(adam_first, (B *, B *, B *, float, float, float, B *))                     \
  X(adam_second, (B *, B *, B *, float, float, float, B *))                    \
  X(adam_step, (B *, B *, B *, float, float, float, B *))                      \
  X(channel_sums, (B *, B *))                                                  \
  X(channel_moments, (B *, B *))                                               \
  X(batch_norm_sums, (B *, B *, B *, B *))                                     \
  X(scale_shift, (B *, B *, B *, B *))                                         \
  X(scale_shift_relu, (B *, B *, B *, B *))                                    \
  X(scale_shift_add, (B *, B *, B *, B *, B *))                                \
  X(scale_shift_add_relu, (B *, B *, B *, B *, B *))                           \
  X(affine_combine, (B *, B *, B *, B *, B *, int32_t, B *))                   \
  X(max_pool, (B *, int32_t, int32_t, int32_t, B *))                           \
  X(max_pool_backward, (B *, B *, B *, int32_t, int32_t, int32_t, B *))        \
  X(average_pool, (B *, int32_t, B *))                                         \
  X(average_pool_backward, (B *, int32_t, B *))                                \
  X(lstm_gates, (B *, B *, B *))                                               \
  X(lstm_cell, (B *, B *, B *))                                                \
  X(lstm_output, (B *, B *, B *))                                              \
  X(lstm_cell_gradient, (B *, B *, B *, B *, B *))                             \
  X(lstm_argument_gradient, (B *, B *, B *, B *, B *, B *))                    \
  X(lstm_carry, (B *, B *, B *))                                               \
  X(softmax_summary, (B *, B *, B *))                                          \
  X(softmax_gradient, (B *, B *, B *, float, float, int32_t, B *))             \
  X(resize_image, (B *, int32_t, B *))                                         \
  X(load_images, (B *, B *, B *, B *, int32_t, int32_t, B *))
// clang-format on

namespace lacuna::operators {

struct Pipelines {
  using B = halide_buffer_t;
#define LACUNA_PIPELINE_MEMBER(name, parameters) int(*name) parameters;
  LACUNA_PIPELINES(LACUNA_PIPELINE_MEMBER)
#undef LACUNA_PIPELINE_MEMBER
};

/// No pipelines are compiled for longer vectors.
inline constexpr size_t kMaxPipelineLanes = 16;

/// The pipelines for vectors of this many lanes. Throws EnvironmentError when
/// they are not compiled in or this CPU cannot run them.
const Pipelines &pipelinesFor(int64_t lanes);

} // namespace lacuna::operators

#endif // LACUNA_RUNTIME_HALIDE_PIPELINES_H
