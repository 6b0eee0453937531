//===- Npz.h - NumPy archives of arrays -------------------------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A .npz file is a zip archive of .npy files, as numpy.savez_compressed writes
// it and numpy.load reads it. The arrays are those of Npy.h.
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_SUPPORT_NPZ_H
#define LACUNA_SUPPORT_NPZ_H

#include "lacuna/Support/Npy.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace lacuna {

/// Builds an archive in memory, array by array, compressed. The same arrays
/// make the same bytes.
class NpzWriter {
public:
  NpzWriter();
  ~NpzWriter();

  /// Names are unique and end up without the .npy of the archive's files.
  void add(const std::string &name, const NpyArray &array);
  /// The bytes of the archive; nothing can be added after that.
  std::string finish();

private:
  struct Archive;
  std::unique_ptr<Archive> archive;
};

/// An untrusted archive open for reading, one array at a time.
class NpzFile {
public:
  /// Throws UserError naming the file.
  explicit NpzFile(const std::string &path);
  ~NpzFile();

  const std::string &path() const { return name; }
  /// Sorted.
  std::vector<std::string> names() const;
  bool contains(const std::string &array) const;
  /// Throws UserError naming file and array if there is none of this name or it
  /// is damaged.
  NpyArray read(const std::string &array);

private:
  struct Archive;
  std::string name;
  std::unique_ptr<Archive> archive;
};

} // namespace lacuna

#endif // LACUNA_SUPPORT_NPZ_H
