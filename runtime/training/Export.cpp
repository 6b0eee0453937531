//===- Export.cpp - Networks as descriptors and arrays --------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Runtime/Export.h"

#include "../formats/JsonFields.h"
#include "ExportFolder.h"

#include "lacuna/Runtime/Method.h"
#include "lacuna/Support/Crc32.h"
#include "lacuna/Support/Endings.h"
#include "lacuna/Support/Error.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <limits>
#include <map>
#include <set>

namespace lacuna {

namespace {

constexpr int64_t kMaxManifestBytes = int64_t(1) << 24;
constexpr int64_t kMaxFileBytes = int64_t(1) << 34;

constexpr std::string_view kLayer = ".layer", kMethod = "method.";

/// The descriptor of a parameter, verified.
Descriptor savedDescriptor(Checkpoint &checkpoint, const std::string &name) {
  std::string where = checkpoint.path() + ": " + name;
  Descriptor descriptor = parseLayer(
      checkpoint.text(name + std::string(kLayer)), where + std::string(kLayer));
  if (descriptor.structure.scheme != Scheme::Dense)
    descriptor.active.units = checkpoint.list<uint32_t>(name + ".active");
  if (descriptor.structure.scheme == Scheme::Pattern)
    descriptor.active.patternIds =
        checkpoint.list<uint8_t>(name + ".pattern_ids");
  try {
    descriptor.active.verify(descriptor.geometry, descriptor.structure);
  } catch (const UserError &error) {
    throw UserError(where + "." + error.what());
  }
  return descriptor;
}

NpyArray denseArray(Checkpoint &checkpoint, const std::string &name,
                    const Descriptor &descriptor) {
  std::vector<float> values =
      checkpoint.list<float>(name + std::string(kValues));
  std::vector<uint32_t> positions =
      descriptor.active.positions(descriptor.geometry, descriptor.structure);
  if (values.size() != positions.size())
    throw UserError(checkpoint.path() + ": " + name + ".values: has " +
                    std::to_string(values.size()) +
                    " elements, its active set has " +
                    std::to_string(positions.size()));
  NpyArray array;
  array.shape = descriptor.geometry.weightShape();
  array.data.assign(static_cast<size_t>(descriptor.geometry.weights()), 0.0f);
  for (size_t i = 0; i < positions.size(); ++i)
    array.data[positions[i]] = values[i];
  return array;
}

NpyArray listArray(Checkpoint &checkpoint, const std::string &name) {
  NpyArray array;
  array.data = checkpoint.list<float>(name);
  array.shape = {static_cast<int64_t>(array.data.size())};
  return array;
}

int64_t integerUpTo(JsonFields &fields, const std::string &name,
                    int64_t maximum) {
  int64_t value = fields.integer(name);
  if (value < 0 || value > maximum)
    fields.fail(name, "is " + std::to_string(value) +
                          ", must be between 0 and " + std::to_string(maximum));
  return value;
}

/// Reads an entry of model.json's files and verifies the file. Returns its
/// name.
std::string verifiedFile(JsonFields &entry, const std::string &folder) {
  std::string name = entry.string("name");
  if (name.empty() || name.find('/') != std::string::npos || name[0] == '.')
    entry.fail("name", "is " + quotedText(name) +
                           ", must be the name of a file in this folder");
  uint64_t bytes = uint64_t(integerUpTo(entry, "bytes", kMaxFileBytes));
  int64_t checksum =
      integerUpTo(entry, "crc32", std::numeric_limits<uint32_t>::max());
  entry.refuseUnread();
  std::string content = readFile(folder + "/" + name, kMaxFileBytes);
  if (content.size() != bytes ||
      addToCrc32(0, content.data(), content.size()) != checksum)
    throw UserError(folder + "/" + name +
                    ": is not the file that was exported: size or checksum "
                    "differ from " +
                    folder + "/" + kExportManifestFile);
  return name;
}

/// Loads from an export what it has, and starts the rest from zero. Only files
/// that were verified are read.
class Importer : public StateVisitor {
public:
  Importer(const std::string &folder, const ExportManifest &manifest)
      : folder(folder), files(manifest.files.begin(), manifest.files.end()),
        archive(verified(kExportArchive)) {}

  bool loading() const override { return true; }

