//===- CheckpointNetwork.cpp - Networks that were saved -------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Runtime/Export.h"

#include "lacuna/Kernel/Descriptor.h"
#include "lacuna/Runtime/Models.h"
#include "lacuna/Support/Error.h"

#include <algorithm>
#include <filesystem>

namespace lacuna {

namespace {

/// The layers of a network, of any shape of images, by which those of a
/// checkpoint are found.
std::vector<std::string> weightNames(const std::string &model) {
  constexpr int64_t kClasses = 10;
  Network network = makeModel(model, {3, 32, 32}, kClasses, Scheme::Dense);
  std::vector<std::string> names;
  for (const SparseLayer *layer : network.weightLayers())
    names.push_back(layer->weight().name());
  return names;
}

/// Layers that the model keeps dense are dense under every scheme, and linear
/// layers have blocks under the pattern scheme.
Scheme schemeOf(const std::vector<Descriptor> &layers) {
  for (Scheme scheme :
       {Scheme::Pattern, Scheme::Block, Scheme::Unstructured, Scheme::Channel})
    if (std::any_of(layers.begin(), layers.end(), [&](const Descriptor &layer) {
          return layer.structure.scheme == scheme;
        }))
      return scheme;
  return Scheme::Dense;
}

bool isKnown(const std::string &model) {
  std::vector<std::string> known = modelNames();
  return std::find(known.begin(), known.end(), model) != known.end();
}

/// The model that has these layers, in the order of the forward pass.
Network networkOf(const std::string &model, const ImageShape &input,
                  const std::vector<Descriptor> &layers) {
  const Descriptor &classifier = layers.back();
  Scheme scheme = schemeOf(layers);
  bool sparsifyAll = classifier.structure.scheme != Scheme::Dense;
  return makeModel(model, input, classifier.geometry.outChannels, scheme,
                   /*fuse=*/true, sparsifyAll);
}

SavedNetwork loadExport(const std::string &folder) {
  ExportManifest manifest = readManifest(folder);
  if (!isKnown(manifest.model))
    throw UserError(folder + "/" + kExportManifestFile + ": model: '" +
                    manifest.model + "' is no model that comes with Lacuna");
  std::vector<Descriptor> layers;
  for (const std::string &name : weightNames(manifest.model))
    layers.push_back(loadDescriptor(folder + "/" + name + ".json"));
  Network network = networkOf(manifest.model, manifest.input, layers);
  importNetwork(folder, network, /*sameDensity=*/false);
  return {std::move(network), std::move(manifest.images)};
}

} // namespace

Network loadNetwork(Checkpoint &checkpoint) {
  std::string model = checkpoint.text("trainer.model");
  if (!isKnown(model))
    throw UserError(checkpoint.path() + ": trainer.model: '" + model +
                    "' is no model that comes with Lacuna; build the network "
                    "and load the checkpoint into it (docs/cpp.md)");
  std::vector<Descriptor> layers;
  for (const std::string &name : weightNames(model)) {
    std::string field = name + ".layer";
    layers.push_back(
        parseLayer(checkpoint.text(field), checkpoint.path() + ": " + field));
  }
  Network network = networkOf(model, savedInput(checkpoint), layers);
  // No optimiser has given it state, so what one kept is left out.
  checkpoint.load([&](StateVisitor &state) { network.visitState(state); },
                  Checkpoint::Rest::Ignored);
  return network;
}

ImageShape savedInput(Checkpoint &checkpoint) {
  ImageShape shape;
  checkpoint.load(
      [&](StateVisitor &state) {
        StateVisitor::Scope scope(state, "trainer");
        state.scalar("input_channels", shape.channels);
        state.scalar("input_height", shape.height);
        state.scalar("input_width", shape.width);
      },
      Checkpoint::Rest::Ignored);
  return shape;
}

Normalisation savedNormalisation(Checkpoint &checkpoint) {
  Normalisation images;
  auto number = [](const char *field, size_t channel) {
    return "trainer." + std::string(field) + std::to_string(channel);
  };
  for (size_t channel = 0;
       checkpoint.contents().metadata().count(number("mean", channel)) > 0;
       ++channel) {
    images.mean.emplace_back();
    images.deviation.emplace_back();
    checkpoint.load(
        [&](StateVisitor &state) {
          state.scalar(number("mean", channel), images.mean.back());
          state.scalar(number("deviation", channel), images.deviation.back());
        },
        Checkpoint::Rest::Ignored);
  }
  try {
    images.verify(savedInput(checkpoint).channels);
  } catch (const UserError &error) {
    throw UserError(checkpoint.path() + ": trainer." + error.what());
  }
  return images;
}

SavedNetwork loadSavedNetwork(const std::string &path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error))
    return loadExport(path);
  if (std::filesystem::is_regular_file(path, error) &&
      !startsAsCheckpoint(path))
    throw UserError(path + ": is neither a checkpoint nor the folder of an "
                           "exported network; lacuna import makes such a "
                           "folder of an .npz archive");
  Checkpoint checkpoint(path);
  Network network = loadNetwork(checkpoint);
  return {std::move(network), savedNormalisation(checkpoint)};
}

} // namespace lacuna
