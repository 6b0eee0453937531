//===- Import.cpp - Weights from elsewhere --------------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Runtime/Import.h"

#include "ExportFolder.h"

#include "lacuna/Runtime/InitialMask.h"
#include "lacuna/Support/Endings.h"
#include "lacuna/Support/Error.h"

#include <cmath>
#include <map>
#include <set>

namespace lacuna {

namespace {

using Weights = std::map<std::string, const SparseParameter *>;

Weights weightsOf(const Network &network) {
  Weights weights;
  for (const SparseLayer *layer : network.weightLayers())
    weights.emplace(layer->weight().name(), &layer->weight());
  return weights;
}

/// Lists what an export of the network that it visits would hold.
class Listing : public StateVisitor {
public:
  explicit Listing(Weights weights) : weights(std::move(weights)) {}

  bool loading() const override { return false; }

  std::vector<NetworkArray> arrays;

protected:
  void visitArray(const std::string &name, StateType type, void * /*elements*/,
                  int64_t count) override {
    if (type != StateType::F32)
      return;
    if (endsWith(name, kMean) || endsWith(name, kVariance))
      arrays.push_back({name, {count}});
    if (!endsWith(name, kValues))
      return;
    std::string parameter = withoutEnding(name, kValues);
    auto weight = weights.find(parameter);
    arrays.push_back(
        {parameter, weight == weights.end()
                        ? std::vector<int64_t>{count}
                        : weight->second->geometry().weightShape()});
  }

