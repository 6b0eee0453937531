//===- ExportFolder.cpp - Writing an exported network ---------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ExportFolder.h"

#include "lacuna/Support/Crc32.h"
#include "lacuna/Support/Error.h"
#include "lacuna/Support/Files.h"

#include <filesystem>

namespace lacuna {

ExportFolder::ExportFolder(const std::string &folder) : folder(folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error)
    throw EnvironmentError(folder + ": cannot be made: " + error.message());
  removeAbandonedTemporaries(folder, "");
  // An export that is not whole has no manifest.
  std::filesystem::remove(folder + "/" + kExportManifestFile, error);
  if (error)
    throw EnvironmentError(folder + "/" + kExportManifestFile +
                           ": cannot be replaced: " + error.message());
}

void ExportFolder::addLayer(const std::string &name,
                            const Descriptor &descriptor,
                            const NpyArray &weights) {
  write(name + std::string(kDescriptorEnding), formatDescriptor(descriptor));
  archive.add(name, weights);
}

void ExportFolder::finish(const ExportManifest &manifest) {
  write(kExportArchive, archive.finish());
  const ImageShape &input = manifest.input;
  nlohmann::ordered_json content{
      {"version", kExportVersion},
      {"model", manifest.model},
      {"data", manifest.data},
      {"epochs", manifest.epochs},
      {"input", {input.channels, input.height, input.width}},
      {"mean", manifest.images.mean},
      {"deviation", manifest.images.deviation},
      {"files", files}};
  writeFileAtomically(folder + "/" + kExportManifestFile,
                      {content.dump(2) + "\n"});
}

void ExportFolder::write(const std::string &name, const std::string &bytes) {
  writeFileAtomically(folder + "/" + name, {bytes});
  files.push_back({{"name", name},
                   {"bytes", bytes.size()},
                   {"crc32", addToCrc32(0, bytes.data(), bytes.size())}});
}

} // namespace lacuna
