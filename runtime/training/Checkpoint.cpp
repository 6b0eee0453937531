//===- Checkpoint.cpp - Training state in a file --------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Runtime/Checkpoint.h"

#include "lacuna/Support/Crc32.h"
#include "lacuna/Support/Error.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

namespace lacuna {

namespace {

constexpr char kFormatKey[] = "format", kVersionKey[] = "version",
               kChecksumKey[] = "crc32", kArrayChecksumPrefix[] = "crc32:";
constexpr char kFormat[] = "lacuna-checkpoint";
/// Longer texts are not worth quoting in a message.
constexpr size_t kMaxQuoted = 60;

uint32_t checksumOf(const void *data, int64_t bytes) {
  return addToCrc32(0, data, static_cast<size_t>(bytes));
}

std::string hexadecimal(uint32_t value) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text(8, '0');
  for (size_t digit = 8; digit-- > 0; value >>= 4)
    text[digit] = kDigits[value & 15];
  return text;
}

/// Of all texts but the checksum itself; those of the arrays are among them.
std::string checksumOf(const std::map<std::string, std::string> &texts) {
  std::string all;
  for (const auto &[name, value] : texts)
    if (name != kChecksumKey)
      all += std::to_string(name.size()) + " " + name + " " +
             std::to_string(value.size()) + " " + value + " ";
  return hexadecimal(checksumOf(all.data(), static_cast<int64_t>(all.size())));
}

/// Type and length are of the array as much as its bytes are.
std::string arrayChecksum(std::string_view type, int64_t elements,
                          uint32_t checksum) {
  return std::string(type) + " " + std::to_string(elements) + " " +
         hexadecimal(checksum);
}

class Writer : public StateVisitor {
public:
  bool loading() const override { return false; }

  void write(const std::string &path) {
    texts[kFormatKey] = kFormat;
    texts[kVersionKey] = std::to_string(kCheckpointVersion);
    texts[kChecksumKey] = checksumOf(texts);
    std::string header;
    writeFileAtomically(path, formatSafetensors(texts, arrays, header),
                        Replaced::Kept);
  }

protected:
  void visitArray(const std::string &name, StateType type, void *elements,
                  int64_t count) override {
    arrays.push_back(
        {name, std::string(stateTypeName(type)), {count}, elements});
    add(kArrayChecksumPrefix + name,
        arrayChecksum(stateTypeName(type), count,
                      checksumOf(elements, count * stateTypeBytes(type))));
  }
  int64_t storedCount(const std::string &, StateType, int64_t) override {
    throw InternalError("a checkpoint that is written was asked for a length");
  }
  void visitText(const std::string &name, std::string &value) override {
    add(name, value);
  }
  void visitExpected(const std::string &name, const std::string &value,
                     const char * /*remedy*/) override {
    add(name, value);
  }
  [[noreturn]] void fail(const std::string &name,
                         const std::string &message) const override {
    throw InternalError("the state of " + name + " " + message);
  }

private:
  void add(const std::string &name, const std::string &value) {
    verifyInvariant(texts.emplace(name, value).second,
                    "two pieces of state have one name");
  }

  std::map<std::string, std::string> texts;
  std::vector<SafetensorsArray> arrays;
};

class Reader : public StateVisitor {
public:
  explicit Reader(SafetensorsFile &file) : file(file) {}

  bool loading() const override { return true; }

  void refuseUnread() const {
    for (const auto &[name, entry] : file.entries())
      if (read.count(name) == 0)
        failForeign(name);
    for (const auto &[name, value] : file.metadata())
      if (read.count(name) == 0 && name != kFormatKey && name != kVersionKey &&
          name != kChecksumKey && name.rfind(kArrayChecksumPrefix, 0) != 0)
        failForeign(name);
  }

protected:
  void visitArray(const std::string &name, StateType type, void *elements,
                  int64_t count) override {
    const SafetensorsFile::Entry &entry = find(name, type);
    if (entry.elements() != count)
      fail(name, "has " + std::to_string(entry.elements()) +
                     " elements, this run needs " + std::to_string(count));
    file.read(entry, elements);
  }

  int64_t storedCount(const std::string &name, StateType type,
                      int64_t maximum) override {
    const SafetensorsFile::Entry &entry = find(name, type);
    if (entry.elements() > maximum)
      fail(name, "has " + std::to_string(entry.elements()) +
                     " elements, at most " + std::to_string(maximum) +
                     " make sense");
    return entry.elements();
  }

