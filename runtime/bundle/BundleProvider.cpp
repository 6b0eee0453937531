//===- BundleProvider.cpp - Kernels compiled offline ----------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Runtime/Bundle.h"

#include "lacuna/Runtime/CpuFeatures.h"
#include "lacuna/Support/Error.h"
#include "lacuna/Support/Files.h"
#include "lacuna/Support/Sha256.h"

#include <cstdio>
#include <dlfcn.h>
#include <mutex>
#include <set>

namespace lacuna {

namespace {

constexpr int64_t kMaxLibraryBytes = int64_t(1) << 30;

void verifyMachine(const BundleManifest &manifest, const std::string &where) {
  if (architectureOf(manifest.triple) != hostArchitecture())
    throw UserError(where + ": target.triple: the kernels are for " +
                    manifest.triple + ", this program runs on " +
                    std::string(hostArchitecture()));
  for (const std::string &feature : manifest.features)
    if (!cpuHasFeature(feature))
      throw EnvironmentError(
          where + ": target.cpu_features: the kernels, compiled for " +
          manifest.cpu + ", need " + feature +
          ", which this CPU lacks; compile the bundle for this CPU");
}

/// A request in a few words, for messages.
std::string summaryOf(const KernelRequest &request) {
  const Geometry &g = request.geometry;
  auto pair = [](const Extent2d &e) {
    return std::to_string(e.height) + "x" + std::to_string(e.width);
  };
  std::string text = std::string(operationName(request.operation)) + " of a " +
                     std::to_string(g.inChannels) + "->" +
                     std::to_string(g.outChannels);
  text += g.kind == LayerKind::Linear
              ? " linear layer"
              : " " + pair(g.kernel) + " convolution on " + pair(g.input) +
                    " by strides of " + pair(g.stride);
  text += ", scheme " + std::string(schemeName(request.structure.scheme));
  if (request.structure.scheme == Scheme::Block)
    text += " of " + std::to_string(request.structure.blockRows) + " rows";
  if (request.structure.scheme == Scheme::Pattern)
    text += " with " + std::to_string(request.structure.patterns.size()) +
            " pattern(s)";
  Fusion::forEach(request.fusion, [&](const char *name, bool fused) {
    if (fused)
      text += std::string(", ") + name;
  });
  return text;
}

class BundleProvider : public KernelProvider {
public:
  /// `code` keeps the table loaded.
  BundleProvider(const lacuna_bundle &table, BundleManifest read,
                 const std::string &where, const BundleOptions &options,
                 std::shared_ptr<void> code)
      : manifest(std::move(read)), where(where), options(options),
        code(std::move(code)) {
    std::map<std::string, lacuna_kernel_fn> entries;
    for (uint32_t i = 0; i < table.kernel_count; ++i)
      entries[table.kernels[i].symbol] = table.kernels[i].entry;
    for (const BundledKernel &kernel : manifest.kernels) {
      auto entry = entries.find(kernel.symbol);
      if (entry == entries.end())
        throw UserError(where + ": has no code for the kernel " +
                        kernel.symbol + " that its manifest lists");
      if (!known
               .emplace(requestText(kernel.request),
                        Known{&kernel, entry->second})
               .second)
        throw UserError(where + ": kernels: " + kernel.symbol +
                        " answers the same request as another");
    }
  }

  int64_t lanes() const override { return manifest.lanes; }

  std::shared_ptr<const Kernel> get(const KernelRequest &request) override {
    std::string text = requestText(request);
    std::lock_guard<std::mutex> lock(mutex);
    if (auto made = kernels.find(text); made != kernels.end()) {
      ++counters.memoryHits;
      return made->second;
    }
    auto found = known.find(text);
    std::shared_ptr<const Kernel> kernel =
        found != known.end() ? makeKernel(found->second, request)
                             : makeKernel(streamKernel(request), request);
    kernels.emplace(std::move(text), kernel);
    return kernel;
  }

  ProviderStatistics statistics() const override {
    std::lock_guard<std::mutex> lock(mutex);
    return counters;
  }

private:
  struct Known {
    const BundledKernel *kernel;
    lacuna_kernel_fn entry;
  };

  /// The code of the stream level walks any active set of the layer, one weight
  /// at a time, whatever its scheme.
  const Known &streamKernel(const KernelRequest &request) {
    KernelRequest any = request;
    any.structure = Structure::unstructured();
    any.level = Level::Stream;
    auto found = known.find(requestText(any));
    std::string missing = where + ": has no kernel for " + summaryOf(request);
    if (found == known.end())
      throw UserError(missing +
                      ", nor a stream kernel for such a layer; compile the "
                      "bundle for this model" +
                      (servesUnfused(request) || servesUnfused(any)
                           ? ", or build the network with .fusion(false): the "
                             "bundle has this layer unfused"
                           : ""));
    if (options.strict)
      throw UserError(missing + "; compile one, or do without strict to use "
                                "the slower stream kernel");
    ++counters.fallbacks;
    std::fprintf(stderr, "warning: %s; using the stream kernel %s\n",
                 missing.c_str(), found->second.kernel->symbol.c_str());
    return found->second;
  }