  void refuseUnread() const {
    for (const std::string &name : archive.names())
      if (read.count(name) == 0)
        throw UserError(archive.path() + ": " + name +
                        ": belongs to no layer of this model");
    for (const std::string &name : files)
      if (name != kExportArchive &&
          descriptors.count(withoutEnding(name, kDescriptorEnding)) == 0)
        throw UserError(folder + "/" + name +
                        ": belongs to no layer of this model");
  }

protected:
  void visitExpected(const std::string &name, const std::string &value,
                     const char * /*remedy*/) override {
    if (!endsWith(name, kLayer))
      return;
    std::string parameter = withoutEnding(name, kLayer);
    Descriptor descriptor =
        loadDescriptor(verified(parameter + std::string(kDescriptorEnding)));
    if (formatLayer(descriptor.geometry, descriptor.structure) != value)
      fail(parameter, "is another layer than this model's, or of another "
                      "scheme; use the model and --scheme of the export");
    descriptors.emplace(parameter, std::move(descriptor));
  }

  int64_t storedCount(const std::string &name, StateType type,
                      int64_t /*maximum*/) override {
    if (endsWith(name, ".active") && type == StateType::U32)
      return int64_t(active(name, ".active").units.size());
    if (endsWith(name, ".pattern_ids") && type == StateType::U8)
      return int64_t(active(name, ".pattern_ids").patternIds.size());
    return 0;
  }

  void visitArray(const std::string &name, StateType type, void *elements,
                  int64_t count) override {
    size_t bytes = static_cast<size_t>(count * stateTypeBytes(type));
    if (type == StateType::U32 && endsWith(name, ".active"))
      std::copy_n(active(name, ".active").units.data(), count,
                  static_cast<uint32_t *>(elements));
    else if (type == StateType::U8 && endsWith(name, ".pattern_ids"))
      std::copy_n(active(name, ".pattern_ids").patternIds.data(), count,
                  static_cast<uint8_t *>(elements));
    else if (type == StateType::F32 && endsWith(name, kValues))
      takeValues(withoutEnding(name, kValues), static_cast<float *>(elements),
                 count);
    else if (type == StateType::F32 &&
             (endsWith(name, kMean) || endsWith(name, kVariance)))
      takeList(name, static_cast<float *>(elements), count);
    else
      std::memset(elements, 0, bytes);
  }

  void visitText(const std::string & /*name*/,
                 std::string & /*value*/) override {
    throw InternalError("an export holds no numbers of a run");
  }

  [[noreturn]] void fail(const std::string &name,
                         const std::string &message) const override {
    throw UserError(folder + ": " + name + ": " + message);
  }

private:
  std::string verified(const std::string &name) const {
    std::string path = folder + "/" + name;
    if (files.count(name) == 0)
      throw UserError(path + ": is not among the files of " + folder + "/" +
                      kExportManifestFile);
    return path;
  }

  const ActiveSet &active(const std::string &name, std::string_view end) {
    return descriptors.at(withoutEnding(name, end)).active;
  }

  void takeValues(const std::string &name, float *values, int64_t count) {
    auto found = descriptors.find(name);
    if (found == descriptors.end())
      return takeList(name, values, count);
    const Descriptor &descriptor = found->second;
    NpyArray array = archive.read(name);
    read.insert(name);
    if (array.shape != descriptor.geometry.weightShape())
      refuseShape(name, array, descriptor.geometry.weightShape());
    std::vector<uint32_t> positions =
        descriptor.active.positions(descriptor.geometry, descriptor.structure);
    verifyInvariant(int64_t(positions.size()) == count,
                    "an active set was not taken as it was read");
    for (size_t i = 0; i < positions.size(); ++i) {
      values[i] = array.data[positions[i]];
      array.data[positions[i]] = 0;
    }
    for (size_t i = 0; i < array.data.size(); ++i)
      if (array.data[i] != 0)
        throw UserError(archive.path() + ": " + name + ": element " +
                        std::to_string(i) +
                        " is not zero, although the descriptor says that it "
                        "is not active");
  }

  void takeList(const std::string &name, float *values, int64_t count) {
    NpyArray array = archive.read(name);
    read.insert(name);
    if (array.shape != std::vector<int64_t>{count})
      refuseShape(name, array, {count});
    std::copy(array.data.begin(), array.data.end(), values);
  }

  [[noreturn]] void refuseShape(const std::string &name, const NpyArray &array,
                                const std::vector<int64_t> &wanted) const {
    throw UserError(archive.path() + ": " + name + ": has shape " +
                    formatShape(array.shape) + ", must have " +
                    formatShape(wanted));
  }

