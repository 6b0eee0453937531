//===- Descriptor.cpp - A sparse layer as JSON ----------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Kernel/Descriptor.h"

#include "JsonFields.h"

#include "lacuna/Support/Error.h"
#include "lacuna/Support/Files.h"

#include <array>

namespace lacuna {

namespace {

constexpr Scheme kSchemes[] = {Scheme::Dense, Scheme::Unstructured,
                               Scheme::Block, Scheme::Pattern, Scheme::Channel};
constexpr std::string_view kMestLibrary = "mest-8";
constexpr std::string_view kConnectivityLibrary = "connectivity";

Extent2d readPair(JsonFields &fields, const char *name) {
  std::vector<int64_t> pair = fields.integers(name);
  if (pair.size() != 2)
    fields.fail(name, "has " + std::to_string(pair.size()) +
                          " entries, must have 2: height and width");
  return {pair[0], pair[1]};
}

Geometry readGeometry(JsonFields fields, LayerKind kind) {
  Geometry geometry;
  if (kind == LayerKind::Linear) {
    int64_t inFeatures = fields.integer("in_features");
    geometry = Geometry::linear(inFeatures, fields.integer("out_features"));
  } else {
    geometry.inChannels = fields.integer("in_channels");
    geometry.outChannels = fields.integer("out_channels");
    geometry.input = {fields.integer("height"), fields.integer("width")};
    geometry.kernel = readPair(fields, "kernel");
    geometry.stride = readPair(fields, "stride");
    geometry.padding = readPair(fields, "padding");
  }
  fields.refuseUnread();
  fields.verifying([&] { geometry.verify(); });
  return geometry;
}

LayerKind readLayerKind(JsonFields &fields) {
  std::string op = fields.string("op");
  if (op == "conv2d")
    return LayerKind::Conv2d;
  if (op == "linear")
    return LayerKind::Linear;
  fields.fail("op",
              "is " + quotedText(op) + R"(, must be "conv2d" or "linear")");
}

Scheme readScheme(JsonFields &fields) {
  std::string name = fields.string("scheme");
  std::string known;
  for (Scheme scheme : kSchemes) {
    if (name == schemeName(scheme))
      return scheme;
    known += (known.empty() ? "" : ", ") + quotedText(schemeName(scheme));
  }
  fields.fail("scheme", "is " + quotedText(name) + ", must be one of " + known);
}

std::vector<KernelPattern> readPatterns(JsonFields &fields,
                                        const Geometry &geometry) {
  if (!fields.isString("patterns"))
    return fields.byteLists("patterns");
  std::string library = fields.string("patterns");
  if (library == kConnectivityLibrary)
    return connectivityPattern(geometry);
  if (library != kMestLibrary)
    fields.fail("patterns", "is " + quotedText(library) + ", must be " +
                                quotedText(kMestLibrary) + ", " +
                                quotedText(kConnectivityLibrary) +
                                " or an array of patterns");
  if (!(geometry.kernel == Extent2d{3, 3}))
    fields.fail("patterns", quotedText(kMestLibrary) +
                                " is for 3x3 kernels, this layer's are " +
                                std::to_string(geometry.kernel.height) + "x" +
                                std::to_string(geometry.kernel.width));
  return mestPatterns();
}

Structure readStructure(JsonFields &fields, const Geometry &geometry) {
  Structure structure;
  structure.scheme = readScheme(fields);
  if (structure.scheme == Scheme::Block)
    structure.blockRows = fields.integer("block_rows");
  if (structure.scheme == Scheme::Pattern)
    structure.patterns = readPatterns(fields, geometry);
  fields.verifying([&] { structure.verify(geometry); });
  return structure;
}

void verifyHeader(JsonFields &fields) {
  int64_t version = fields.integer("version");
  if (version != kDescriptorVersion)
    fields.fail("version", "is " + std::to_string(version) +
                               ", this Lacuna reads version " +
                               std::to_string(kDescriptorVersion));
  std::string type = fields.string("dtype");
  if (type != "f32")
    fields.fail("dtype", "is " + quotedText(type) + R"(, must be "f32")");
}

/// All fields but the active set.
Descriptor readLayer(JsonFields &fields) {
  verifyHeader(fields);
  Descriptor descriptor;
  LayerKind kind = readLayerKind(fields);
  descriptor.geometry = readGeometry(fields.object("geometry"), kind);
  descriptor.structure = readStructure(fields, descriptor.geometry);
  return descriptor;
}

std::string formatPair(const Extent2d &pair) {
  return "[" + std::to_string(pair.height) + ", " + std::to_string(pair.width) +
         "]";
}

template <typename T> std::string formatList(const std::vector<T> &list) {
  std::string text = "[";
  for (size_t i = 0; i < list.size(); ++i)
    text += (i > 0 ? ", " : "") + std::to_string(list[i]);
  return text + "]";
}

std::string formatPatterns(const std::vector<KernelPattern> &patterns,
                           const Geometry &geometry) {
  if (patterns == connectivityPattern(geometry))
    return quotedText(kConnectivityLibrary);
  if (patterns == mestPatterns() && geometry.kernel == Extent2d{3, 3})
    return quotedText(kMestLibrary);
  std::string text = "[";
  for (size_t i = 0; i < patterns.size(); ++i)
    text += (i > 0 ? ", " : "") + formatList(patterns[i]);
  return text + "]";
}

std::string formatGeometry(const Geometry &geometry) {
  auto field = [](const char *name, const std::string &value) {
    return "    " + quotedText(name) + ": " + value;
  };
  std::string in = std::to_string(geometry.inChannels);
  std::string out = std::to_string(geometry.outChannels);
  if (geometry.kind == LayerKind::Linear)
    return field("in_features", in) + ",\n" + field("out_features", out);
  return field("in_channels", in) + ",\n" + field("out_channels", out) + ",\n" +
         field("height", std::to_string(geometry.input.height)) + ",\n" +
         field("width", std::to_string(geometry.input.width)) + ",\n" +
         field("kernel", formatPair(geometry.kernel)) + ",\n" +
         field("stride", formatPair(geometry.stride)) + ",\n" +
         field("padding", formatPair(geometry.padding));
}

std::string formatField(const char *name, const std::string &value) {
  return "  " + quotedText(name) + ": " + value + ",\n";
}

/// The object up to its active set, not closed.
std::string formatFields(const Geometry &geometry, const Structure &structure) {
  bool isLinear = geometry.kind == LayerKind::Linear;
  std::string text = "{\n";
  text += formatField("version", std::to_string(kDescriptorVersion));
  text += formatField("op", quotedText(isLinear ? "linear" : "conv2d"));
  text += formatField("dtype", quotedText("f32"));
  text += formatField("geometry", "{\n" + formatGeometry(geometry) + "\n  }");
  text += formatField("scheme", quotedText(schemeName(structure.scheme)));
  if (structure.scheme == Scheme::Block)
    text += formatField("block_rows", std::to_string(structure.blockRows));
  if (structure.scheme == Scheme::Pattern)
    text +=
        formatField("patterns", formatPatterns(structure.patterns, geometry));
  return text;
}

/// Ends the object in place of the last comma.
std::string closed(std::string text) {
  return text.replace(text.size() - 2, 2, "\n}\n");
}

} // namespace

Descriptor parseLayer(std::string_view text, const std::string &where) {
  JsonDocument document = parseJson(text, where, {});
  JsonFields fields(document.root, where, "");
  Descriptor descriptor = readLayer(fields);
  fields.refuseUnread();
  return descriptor;
}

Descriptor parseDescriptor(std::string_view text, const std::string &where) {
  if (static_cast<int64_t>(text.size()) > kMaxDescriptorBytes)
    throw UserError(where + ": is " + std::to_string(text.size()) +
                    " bytes long, at most " +
                    std::to_string(kMaxDescriptorBytes) + " are read");
  JsonDocument document = parseJson(text, where, {"active", "pattern_ids"});
  JsonFields fields(document.root, where, "");
  Descriptor descriptor = readLayer(fields);
  auto takeList = [&](const char *name) {
    fields.present(name);
    return std::move(document.lists.at(name));
  };
  if (descriptor.structure.scheme != Scheme::Dense)
    descriptor.active.units = takeList("active");
  if (descriptor.structure.scheme == Scheme::Pattern) {
    std::vector<uint32_t> ids = takeList("pattern_ids");
    for (size_t i = 0; i < ids.size(); ++i)
      if (ids[i] >= descriptor.structure.patterns.size())
        fields.fail("pattern_ids[" + std::to_string(i) + "]",
                    "pattern " + std::to_string(ids[i]) +
                        " is not in the library of " +
                        std::to_string(descriptor.structure.patterns.size()));
    descriptor.active.patternIds.assign(ids.begin(), ids.end());
  }
  fields.refuseUnread();
  fields.verifying([&] {
    descriptor.active.verify(descriptor.geometry, descriptor.structure);
  });
  return descriptor;
}

Descriptor loadDescriptor(const std::string &path) {
  return parseDescriptor(readFile(path, kMaxDescriptorBytes), path);
}

std::string formatDescriptor(const Descriptor &descriptor) {
  std::string text = formatFields(descriptor.geometry, descriptor.structure);
  Scheme scheme = descriptor.structure.scheme;
  if (scheme != Scheme::Dense)
    text += formatField("active", formatList(descriptor.active.units));
  if (scheme == Scheme::Pattern)
    text +=
        formatField("pattern_ids", formatList(descriptor.active.patternIds));
  return closed(std::move(text));
}

std::string formatLayer(const Geometry &geometry, const Structure &structure) {
  return closed(formatFields(geometry, structure));
}

} // namespace lacuna
