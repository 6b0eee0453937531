# ===- machine.py - What may be expected of this machine -----------------------===#
#
# Part of the Lacuna project, under the Apache License v2.0 with LLVM
# Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Floors are ratios to dense peers in the same run, so clock and caches matter
little. The vectors do: with AVX-512 arithmetic is twice as fast and memory is
not, so that sparse kernels, which move more for each multiply-add than dense
ones, gain less.
"""


def has_avx512():
    with open("/proc/cpuinfo", encoding="utf-8") as cpus:
        return any(line.startswith("flags") and " avx512f " in line + " "
                   for line in cpus)


def floor(avx2, avx512):
    return avx512 if has_avx512() else avx2
