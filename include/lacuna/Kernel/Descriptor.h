//===- Descriptor.h - A sparse layer as JSON --------------------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A descriptor is the text form of a layer's geometry, structure and active
// set. It is the frontend of the compiler: docs/descriptor.md specifies it.
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_KERNEL_DESCRIPTOR_H
#define LACUNA_KERNEL_DESCRIPTOR_H

#include "lacuna/Kernel/Structure.h"

#include <string>
#include <string_view>

namespace lacuna {

/// The version of the format this code reads and writes.
inline constexpr int kDescriptorVersion = 1;
/// Longer descriptors are refused before they are read.
inline constexpr int64_t kMaxDescriptorBytes = int64_t(256) << 20;

struct Descriptor {
  Geometry geometry;
  Structure structure;
  ActiveSet active;

  bool operator==(const Descriptor &o) const {
    return geometry == o.geometry && structure == o.structure &&
           active == o.active;
  }
};

/// Parses and verifies untrusted text. Throws UserError with `where` (a file
/// name) and the path of the field, as in `d.json: active[17]: ...`.
Descriptor parseDescriptor(std::string_view text, const std::string &where);
/// Reads a file, then parses it.
Descriptor loadDescriptor(const std::string &path);
/// The canonical text: parseDescriptor(formatDescriptor(d)) equals d.
std::string formatDescriptor(const Descriptor &descriptor);

/// A descriptor without its active set, as checkpoints keep it: the same text
/// without the fields `active` and `pattern_ids`.
std::string formatLayer(const Geometry &geometry, const Structure &structure);
/// Parses and verifies what formatLayer() wrote; nothing is active. Throws as
/// parseDescriptor() does.
Descriptor parseLayer(std::string_view text, const std::string &where);

} // namespace lacuna

#endif // LACUNA_KERNEL_DESCRIPTOR_H
