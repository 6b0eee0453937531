//===- InspectCommand.cpp - lacuna inspect: what is in a file -------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CommandLine.h"
#include "ExportCommand.h"
#include "JsonReport.h"

#include "lacuna/Kernel/Descriptor.h"
#include "lacuna/Runtime/Bundle.h"
#include "lacuna/Runtime/Export.h"
#include "lacuna/Support/Endings.h"
#include "lacuna/Support/Error.h"
#include "lacuna/Support/Files.h"
#include "lacuna/Support/Sha256.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace lacuna {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kLayer = ".layer";
constexpr int64_t kMaxBundleFile = int64_t(1) << 32;

const char *kindName(const Geometry &geometry) {
  return geometry.kind == LayerKind::Conv2d ? "conv2d" : "linear";
}

Json describe(const std::string &name, const Geometry &geometry,
              const Structure &structure, int64_t units, int64_t active) {
  return {{"name", name},
          {"op", kindName(geometry)},
          {"shape", geometry.weightShape()},
          {"scheme", schemeName(structure.scheme)},
          {"units", units},
          {"active", active},
          {"weights", geometry.weights()},
          {"sparsity", 1 - double(active) / double(geometry.weights())}};
}

Json describe(const std::string &name, const Descriptor &descriptor) {
  return describe(
      name, descriptor.geometry, descriptor.structure,
      int64_t(descriptor.active.units.size()),
      descriptor.active.values(descriptor.geometry, descriptor.structure));
}

Json extents(const ImageShape &shape) {
  return {shape.channels, shape.height, shape.width};
}

Json inspectCheckpoint(const std::string &path) {
  Checkpoint checkpoint(path);
  const SafetensorsFile &file = checkpoint.contents();
  Json result{{"kind", "checkpoint"}, {"bytes", file.size()}};
  for (const char *field :
       {"trainer.model", "trainer.data", "trainer.epoch", "trainer.step",
        "trainer.epochs", "trainer.best_test_accuracy",
        "trainer.final_test_accuracy", "method.name"})
    result[field] = checkpoint.text(field);
  result["input"] = extents(savedInput(checkpoint));
  Json layers = Json::array();
  for (const auto &[name, text] : file.metadata()) {
    if (!endsWith(name, kLayer))
      continue;
    std::string parameter = withoutEnding(name, kLayer);
    Descriptor layer = parseLayer(text, path + ": " + name);
    auto elements = [&](const char *field) {
      auto entry = file.entries().find(parameter + field);
      return entry == file.entries().end() ? 0 : entry->second.elements();
    };
    layers.push_back(describe(parameter, layer.geometry, layer.structure,
                              elements(".active"), elements(".values")));
  }
  result["layers"] = layers;
  Json bytes = Json::object();
  for (const auto &[name, entry] : file.entries()) {
    size_t dot = name.rfind('.');
    std::string kind = dot == std::string::npos ? name : name.substr(dot + 1);
    bytes[kind] = bytes.value(kind, int64_t(0)) + entry.bytes;
  }
  result["bytes_by_kind"] = bytes;
  return result;
}

Json inspectExport(const std::string &folder) {
  ExportManifest manifest = readManifest(folder);
  Json layers = Json::array();
  for (const std::string &name : manifest.files)
    if (std::filesystem::path(name).extension() == ".json")
      layers.push_back(describe(std::filesystem::path(name).stem().string(),
                                loadDescriptor(folder + "/" + name)));
  return {{"kind", "export"},
          {"model", manifest.model},
          {"data", manifest.data},
          {"epochs", manifest.epochs},
          {"input", extents(manifest.input)},
          {"mean", manifest.images.mean},
          {"deviation", manifest.images.deviation},
          {"layers", layers}};
}

Json inspectDescriptor(const std::string &path) {
  return {{"kind", "descriptor"},
          {"layers", Json::array({describe(path, loadDescriptor(path))})}};
}

/// A scheme with what else code depends on.
std::string structureText(const Structure &structure) {
  std::string text(schemeName(structure.scheme));
  if (structure.scheme == Scheme::Block)
    text += " " + std::to_string(structure.blockRows) + "x1";
  if (structure.scheme == Scheme::Pattern)
    text += " of " + std::to_string(structure.patterns.size());
  return text;
}

Json describe(const BundledKernel &kernel) {
  const KernelRequest &request = kernel.request;
  const Geometry &geometry = request.geometry;
  Json fusion = Json::array();
  Fusion::forEach(request.fusion, [&](const char *name, bool fused) {
    if (fused)
      fusion.push_back(name);
  });
  Json plane = Json::array();
  if (geometry.kind == LayerKind::Conv2d)
    plane = {geometry.input.height, geometry.input.width};
  return {{"symbol", kernel.symbol},
          {"operation", operationName(request.operation)},
          {"op", kindName(geometry)},
          {"shape", geometry.weightShape()},
          {"plane", plane},
          {"stride", {geometry.stride.height, geometry.stride.width}},
          {"structure", structureText(request.structure)},
          {"level", levelName(request.level)},
          {"fusion", fusion},
          {"key", kernel.key}};
}

