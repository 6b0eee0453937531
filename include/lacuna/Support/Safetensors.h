//===- Safetensors.h - Named arrays and texts in one file -------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The safetensors format (github.com/huggingface/safetensors): eight bytes of
// little-endian header length, a JSON header, then the arrays without gaps.
// The reader is strict, as files are not trusted.
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_SUPPORT_SAFETENSORS_H
#define LACUNA_SUPPORT_SAFETENSORS_H

#include "lacuna/Support/Files.h"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace lacuna {

/// An array to write. `data` is not copied.
struct SafetensorsArray {
  std::string name;
  std::string type; ///< As the format names it, e.g. "F32".
  std::vector<int64_t> shape;
  const void *data = nullptr;
};

/// Bytes of an element of this type; 0 for a type Lacuna does not know.
int64_t safetensorsTypeBytes(std::string_view type);

/// The parts of a file: its header, then the arrays, ordered so that each is
/// aligned to its elements. The parts refer to `header` and to the arrays.
/// Throws UserError naming a text or a name that is not UTF-8.
std::vector<std::string_view>
formatSafetensors(const std::map<std::string, std::string> &metadata,
                  std::vector<SafetensorsArray> arrays, std::string &header);

/// A file open for reading. Everything the header says is verified against the
/// limits, against itself and against the size of the file.
class SafetensorsFile {
public:
  struct Entry {
    std::string type;
    std::vector<int64_t> shape;
    int64_t offset = 0; ///< In the file.
    int64_t bytes = 0;

    int64_t elements() const;
  };

  /// Throws UserError naming the file and the field.
  explicit SafetensorsFile(const std::string &path);

  const std::string &path() const { return file.path(); }
  int64_t size() const { return file.size(); }
  const std::map<std::string, std::string> &metadata() const { return texts; }
  const std::map<std::string, Entry> &entries() const { return arrays; }
  /// Copies an array's bytes.
  void read(const Entry &entry, void *destination);
  /// The CRC-32 of an array's bytes, read in pieces.
  uint32_t checksum(const Entry &entry);

private:
  InputFile file;
  std::map<std::string, std::string> texts;
  std::map<std::string, Entry> arrays;
};

} // namespace lacuna

#endif // LACUNA_SUPPORT_SAFETENSORS_H
