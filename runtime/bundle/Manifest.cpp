//===- Manifest.cpp - What a bundle says of itself ------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Runtime/Bundle.h"

#include "../formats/JsonFields.h"

#include "lacuna/Kernel/Descriptor.h"
#include "lacuna/Support/Error.h"
#include "lacuna/Support/Sha256.h"

#include <algorithm>

using nlohmann::json;

namespace lacuna {

namespace {

/// A kernel takes some 60 values, and engineers bundle layers by the hundred.
constexpr size_t kMaxManifestValues = 1 << 20;

json requestFields(const KernelRequest &request) {
  json fused = json::array();
  Fusion::forEach(request.fusion, [&](const char *name, bool wanted) {
    if (wanted)
      fused.push_back(name);
  });
  return {
      {"operation", operationName(request.operation)},
      {"layer", json::parse(formatLayer(request.geometry, request.structure))},
      {"fusion", fused},
      {"level", levelName(request.level)}};
}

json scheduleFields(const Schedule &schedule) {
  json fields{{"level", levelName(schedule.level)}};
  Schedule::forEach(schedule, [&](const char *name, const auto &choice) {
    fields[name] = choice;
  });
  return fields;
}

/// All but files and digest.
json contentFields(const BundleManifest &manifest) {
  json kernels = json::array();
  for (const BundledKernel &kernel : manifest.kernels) {
    json fields = requestFields(kernel.request);
    fields["symbol"] = kernel.symbol;
    fields["key"] = kernel.key;
    fields["object_sha256"] = kernel.objectHash;
    fields["schedule"] = scheduleFields(kernel.schedule);
    kernels.push_back(std::move(fields));
  }
  return {{"version", kManifestVersion},
          {"abi", manifest.abiVersion},
          {"name", manifest.name},
          {"compiler", manifest.compiler},
          {"target",
           {{"triple", manifest.triple},
            {"cpu", manifest.cpu},
            {"lanes", manifest.lanes},
            {"cpu_features", manifest.features}}},
          {"kernels", std::move(kernels)}};
}

Level readLevel(JsonFields &fields) {
  std::string name = fields.string("level");
  for (Level level : kAllLevels)
    if (name == levelName(level))
      return level;
  fields.fail("level", "is " + quotedText(name) +
                           R"(, must be "stream" or "specialised")");
}

Operation readOperation(JsonFields &fields) {
  std::string name = fields.string("operation");
  for (Operation operation : kAllOperations)
    if (name == operationName(operation))
      return operation;
  fields.fail("operation",
              "is " + quotedText(name) +
                  ", must be \"forward\", \"grad-input\" or \"grad-weight\"");
}

Fusion readFusion(JsonFields &fields) {
  Fusion fusion;
  for (const std::string &fused : fields.strings("fusion")) {
    bool known = false;
    Fusion::forEach(fusion, [&](std::string_view name, bool &wanted) {
      known |= name == fused;
      wanted |= name == fused;
    });
    if (!known)
      fields.fail("fusion", quotedText(fused) +
                                " is not something this runtime's kernels "
                                "fuse");
  }
  return fusion;
}

void readChoice(JsonFields &fields, const char *name, bool &choice) {
  choice = fields.boolean(name);
}

void readChoice(JsonFields &fields, const char *name, int64_t &choice) {
  choice = fields.integer(name);
  if (choice < 1 || choice > kMaxScheduleExtent)
    fields.fail(name, "is " + std::to_string(choice) +
                          ", must be between 1 and " +
                          std::to_string(kMaxScheduleExtent));
}

Schedule readSchedule(JsonFields fields) {
  Schedule schedule;
  schedule.level = readLevel(fields);
  Schedule::forEach(schedule, [&](const char *name, auto &choice) {
    readChoice(fields, name, choice);
  });
  fields.refuseUnread();
  return schedule;
}

BundledKernel readKernel(JsonFields &fields, const std::string &where,
                         int64_t lanes) {
  BundledKernel kernel;
  kernel.request.operation = readOperation(fields);
  Descriptor layer = parseLayer(fields.present("layer").dump(), where);
  kernel.request.geometry = layer.geometry;
  kernel.request.structure = layer.structure;
  kernel.request.fusion = readFusion(fields);
  kernel.request.level = readLevel(fields);
  kernel.symbol = fields.string("symbol");
  kernel.key = fields.string("key");
  kernel.objectHash = fields.string("object_sha256");
  kernel.schedule = readSchedule(fields.object("schedule"));
  fields.refuseUnread();
  if (kernel.schedule.lanes != lanes)
    fields.fail("schedule.lanes",
                "is " + std::to_string(kernel.schedule.lanes) +
                    ", the target has " + std::to_string(lanes));
  try {
    StreamLayout(kernel.request.operation, kernel.request.geometry,
                 kernel.request.structure, kernel.schedule);
  } catch (const InternalError &) {
    fields.fail("schedule", "does not fit the layer");
  }
  return kernel;
}

/// Versions come first: what follows means something only under them.
void verifyVersions(JsonFields &fields) {
  int64_t version = fields.integer("version");
  if (version != kManifestVersion)
    fields.fail("version", "is " + std::to_string(version) +
                               ", this runtime reads version " +
                               std::to_string(kManifestVersion));
  int64_t abi = fields.integer("abi");
  if (abi != LACUNA_KERNEL_ABI_VERSION)
    fields.fail("abi", "is " + std::to_string(abi) +
                           ", this runtime calls kernels of ABI " +
                           std::to_string(LACUNA_KERNEL_ABI_VERSION) +
                           "; compile the bundle with the Lacuna that the "
                           "runtime comes from");
}

/// Reading again what was written must give the same text, so this also
/// refuses edits that parse.
void verifyDigest(JsonFields &fields, const BundleManifest &manifest) {
  if (fields.string("digest") != manifestDigest(manifest))
    fields.fail("digest", "does not match the content: the manifest was edited "
                          "or damaged; compile the bundle anew");
}

} // namespace

bool isIdentifier(std::string_view name) {
  auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  auto digit = [](char c) { return c >= '0' && c <= '9'; };
  return !name.empty() && letter(name[0]) &&
         std::all_of(name.begin(), name.end(),
                     [&](char c) { return letter(c) || digit(c); });
}

std::string requestText(const KernelRequest &request) {
  return requestFields(request).dump();
}

std::string manifestDigest(const BundleManifest &manifest) {
  return sha256(contentFields(manifest).dump());
}

std::string formatManifest(const BundleManifest &manifest) {
  json fields = contentFields(manifest);
  fields["digest"] = manifestDigest(manifest);
  fields["files"] = json::object();
  for (const auto &[name, file] : manifest.files)
    fields["files"][name] = {{"bytes", file.bytes}, {"sha256", file.hash}};
  return fields.dump(1) + "\n";
}

std::vector<std::string> listedFiles(std::string_view text,
                                     const std::string &where) {
  JsonDocument document = parseJson(text, where, {}, kMaxManifestValues);
  JsonFields fields(document.root, where, "");
  fields.integer("version");
  fields.integer("abi");
  fields.string("digest");
  JsonFields files = fields.object("files");
  for (const std::string &name : files.names())
    if (name.empty() || name[0] == '.' || name.find('/') != std::string::npos)
      files.fail(name, "is not the name of a file in the bundle's folder");
  return files.names();
}

BundleManifest parseManifest(std::string_view text, const std::string &where) {
  JsonDocument document = parseJson(text, where, {}, kMaxManifestValues);
  JsonFields fields(document.root, where, "");
  verifyVersions(fields);
  BundleManifest manifest;
  manifest.name = fields.string("name");
  if (!isIdentifier(manifest.name))
    fields.fail("name", "is " + quotedText(manifest.name) +
                            ", must be an identifier of C");
  manifest.compiler = fields.string("compiler");
  JsonFields target = fields.object("target");
  manifest.triple = target.string("triple");
  manifest.cpu = target.string("cpu");
  manifest.lanes = target.integer("lanes");
  manifest.features = target.strings("cpu_features");
  target.refuseUnread();
  if (manifest.lanes < 1 || manifest.lanes > kMaxLanes)
    target.fail("lanes", "is " + std::to_string(manifest.lanes) +
                             ", must be between 1 and " +
                             std::to_string(kMaxLanes));
  for (JsonFields &kernel : fields.objects("kernels"))
    manifest.kernels.push_back(
        readKernel(kernel,
                   where + ": kernels[" +
                       std::to_string(manifest.kernels.size()) + "].layer",
                   manifest.lanes));
  JsonFields files = fields.object("files");
  for (const std::string &name : files.names()) {
    JsonFields file = files.object(name);
    manifest.files[name] = {file.integer("bytes"), file.string("sha256")};
    file.refuseUnread();
  }
  verifyDigest(fields, manifest);
  fields.refuseUnread();
  return manifest;
}

} // namespace lacuna
