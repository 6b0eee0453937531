//===- Files.h - Whole files, read with a limit, written whole --*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_SUPPORT_FILES_H
#define LACUNA_SUPPORT_FILES_H

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lacuna {

/// A file open for reading, of known size.
class InputFile {
public:
  /// Throws UserError when there is no such regular file, EnvironmentError when
  /// it cannot be opened.
  explicit InputFile(const std::string &path);
  ~InputFile();
  InputFile(const InputFile &) = delete;
  InputFile &operator=(const InputFile &) = delete;

  const std::string &path() const { return name; }
  int64_t size() const { return bytes; }
  int64_t offset() const { return position; }
  /// Reads exactly this many bytes, or throws UserError: the file is truncated.
  void read(void *destination, int64_t count);
  /// Continues at this offset, which lies in the file.
  void seek(int64_t offset);

private:
  std::string name;
  int descriptor;
  int64_t bytes = 0;
  int64_t position = 0;
};

/// Reads a whole file. Throws UserError when it is longer than the limit.
std::string readFile(const std::string &path, int64_t maximumBytes);

/// What becomes of the file that a new one replaces.
enum class Replaced {
  Deleted,
  Kept, ///< As `path` + kPreviousSuffix.
};
inline constexpr std::string_view kPreviousSuffix = ".previous";

/// Who else may write a new file.
enum class OtherWriters {
  AsUmaskSays,
  None,
};

/// Writes the parts to a temporary file beside `path`, flushes it to disk, then
/// renames it, so that readers see the old file or the new one and never a
/// piece, whenever the process or the machine stops. Throws EnvironmentError.
void writeFileAtomically(const std::string &path,
                         const std::vector<std::string_view> &parts,
                         Replaced replaced = Replaced::Deleted,
                         OtherWriters writers = OtherWriters::AsUmaskSays);

/// Throws as writeFileAtomically() would if `path` is no regular file or it
/// cannot make its temporary file, and UserError where `path` is a folder.
void verifyWritable(const std::string &path);

/// Removes temporary files that writeFileAtomically() left in a folder when its
/// process was killed; those still being written stay. Only for targets whose
/// name starts with `namePrefix`. What cannot be removed is left alone.
void removeAbandonedTemporaries(const std::string &folder,
                                std::string_view namePrefix);

/// The folder a path lies in: "." for a bare name.
std::string folderOf(const std::string &path);

} // namespace lacuna

#endif // LACUNA_SUPPORT_FILES_H
