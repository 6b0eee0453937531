//===- Bundle.h - Kernels compiled offline ----------------------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `lacuna compile` writes a bundle on a workstation; a device trains from it
// with no compiler on board. docs/offline.md specifies the files.
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_RUNTIME_BUNDLE_H
#define LACUNA_RUNTIME_BUNDLE_H

#include "lacuna/Kernel/BundleAbi.h"
#include "lacuna/Runtime/KernelProvider.h"

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace lacuna {

/// The version of the manifest this code reads and writes.
inline constexpr int kManifestVersion = 2;
/// The manifest of a bundle, in its folder.
inline constexpr char kManifestFile[] = "manifest.json";
inline constexpr int64_t kMaxManifestBytes = int64_t(64) << 20;

/// One kernel of a bundle: the request it answers, and what the packer needs.
struct BundledKernel {
  KernelRequest request;
  Schedule schedule;
  std::string symbol;
  std::string key;        ///< Kernel key: see docs/kernels.md.
  std::string objectHash; ///< SHA-256 of the object it was linked from.
};

struct BundledFile {
  int64_t bytes = 0;
  std::string hash; ///< SHA-256.
};

struct BundleManifest {
  std::string name;
  int64_t abiVersion = LACUNA_KERNEL_ABI_VERSION;
  std::string compiler; ///< Who made it, for people.
  std::string triple, cpu;
  int64_t lanes = 0;
  std::vector<std::string> features; ///< Of knownCpuFeatures().
  std::vector<BundledKernel> kernels;
  /// By name in the bundle's folder; not part of the digest. Empty in the copy
  /// that is linked into the code.
  std::map<std::string, BundledFile> files;
};

/// Whether a bundle may have this name: it becomes part of C names.
bool isIdentifier(std::string_view name);

/// Names a request in full: equal texts, equal requests.
std::string requestText(const KernelRequest &request);

/// The canonical text, with a SHA-256 digest of all but the files.
std::string formatManifest(const BundleManifest &manifest);
/// Parses and verifies untrusted text. Throws UserError naming `where` and the
/// field, also when the text was edited after it was written.
BundleManifest parseManifest(std::string_view text, const std::string &where);
/// Names of the files that a manifest lists, whatever its version and ABI: it
/// may be older than this code. Untrusted text; every name is one of the
/// manifest's own folder. Throws UserError naming `where` when it is no
/// manifest.
std::vector<std::string> listedFiles(std::string_view text,
                                     const std::string &where);
/// The digest in a manifest that parseManifest accepts.
std::string manifestDigest(const BundleManifest &manifest);

struct BundleOptions {
  /// Throw for a structure that the bundle has no kernel for, where the default
  /// is to use the bundle's stream kernel for the layer, and warn once.
  bool strict = false;
};

/// Kernels of a bundle linked into this program. Throws UserError for a bundle
/// of another ABI or architecture, EnvironmentError when this CPU lacks what
/// its code needs.
std::unique_ptr<KernelProvider> linkedBundle(const lacuna_bundle &bundle,
                                             const BundleOptions &options = {});

/// Kernels of a bundle's shared object, which is loaded after its manifest and
/// its bytes have been verified. `directory` is that of the manifest. Throws
/// like linkedBundle().
std::unique_ptr<KernelProvider> openBundle(const std::string &directory,
                                           const BundleOptions &options = {});

} // namespace lacuna

#endif // LACUNA_RUNTIME_BUNDLE_H