  std::string folder;
  std::set<std::string> files;
  NpzFile archive;
  std::map<std::string, Descriptor> descriptors;
  std::set<std::string> read;
};

} // namespace

void exportNetwork(Checkpoint &checkpoint, const std::string &folder) {
  ExportManifest manifest;
  manifest.model = checkpoint.text("trainer.model");
  manifest.data = checkpoint.text("trainer.data");
  checkpoint.load(
      [&](StateVisitor &state) {
        state.scalar("trainer.epoch", manifest.epochs);
      },
      Checkpoint::Rest::Ignored);
  manifest.input = savedInput(checkpoint);
  manifest.images = savedNormalisation(checkpoint);

  ExportFolder writer(folder);
  std::set<std::string> described;
  for (const auto &[name, text] : checkpoint.contents().metadata()) {
    if (!endsWith(name, kLayer))
      continue;
    std::string parameter = withoutEnding(name, kLayer);
    // It becomes the name of a file.
    if (parameter[0] == '.' || parameter.find('/') != std::string::npos)
      throw UserError(checkpoint.path() + ": " + name +
                      ": is not the name of a layer");
    Descriptor descriptor = savedDescriptor(checkpoint, parameter);
    writer.addLayer(parameter, descriptor,
                    denseArray(checkpoint, parameter, descriptor));
    described.insert(parameter);
  }
  for (const auto &[name, entry] : checkpoint.contents().entries()) {
    if (name.rfind(kMethod, 0) == 0)
      continue;
    if (endsWith(name, kMean) || endsWith(name, kVariance))
      writer.addList(name, listArray(checkpoint, name));
    else if (endsWith(name, kValues) &&
             described.count(withoutEnding(name, kValues)) == 0)
      writer.addList(withoutEnding(name, kValues), listArray(checkpoint, name));
  }
  writer.finish(manifest);
}

ExportManifest readManifest(const std::string &folder) {
  std::error_code error;
  if (std::filesystem::is_regular_file(folder, error))
    throw UserError(folder + ": is a file, not the folder of an exported "
                             "network; lacuna export makes one of a "
                             "checkpoint, lacuna import of an .npz archive");
  std::string path = folder + "/" + kExportManifestFile;
  JsonDocument document =
      parseJson(readFile(path, kMaxManifestBytes), path, {});
  JsonFields fields(document.root, path, "");
  int64_t version = fields.integer("version");
  if (version != kExportVersion)
    fields.fail("version", "is " + std::to_string(version) +
                               ", this Lacuna reads version " +
                               std::to_string(kExportVersion));
  ExportManifest manifest;
  manifest.model = fields.string("model");
  manifest.data = fields.string("data");
  manifest.epochs = int(integerUpTo(fields, "epochs", kMaxEpochs));
  std::vector<int64_t> input = fields.integers("input");
  if (input.size() != 3)
    fields.fail("input", "must be channels, height and width");
  manifest.input = {input[0], input[1], input[2]};
  for (double mean : fields.numbers("mean"))
    manifest.images.mean.push_back(float(mean));
  for (double deviation : fields.numbers("deviation"))
    manifest.images.deviation.push_back(float(deviation));
  fields.verifying([&] { manifest.images.verify(manifest.input.channels); });
  std::set<std::string> names;
  for (JsonFields &entry : fields.objects("files")) {
    manifest.files.push_back(verifiedFile(entry, folder));
    if (!names.insert(manifest.files.back()).second)
      entry.fail("name", "is a file that is named twice");
  }
  fields.refuseUnread();
  return manifest;
}

void importNetwork(const std::string &folder, Network &network,
                   bool sameDensity) {
  ExportManifest manifest = readManifest(folder);
  if (manifest.model != network.name())
    throw UserError(folder + "/" + kExportManifestFile + ": model: is '" +
                    manifest.model + "', this run trains '" + network.name() +
                    "'");
  std::vector<int64_t> units;
  for (const SparseLayer *layer : network.weightLayers())
    units.push_back(layer->weight().activeUnits());
  Importer importer(folder, manifest);
  network.visitState(importer);
  importer.refuseUnread();
  for (size_t i = 0; i < units.size(); ++i) {
    const SparseParameter &weight = network.weightLayers()[i]->weight();
    if (sameDensity && weight.activeUnits() != units[i])
      throw UserError(folder + ": " + weight.name() + ": has " +
                      std::to_string(weight.activeUnits()) +
                      " active units, this run starts with " +
                      std::to_string(units[i]) +
                      "; use the method and sparsity of the export");
  }
}

} // namespace lacuna