  /// Whether the layer of a request is there with nothing but its bias fused.
  bool servesUnfused(KernelRequest request) const {
    bool bias = request.fusion.bias;
    request.fusion = {};
    request.fusion.bias = bias;
    return known.count(requestText(request)) > 0;
  }

  std::shared_ptr<const Kernel> makeKernel(const Known &found,
                                           const KernelRequest &request) const {
    const BundledKernel &kernel = *found.kernel;
    return std::make_shared<Kernel>(
        Kernel{kernel.key, kernel.symbol,
               StreamLayout(request.operation, request.geometry,
                            request.structure, kernel.schedule),
               request.fusion, found.entry, code});
  }

  BundleManifest manifest;
  std::string where;
  BundleOptions options;
  std::shared_ptr<void> code;
  std::map<std::string, Known> known;
  mutable std::mutex mutex;
  std::map<std::string, std::shared_ptr<const Kernel>> kernels;
  ProviderStatistics counters;
};

/// Refuses a table whose fields this code does not know before reading them.
void verifyTable(const lacuna_bundle &table, const std::string &where) {
  if (table.abi_version != LACUNA_KERNEL_ABI_VERSION)
    throw UserError(where + ": abi: is " + std::to_string(table.abi_version) +
                    ", this runtime calls kernels of ABI " +
                    std::to_string(LACUNA_KERNEL_ABI_VERSION) +
                    "; compile the bundle with the Lacuna that the runtime "
                    "comes from");
}

std::string libraryName(const BundleManifest &manifest,
                        const std::string &where) {
  std::string name = "lib" + manifest.name + ".so";
  if (manifest.files.count(name) == 0)
    throw UserError(where + ": files: has no " + name +
                    " to load; compile with --emit=shared, or link the archive "
                    "and use linkedBundle()");
  return name;
}

/// Bytes are verified before they are loaded: loading runs nothing of ours, but
/// a truncated object may take the process down.
void verifyLibrary(const std::string &path, const BundledFile &expected) {
  std::string bytes = readFile(path, kMaxLibraryBytes);
  if (int64_t(bytes.size()) != expected.bytes)
    throw UserError(path + ": has " + std::to_string(bytes.size()) +
                    " bytes, the manifest says " +
                    std::to_string(expected.bytes) +
                    ": it is truncated or not of this bundle");
  if (sha256(bytes) != expected.hash)
    throw UserError(path + ": its SHA-256 is not the manifest's: it is damaged "
                           "or not of this bundle");
}

} // namespace

std::unique_ptr<KernelProvider> linkedBundle(const lacuna_bundle &bundle,
                                             const BundleOptions &options) {
  std::string where = "linked bundle";
  verifyTable(bundle, where);
  BundleManifest manifest = parseManifest(bundle.manifest, where);
  where += " " + manifest.name;
  verifyMachine(manifest, where);
  return std::make_unique<BundleProvider>(bundle, std::move(manifest), where,
                                          options, nullptr);
}

std::unique_ptr<KernelProvider> openBundle(const std::string &directory,
                                           const BundleOptions &options) {
  std::string where = directory + "/" + kManifestFile;
  BundleManifest manifest =
      parseManifest(readFile(where, kMaxManifestBytes), where);
  verifyMachine(manifest, where);
  std::string name = libraryName(manifest, where);
  std::string path = directory + "/" + name;
  verifyLibrary(path, manifest.files.at(name));

  // A name without a slash would be looked for in the system's folders.
  std::string loadable = path[0] == '/' ? path : "./" + path;
  std::shared_ptr<void> code(dlopen(loadable.c_str(), RTLD_NOW | RTLD_LOCAL),
                             [](void *handle) {
                               if (handle)
                                 dlclose(handle);
                             });
  if (!code)
    throw EnvironmentError(path + ": cannot be loaded: " + dlerror());
  std::string symbol = manifest.name + "_bundle";
  auto table =
      static_cast<const lacuna_bundle *>(dlsym(code.get(), symbol.c_str()));
  if (!table)
    throw UserError(path + ": does not define " + symbol);
  verifyTable(*table, path);
  if (manifestDigest(parseManifest(table->manifest, path)) !=
      manifestDigest(manifest))
    throw UserError(path + ": holds the manifest of another bundle than " +
                    where);
  return std::make_unique<BundleProvider>(*table, std::move(manifest), where,
                                          options, std::move(code));
}

} // namespace lacuna
