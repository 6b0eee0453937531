/*===- BundleAbi.h - The C interface of a kernel bundle -------------------===*\
|*                                                                            *|
|* Part of the Lacuna project, under the Apache License v2.0 with LLVM        *|
|* Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception        *|
|*                                                                            *|
|* A bundle's archive or shared object defines one table, NAME_bundle, of     *|
|* this type. The header that comes with the bundle declares it, and each     *|
|* kernel in it.                                                              *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

#ifndef LACUNA_KERNEL_BUNDLEABI_H
#define LACUNA_KERNEL_BUNDLEABI_H

#include "lacuna/Kernel/KernelAbi.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lacuna_bundle_kernel {
  const char *symbol;
  lacuna_kernel_fn entry;
} lacuna_bundle_kernel;

typedef struct lacuna_bundle {
  uint32_t abi_version; /* LACUNA_KERNEL_ABI_VERSION of the compiler */
  uint32_t kernel_count;
  const char *manifest; /* manifest.json without its files, as text */
  const lacuna_bundle_kernel *kernels;
} lacuna_bundle;

#ifdef __cplusplus
}
#endif

#endif /* LACUNA_KERNEL_BUNDLEABI_H */
