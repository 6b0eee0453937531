/*===- KernelAbi.h - The C interface between kernels and runtime
-----------===*\
|*                                                                            *|
|* Part of the Lacuna project, under the Apache License v2.0 with LLVM        *|
|* Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception        *|
|*                                                                            *|
|* A kernel is a plain C function over a range of work items, so that         *|
|* threading stays in the runtime. It allocates nothing, calls nothing and    *|
|* raises nothing. The same interface serves kernels compiled just in time    *|
|* and kernels compiled offline for a device.                                 *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

#ifndef LACUNA_KERNEL_KERNELABI_H
#define LACUNA_KERNEL_KERNELABI_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Bumped whenever the structure or its meaning changes. */
#define LACUNA_KERNEL_ABI_VERSION 2

/**
 * The operands of a kernel. Activations are blocked with V images innermost:
 * [batch_blocks][channels][height][width][V] of float, 64-byte aligned, V being
 * the lanes the kernel was compiled for. Streams come from lacuna::Streams.
 *
 * Which operands a kernel touches depends on its operation:
 *
 *   forward      source = input,           result = output
 *   grad-input   source = output gradient, result = input gradient
 *   grad-weight  source = input,           gradient = output gradient,
 *                result = one float a stream value
 *
 * A kernel may be fused with its neighbours (lacuna::Fusion): normalise
 * replaces each source value x by max(x * source_scale[c] + source_shift[c], 0)
 * as it is packed; statistics adds up what a forward kernel writes; accumulate
 * adds to what the result holds instead of overwriting it; norm gradient zeroes
 * the finished input gradient where the ReLU of a batch norm did not pass, and
 * sums it and its product with norm_input - norm_mean[c].
 */
typedef struct lacuna_kernel_operands {
  const float *source;
  const float *gradient;   /* grad-weight only */
  const float *values;     /* stream values; forward and grad-input only */
  const int32_t *offsets;  /* where each run of items starts in the stream */
  const uint16_t *indices; /* one an item: position in scratch, in vectors */
  const float *bias;       /* forward with bias only: [out_channels] */
  /* normalise, and norm gradient without residual: [in_channels] */
  const float *source_scale;
  const float *source_shift;
  float *statistics; /* or norm gradient: StreamLayout::statisticsFloats() */
  float *result;
  float *scratch; /* StreamLayout::scratchFloats(), private to the thread */
  float *lanes;   /* grad-weight only: one vector a stream value, shared */
  const float *norm_input;  /* norm gradient only: what was normalised */
  const float *norm_output; /* norm gradient with residual only */
  const float *norm_mean;   /* norm gradient only: [in_channels] */
  int64_t batch_blocks;
} lacuna_kernel_operands;

/**
 * Computes the work items [begin, end) of StreamLayout::workItems(). Ranges may
 * run concurrently; the result does not depend on how the work is cut.
 */
typedef void (*lacuna_kernel_fn)(const lacuna_kernel_operands *operands,
                                 int64_t begin, int64_t end);

#ifdef __cplusplus
}
#endif

#endif /* LACUNA_KERNEL_KERNELABI_H */
