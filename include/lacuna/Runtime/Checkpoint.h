//===- Checkpoint.h - Training state in a file ------------------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One safetensors file; docs/checkpoint.md specifies what is in it.
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_RUNTIME_CHECKPOINT_H
#define LACUNA_RUNTIME_CHECKPOINT_H

#include "lacuna/Runtime/State.h"
#include "lacuna/Support/Safetensors.h"

#include <functional>
#include <string>
#include <vector>

namespace lacuna {

/// The version of the format this code reads and writes.
inline constexpr int kCheckpointVersion = 3;

using StateVisit = std::function<void(StateVisitor &)>;

/// Writes what `visit` visits. The file appears whole or not at all, the one it
/// replaces is kept as `path` + kPreviousSuffix, and what killed runs left of
/// earlier attempts is removed. Throws EnvironmentError.
void saveCheckpoint(const std::string &path, const StateVisit &visit);

/// Whether this file begins as a checkpoint does, whatever follows; no text and
/// no archive does.
bool startsAsCheckpoint(const std::string &path);

/// A checkpoint open for reading.
class Checkpoint {
public:
  /// Verifies the whole file: format, version, and the checksums of every text
  /// and array. Throws UserError naming file and field.
  explicit Checkpoint(const std::string &path);

  const std::string &path() const { return file.path(); }
  const SafetensorsFile &contents() const { return file; }

  /// A text or number, as it was saved. Throws UserError when it is missing.
  const std::string &text(const std::string &name) const;
  /// A whole array, which must be of this type.
  template <typename T> std::vector<T> list(const std::string &name) {
    std::vector<T> elements;
    load([&](StateVisitor &state) { state.list(name, elements, INT64_MAX); },
         Rest::Ignored);
    return elements;
  }

  /// What becomes of saved state that a visit does not ask for.
  enum class Rest { Refused, Ignored };
  /// Overwrites what `visit` visits. Throws UserError naming file and field.
  void load(const StateVisit &visit, Rest rest = Rest::Refused);

private:
  SafetensorsFile file;
};

} // namespace lacuna

#endif // LACUNA_RUNTIME_CHECKPOINT_H