  int64_t storedCount(const std::string &, StateType, int64_t) override {
    throw InternalError("nothing is stored in a list of arrays");
  }
  void visitText(const std::string &, std::string &) override {}
  void visitExpected(const std::string &, const std::string &,
                     const char *) override {}
  [[noreturn]] void fail(const std::string &name,
                         const std::string &message) const override {
    throw InternalError(name + ": " + message);
  }

private:
  Weights weights;
};

/// What PyTorch calls an array; the same name where it has no other.
std::string nameInPyTorch(const std::string &name) {
  static constexpr std::pair<std::string_view, std::string_view> kEndings[] = {
      {".gamma", ".weight"}, {".beta", ".bias"}, {kVariance, ".running_var"}};
  for (const auto &[ours, theirs] : kEndings)
    if (endsWith(name, ours))
      return withoutEnding(name, ours) + std::string(theirs);
  return name;
}

/// The first of many, for a message.
std::string someOf(const std::vector<std::string> &names) {
  constexpr size_t kShown = 3;
  std::string text;
  for (size_t i = 0; i < std::min(kShown, names.size()); ++i)
    text += (i == 0 ? "" : ", ") + names[i];
  if (names.size() > kShown)
    text += " and " + std::to_string(names.size() - kShown) + " more";
  return text;
}

/// Where the archive has each array of the network. Refuses an archive that is
/// not of this network, saying at once all that does not fit.
std::vector<std::string> namesIn(const NpzFile &archive,
                                 const std::vector<NetworkArray> &arrays,
                                 const std::string &model) {
  std::vector<std::string> names, lacking, unknown;
  std::set<std::string> taken;
  for (const auto &[name, shape] : arrays) {
    std::string theirs = nameInPyTorch(name);
    names.push_back(archive.contains(name) ? name : theirs);
    if (!archive.contains(names.back()))
      lacking.push_back(name + (theirs == name ? "" : " (or " + theirs + ")"));
    taken.insert(names.back());
  }
  for (const std::string &name : archive.names())
    if (taken.count(name) == 0 && !endsWith(name, ".num_batches_tracked"))
      unknown.push_back(name);
  if (lacking.empty() && unknown.empty())
    return names;
  std::string problem;
  if (!lacking.empty())
    problem += " lacks " + someOf(lacking);
  if (!unknown.empty())
    problem += (lacking.empty() ? " has " : ", and has ") + someOf(unknown) +
               ", which " + model + " has no place for";
  throw UserError(archive.path() + ":" + problem +
                  "; rename its arrays to what `lacuna import --names` lists");
}

/// That of the archive by this name, in the place of `wanted`.
NpyArray readArray(NpzFile &archive, const std::string &name,
                   const NetworkArray &wanted) {
  const std::vector<int64_t> &shape = wanted.second;
  NpyArray array = archive.read(name);
  std::string where = archive.path() + ": " + name + ": ";
  if (array.shape != shape)
    throw UserError(where + "has shape " + formatShape(array.shape) +
                    ", must have " + formatShape(shape));
  for (size_t i = 0; i < array.data.size(); ++i) {
    if (!std::isfinite(array.data[i]))
      throw UserError(where + "element " + std::to_string(i) +
                      " is not finite");
    if (array.data[i] < 0 && endsWith(wanted.first, kVariance))
      throw UserError(where + "element " + std::to_string(i) + " is " +
                      std::to_string(array.data[i]) + ", must be at least 0");
  }
  return array;
}

ActiveSet chooseUnits(const SparseParameter &parameter, ImportedUnits units,
                      const std::vector<float> &weights) {
  switch (units) {
  case ImportedUnits::NonZero:
    return nonzeroUnits(parameter, weights);
  case ImportedUnits::Largest:
    return largestWeights(parameter, weights, parameter.activeUnits());
  case ImportedUnits::Held:
    return parameter.active();
  }
  throw InternalError("unknown choice of units");
}

/// Leaves zeros where nothing is active. Returns the first position that held
/// something else, or -1.
int64_t dropInactive(std::vector<float> &weights, const Descriptor &layer) {
  std::vector<float> kept(weights.size());
  for (uint32_t i : layer.active.positions(layer.geometry, layer.structure))
    kept[i] = weights[i];
  kept.swap(weights);
  for (size_t i = 0; i < kept.size(); ++i)
    if (kept[i] != 0 && weights[i] == 0)
      return static_cast<int64_t>(i);
  return -1;
}

} // namespace

std::vector<NetworkArray> networkArrays(Network &network) {
  Listing listing(weightsOf(network));
  network.visitState(listing);
  return std::move(listing.arrays);
}

void importWeights(const std::string &archivePath, Network &network,
                   ImportedUnits units, const ExportManifest &manifest,
                   const std::string &folder) {
  NpzFile archive(archivePath);
  std::vector<NetworkArray> arrays = networkArrays(network);
  std::vector<std::string> names = namesIn(archive, arrays, network.name());
  Weights weights = weightsOf(network);
  // All is read before anything is written: what the folder has may be all
  // there is.
  std::vector<NpyArray> values;
  std::map<size_t, Descriptor> layers;
  for (size_t i = 0; i < arrays.size(); ++i) {
    values.push_back(readArray(archive, names[i], arrays[i]));
    auto weight = weights.find(arrays[i].first);
    if (weight == weights.end())
      continue;
    const SparseParameter &parameter = *weight->second;
    Descriptor layer{parameter.geometry(), parameter.structure(),
                     chooseUnits(parameter, units, values[i].data)};
    int64_t dropped = dropInactive(values[i].data, layer);
    if (units == ImportedUnits::NonZero && dropped >= 0)
      throw UserError(archivePath + ": " + names[i] + ": element " +
                      std::to_string(dropped) +
                      " is not zero, and no pattern holds it with the other "
                      "weights of its kernel; give a sparsity, or another "
                      "scheme");
    layers.emplace(i, std::move(layer));
  }
  ExportFolder writer(folder);
  for (size_t i = 0; i < arrays.size(); ++i)
    if (auto layer = layers.find(i); layer != layers.end())
      writer.addLayer(arrays[i].first, layer->second, values[i]);
    else
      writer.addList(arrays[i].first, values[i]);
  writer.finish(manifest);
}

} // namespace lacuna