/// Reads what a program on the device would, and checks the files as it would.
Json inspectBundle(const std::string &folder) {
  std::string where = folder + "/" + kManifestFile;
  BundleManifest manifest =
      parseManifest(readFile(where, kMaxBundleFile), where);
  Json files = Json::object();
  for (const auto &[name, file] : manifest.files) {
    std::string path = folder + "/" + name;
    if (sha256(readFile(path, kMaxBundleFile)) != file.hash)
      throw UserError(path + ": is not what " + where +
                      " describes; compile the bundle anew");
    files[name] = file.bytes;
  }
  Json kernels = Json::array();
  for (const BundledKernel &kernel : manifest.kernels)
    kernels.push_back(describe(kernel));
  return {{"kind", "bundle"},
          {"name", manifest.name},
          {"compiler", manifest.compiler},
          {"abi", manifest.abiVersion},
          {"triple", manifest.triple},
          {"cpu", manifest.cpu},
          {"lanes", manifest.lanes},
          {"cpu_features", manifest.features},
          {"digest", manifestDigest(manifest)},
          {"files", files},
          {"kernels", kernels}};
}

void printFields(const Json &contents) {
  for (const auto &field : contents.items()) {
    if (field.key() == "layers" || field.key() == "kernels")
      continue;
    if (!field.value().is_object()) {
      std::printf("%-28s %s\n", field.key().c_str(),
                  field.value().is_string()
                      ? field.value().get<std::string>().c_str()
                      : field.value().dump().c_str());
      continue;
    }
    std::printf("%s\n", field.key().c_str());
    for (const auto &inner : field.value().items())
      std::printf("  %-26s %s\n", inner.key().c_str(),
                  inner.value().dump().c_str());
  }
}

void printKernels(const Json &kernels) {
  std::printf("%-12s %-8s %-18s %-10s %-6s %-13s %-12s %s\n", "operation", "op",
              "shape", "plane", "stride", "structure", "level", "fusion");
  auto text = [](const Json &field) { return field.get<std::string>(); };
  for (const Json &kernel : kernels) {
    std::string fusion;
    for (const Json &fused : kernel["fusion"])
      fusion += (fusion.empty() ? "" : ",") + text(fused);
    std::printf("%-12s %-8s %-18s %-10s %-6s %-13s %-12s %s\n",
                text(kernel["operation"]).c_str(), text(kernel["op"]).c_str(),
                kernel["shape"].dump().c_str(), kernel["plane"].dump().c_str(),
                kernel["stride"].dump().c_str(),
                text(kernel["structure"]).c_str(),
                text(kernel["level"]).c_str(), fusion.c_str());
  }
  std::printf("%zu kernels\n", kernels.size());
}

void printLayers(const Json &layers) {
  std::printf("%-36s %-8s %-20s %-13s %10s %10s %10s  %s\n", "layer", "op",
              "shape", "scheme", "units", "active", "weights", "sparsity");
  int64_t active = 0, weights = 0;
  for (const Json &layer : layers) {
    std::printf(
        "%-36s %-8s %-20s %-13s %10lld %10lld %10lld  %.4f\n",
        layer["name"].get<std::string>().c_str(),
        layer["op"].get<std::string>().c_str(), layer["shape"].dump().c_str(),
        layer["scheme"].get<std::string>().c_str(),
        layer["units"].get<long long>(), layer["active"].get<long long>(),
        layer["weights"].get<long long>(), layer["sparsity"].get<double>());
    active += layer["active"].get<int64_t>();
    weights += layer["weights"].get<int64_t>();
  }
  std::printf("%lld of %lld weights\n", static_cast<long long>(active),
              static_cast<long long>(weights));
}

Json inspect(const std::string &path) {
  std::error_code ignored;
  if (std::filesystem::exists(path + "/" + kManifestFile, ignored))
    return inspectBundle(path);
  if (std::filesystem::exists(path + "/" + kExportManifestFile, ignored))
    return inspectExport(path);
  if (std::filesystem::is_directory(path, ignored))
    throw UserError(path + ": holds neither " + std::string(kManifestFile) +
                    ", as a bundle does, nor " + kExportManifestFile +
                    ", as an export does");
  if (startsAsCheckpoint(path))
    return inspectCheckpoint(path);
  // A descriptor begins with a brace; what does not is neither.
  std::ifstream file(path);
  char first = 0;
  if (file >> first && first != '{')
    throw UserError(path + ": is neither a checkpoint nor a descriptor");
  return inspectDescriptor(path);
}

} // namespace

int runInspect(int argc, char **argv,
               const ProviderFactory & /*makeProvider*/) {
  CLI::App app("Says what is in a checkpoint (.safetensors), an exported "
               "network or a bundle of kernels (its folder), or a descriptor "
               "(.json).",
               "lacuna inspect");
  std::string path;
  bool json = false;
  app.add_option("file", path, "The file or folder")->required();
  app.add_flag("--json", json, "Print one JSON object");
  return runCommand(app, argc, argv, [&] {
    Json contents = inspect(path);
    if (json) {
      std::printf("%s\n", jsonText(contents).c_str());
      return;
    }
    printFields(contents);
    if (contents.contains("kernels"))
      printKernels(contents["kernels"]);
    else
      printLayers(contents["layers"]);
  });
}

} // namespace lacuna
