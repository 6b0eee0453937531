//===- Sha256.h - Digests of files and manifests ----------------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The runtime of a device checks digests without a cryptographic library, which
// would be larger than the rest of it. FIPS 180-4.
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_SUPPORT_SHA256_H
#define LACUNA_SUPPORT_SHA256_H

#include <string>
#include <string_view>

namespace lacuna {

/// SHA-256 of the bytes, in lower-case hexadecimal.
std::string sha256(std::string_view bytes);

} // namespace lacuna

#endif // LACUNA_SUPPORT_SHA256_H
