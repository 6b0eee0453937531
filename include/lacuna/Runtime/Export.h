//===- Export.h - Networks as descriptors and arrays ------------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An exported network is a folder (docs/checkpoint.md): a descriptor for the
// weights of each layer, all values in weights.npz, and model.json, which is
// written last and holds the sizes and checksums of the others.
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_RUNTIME_EXPORT_H
#define LACUNA_RUNTIME_EXPORT_H

#include "lacuna/Runtime/Checkpoint.h"
#include "lacuna/Runtime/DataSet.h"
#include "lacuna/Runtime/Network.h"

#include <string>
#include <vector>

namespace lacuna {

inline constexpr char kExportManifestFile[] = "model.json";

/// What model.json says, its files verified.
struct ExportManifest {
  std::string model;    ///< As makeModel() names it.
  std::string data;     ///< What it was trained on.
  int epochs = 0;       ///< Trained.
  ImageShape input;     ///< Of the images that it takes.
  Normalisation images; ///< As they were given to it.
  std::vector<std::string> files;
};

/// Writes the network of a checkpoint as it stands, weights dense with zeros
/// where nothing is active; nothing of what its method keeps. Makes the folder.
/// Throws UserError when the checkpoint does not hold a network,
/// EnvironmentError when a file cannot be written.
void exportNetwork(Checkpoint &checkpoint, const std::string &folder);

/// The network of a checkpoint as it stands: model, shape of the images and
/// scheme follow from what was saved. Throws UserError where that is no model
/// of makeModel(), or the layers saved are not its.
Network loadNetwork(Checkpoint &checkpoint);

/// The shape of the images that the network of a checkpoint takes.
ImageShape savedInput(Checkpoint &checkpoint);

/// What the run of a checkpoint took from its pixels, and divided them by.
/// Throws UserError where it is not of the network's channels.
Normalisation savedNormalisation(Checkpoint &checkpoint);

/// A network to bind and run, and how images are given to it.
struct SavedNetwork {
  Network network;
  Normalisation images;
};

/// That of a checkpoint, or of the folder of an export. Throws UserError as
/// loadNetwork() and importNetwork() do.
SavedNetwork loadSavedNetwork(const std::string &path);

/// Reads model.json and verifies size and checksum of every file it names.
/// Throws UserError naming file and field where one is missing, of another
/// type, or unknown.
ExportManifest readManifest(const std::string &folder);

/// Gives a network the active sets, weights, norms and biases of an export.
/// Reads no file that model.json does not name. What the optimiser keeps is
/// zero. The network must be of the same model and schemes, and with
/// `sameDensity` hold as many active units in each layer. Throws UserError
/// naming file and field. Kernels must be packed anew after it.
void importNetwork(const std::string &folder, Network &network,
                   bool sameDensity);

} // namespace lacuna

#endif // LACUNA_RUNTIME_EXPORT_H
