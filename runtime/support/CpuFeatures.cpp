//===- CpuFeatures.cpp - What this machine's CPU can do -------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Runtime/CpuFeatures.h"

#include <algorithm>

#if defined(__aarch64__) || defined(__arm__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif
#if defined(__aarch64__)
#include <sys/prctl.h>
#endif

namespace lacuna {

namespace {

/// X(name): LLVM and the compiler's built-in agree on these names.
#define LACUNA_X86_FEATURES(X)                                                 \
  X(avx)                                                                       \
  X(avx2)                                                                      \
  X(fma)                                                                       \
  X(bmi)                                                                       \
  X(bmi2)                                                                      \
  X(popcnt)                                                                    \
  X(sse4a)                                                                     \
  X(fma4)                                                                      \
  X(xop)                                                                       \
  X(tbm)                                                                       \
  X(avx512f)                                                                   \
  X(avx512bw)                                                                  \
  X(avx512cd)                                                                  \
  X(avx512dq)                                                                  \
  X(avx512vl)                                                                  \
  X(avx512vbmi)                                                                \
  X(avx512vbmi2)                                                               \
  X(avx512vnni)                                                                \
  X(avx512bitalg)                                                              \
  X(avx512vpopcntdq)                                                           \
  X(avx512bf16)                                                                \
  X(avx512fp16)

/// X(name of LLVM, entry of the auxiliary vector, its bits).
#define LACUNA_AARCH64_FEATURES(X)                                             \
  X("fp-armv8", AT_HWCAP, HWCAP_FP)                                            \
  X("neon", AT_HWCAP, HWCAP_ASIMD)                                             \
  X("lse", AT_HWCAP, HWCAP_ATOMICS)                                            \
  X("rdm", AT_HWCAP, HWCAP_ASIMDRDM)                                           \
  X("fullfp16", AT_HWCAP, HWCAP_FPHP | HWCAP_ASIMDHP)                          \
  X("dotprod", AT_HWCAP, HWCAP_ASIMDDP)                                        \
  X("rcpc", AT_HWCAP, HWCAP_LRCPC)                                             \
  X("sve", AT_HWCAP, HWCAP_SVE)                                                \
  X("sve2", AT_HWCAP2, HWCAP2_SVE2)                                            \
  X("cssc", AT_HWCAP2, kHwcap2Cssc)

/// The same of 32-bit ARM.
#define LACUNA_ARM_FEATURES(X)                                                 \
  X("neon", AT_HWCAP, HWCAP_NEON)                                              \
  X("vfp4", AT_HWCAP, HWCAP_VFPv4)

#if defined(__aarch64__)
/// HWCAP2_CSSC, which headers before Linux 6.3 lack.
constexpr unsigned long kHwcap2Cssc = 1ul << 34;
#endif

/// SVE register lengths that kernels may be compiled for.
constexpr int kSveBits[] = {256, 512};

struct Architecture {
  std::string_view name;
  std::vector<std::string> features;
};

const std::vector<Architecture> &architectures() {
  static const std::vector<Architecture> all = [] {
    Architecture x86{"x86_64", {}}, aarch64{"aarch64", {}}, arm{"arm", {}};
#define LACUNA_FEATURE_NAME(name) x86.features.push_back(#name);
    LACUNA_X86_FEATURES(LACUNA_FEATURE_NAME)
#undef LACUNA_FEATURE_NAME
#define LACUNA_FEATURE_NAME(name, entry, bits) aarch64.features.push_back(name);
    LACUNA_AARCH64_FEATURES(LACUNA_FEATURE_NAME)
#undef LACUNA_FEATURE_NAME
#define LACUNA_FEATURE_NAME(name, entry, bits) arm.features.push_back(name);
    LACUNA_ARM_FEATURES(LACUNA_FEATURE_NAME)
#undef LACUNA_FEATURE_NAME
    for (int bits : kSveBits)
      aarch64.features.push_back("sve-" + std::to_string(bits));
    return std::vector<Architecture>{x86, aarch64, arm};
  }();
  return all;
}

#if defined(__aarch64__)
bool sveRegisterHas(int bits) {
  if (!(getauxval(AT_HWCAP) & HWCAP_SVE))
    return false;
  int length = prctl(PR_SVE_GET_VL);
  return length > 0 && (length & PR_SVE_VL_LEN_MASK) * 8 == bits;
}
#endif

} // namespace

std::string_view hostArchitecture() {
#if defined(__x86_64__)
  return "x86_64";
#elif defined(__aarch64__)
  return "aarch64";
#elif defined(__arm__)
  return "arm";
#else
#error "Lacuna has no kernels for this architecture"
#endif
}

std::string_view architectureOf(std::string_view triple) {
  std::string_view name = triple.substr(0, triple.find('-'));
  if (name == "x86_64" || name == "amd64")
    return "x86_64";
  if (name == "aarch64" || name == "arm64")
    return "aarch64";
  if (name.substr(0, 3) == "arm" || name.substr(0, 5) == "thumb")
    return "arm";
  return {};
}

const std::vector<std::string> &
knownCpuFeatures(std::string_view architecture) {
  static const std::vector<std::string> none;
  for (const Architecture &known : architectures())
    if (known.name == architecture)
      return known.features;
  return none;
}

bool cpuHasFeature(std::string_view feature) {
#if defined(__x86_64__)
#define LACUNA_TEST_FEATURE(name)                                              \
  if (feature == #name)                                                        \
    return __builtin_cpu_supports(#name);
  LACUNA_X86_FEATURES(LACUNA_TEST_FEATURE)
#undef LACUNA_TEST_FEATURE
#else
#define LACUNA_TEST_FEATURE(name, entry, bits)                                 \
  if (feature == name)                                                         \
    return (getauxval(entry) & (bits)) == (bits);
#if defined(__aarch64__)
  LACUNA_AARCH64_FEATURES(LACUNA_TEST_FEATURE)
  for (int bits : kSveBits)
    if (feature == "sve-" + std::to_string(bits))
      return sveRegisterHas(bits);
#else
  LACUNA_ARM_FEATURES(LACUNA_TEST_FEATURE)
#endif
#undef LACUNA_TEST_FEATURE
#endif
  return false;
}

} // namespace lacuna