  void visitText(const std::string &name, std::string &value) override {
    value = stored(name);
  }

  void visitExpected(const std::string &name, const std::string &value,
                     const char *remedy) override {
    const std::string &found = stored(name);
    if (found == value)
      return;
    bool quotable = std::max(found.size(), value.size()) <= kMaxQuoted;
    fail(name, (quotable ? "is '" + found + "', this run has '" + value + "'"
                         : std::string("is another one than this run's")) +
                   "; " + remedy);
  }

  [[noreturn]] void fail(const std::string &name,
                         const std::string &message) const override {
    throw UserError(file.path() + ": " + name + ": " + message);
  }

private:
  [[noreturn]] void failForeign(const std::string &name) const {
    fail(name, std::string("belongs to no part of this run; ") + kSameOptions);
  }

  const SafetensorsFile::Entry &find(const std::string &name, StateType type) {
    auto entry = file.entries().find(name);
    if (entry == file.entries().end())
      fail(name, "is missing; this is the checkpoint of another run");
    if (entry->second.type != stateTypeName(type) ||
        entry->second.shape.size() != 1)
      fail(name, "is of type " + entry->second.type +
                     ", must be a list of type " +
                     std::string(stateTypeName(type)));
    read.insert(name);
    return entry->second;
  }

  const std::string &stored(const std::string &name) {
    auto text = file.metadata().find(name);
    if (text == file.metadata().end())
      fail(name, "is missing; this is the checkpoint of another run");
    read.insert(name);
    return text->second;
  }

  SafetensorsFile &file;
  std::set<std::string> read;
};

} // namespace

bool startsAsCheckpoint(const std::string &path) {
  // The length of its header comes first, in 64 bits whose highest are zero, as
  // nothing in a text is; then the header, which an archive does not have.
  char start[9];
  std::ifstream file(path);
  file.read(start, sizeof start);
  return file.gcount() == sizeof start && start[7] == 0 && start[8] == '{';
}

void saveCheckpoint(const std::string &path, const StateVisit &visit) {
  std::string folder = folderOf(path);
  size_t slash = path.rfind('/');
  removeAbandonedTemporaries(folder,
                             slash == std::string::npos
                                 ? std::string_view(path)
                                 : std::string_view(path).substr(slash + 1));
  Writer writer;
  visit(writer);
  writer.write(path);
}

/// What to do about a file that is damaged: saving keeps the one before it.
static std::string adviceFor(const std::string &path) {
  std::string previous = path + std::string(kPreviousSuffix);
  std::error_code ignored;
  return std::filesystem::exists(previous, ignored) ? "; use " + previous : "";
}

static SafetensorsFile openCheckpoint(const std::string &path) {
  try {
    return SafetensorsFile(path);
  } catch (const UserError &error) {
    throw UserError(error.what() + adviceFor(path));
  }
}

Checkpoint::Checkpoint(const std::string &path) : file(openCheckpoint(path)) {
  auto refuse = [&](const std::string &name, const std::string &message) {
    throw UserError(path + ": " + name + ": " + message);
  };
  if (file.metadata().count(kFormatKey) == 0 || text(kFormatKey) != kFormat)
    refuse(kFormatKey, "this is not a checkpoint of Lacuna");
  if (text(kVersionKey) != std::to_string(kCheckpointVersion))
    refuse(kVersionKey, "is '" + text(kVersionKey).substr(0, kMaxQuoted) +
                            "', this Lacuna reads version " +
                            std::to_string(kCheckpointVersion) +
                            "; use the build that wrote it");
  std::string damaged =
      "its checksum does not match: the file was edited or damaged" +
      adviceFor(path);
  if (text(kChecksumKey) != checksumOf(file.metadata()))
    refuse("__metadata__", damaged);
  for (const auto &[name, entry] : file.entries())
    if (text(kArrayChecksumPrefix + name) !=
        arrayChecksum(entry.type, entry.elements(), file.checksum(entry)))
      refuse(name, damaged);
}

const std::string &Checkpoint::text(const std::string &name) const {
  auto found = file.metadata().find(name);
  if (found == file.metadata().end())
    throw UserError(file.path() + ": " + name + ": is missing");
  return found->second;
}

void Checkpoint::load(const StateVisit &visit, Rest rest) {
  Reader reader(file);
  visit(reader);
  if (rest == Rest::Refused)
    reader.refuseUnread();
}

} // namespace lacuna
