//===- ExportFolder.h - Writing an exported network -------------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_RUNTIME_TRAINING_EXPORTFOLDER_H
#define LACUNA_RUNTIME_TRAINING_EXPORTFOLDER_H

#include "lacuna/Kernel/Descriptor.h"
#include "lacuna/Runtime/Export.h"
#include "lacuna/Support/Npz.h"

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>

namespace lacuna {

inline constexpr int kExportVersion = 3;
inline constexpr char kExportArchive[] = "weights.npz";
inline constexpr std::string_view kDescriptorEnding = ".json";

/// How visitState() names what an export holds beside weights.
inline constexpr std::string_view kValues = ".values", kMean = ".running_mean",
                                  kVariance = ".running_variance";

/// Writes the files of an export one by one, and what it has written into the
/// manifest.
class ExportFolder {
public:
  /// Makes the folder. Throws EnvironmentError.
  explicit ExportFolder(const std::string &folder);

  /// The weights of a layer, dense, zero where nothing is active.
  void addLayer(const std::string &name, const Descriptor &descriptor,
                const NpyArray &weights);
  void addList(const std::string &name, const NpyArray &values) {
    archive.add(name, values);
  }
  /// Writes the archive, and then the manifest. The manifest's own files do not
  /// count.
  void finish(const ExportManifest &manifest);

private:
  void write(const std::string &name, const std::string &bytes);

  std::string folder;
  NpzWriter archive;
  nlohmann::ordered_json files = nlohmann::ordered_json::array();
};

} // namespace lacuna

#endif // LACUNA_RUNTIME_TRAINING_EXPORTFOLDER_H
