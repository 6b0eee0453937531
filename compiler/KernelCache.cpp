//===- KernelCache.cpp - Kernels and tuned schedules on disk --------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Compiler/KernelCache.h"

#include "lacuna/Support/Error.h"
#include "lacuna/Support/Files.h"

#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SHA256.h"

#include <algorithm>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace lacuna {

namespace {

namespace fs = std::filesystem;

constexpr char kKernel[] = ".kernel";
constexpr char kTuned[] = ".schedule";
constexpr llvm::StringLiteral kMagic = "lacuna kernel cache 1\n";
constexpr llvm::StringLiteral kTunedMagic = "lacuna tuned schedule 1\n";

std::string digestOf(llvm::StringRef bytes) {
  llvm::SHA256 hash;
  hash.update(bytes);
  return llvm::toHex(hash.final(), /*LowerCase=*/true);
}

/// What precedes the object in an entry. Equal headers mean: made by this
/// compiler, for this target, from this structure, and not cut short.
std::string headerOf(const KernelPlan &plan, llvm::StringRef object) {
  return kMagic.str() + std::to_string(plan.text.size()) + "\n" + plan.text +
         std::to_string(object.size()) + "\n" + digestOf(object) + "\n";
}

/// The whole of a tuned entry; its last line is the digest of those before.
std::string tunedText(const KernelPlan &plan, Schedule schedule) {
  std::string text = kTunedMagic.str() + plan.text;
  Schedule::forEach(schedule, [&](const char *name, int64_t choice) {
    text += std::string(name) + " " + std::to_string(choice) + "\n";
  });
  return text + digestOf(text) + "\n";
}

/// Reads what tunedText wrote, as far as that takes; the caller compares.
bool parseTuned(llvm::StringRef text, const KernelPlan &plan,
                Schedule &schedule) {
  bool read = text.consume_front(kTunedMagic) && text.consume_front(plan.text);
  Schedule::forEach(schedule, [&](const char *name, auto &choice) {
    int64_t number = 0;
    read = read && text.consume_front(name) && text.consume_front(" ") &&
           !text.consumeInteger(10, number) && text.consume_front("\n");
    choice = static_cast<std::remove_reference_t<decltype(choice)>>(number);
  });
  return read;
}

bool onlyUserWrites(const struct stat &status) {
  return status.st_uid == geteuid() &&
         (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

KernelCache::Lookup refuse(const std::string &path) {
  (void)llvm::sys::fs::remove(path);
  return KernelCache::Lookup::Corrupt;
}

/// Reads the file of an entry. One that others may write, now or since before
/// the folder was closed to them, is refused as a damaged one is.
KernelCache::Lookup contentOf(const std::string &path, std::string &bytes) {
  // A pipe that nobody writes to must not keep us waiting.
  int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0)
    return KernelCache::Lookup::Miss;
  auto closing = llvm::scope_exit([&] { close(descriptor); });
  struct stat status;
  if (fstat(descriptor, &status) != 0)
    return KernelCache::Lookup::Miss;
  if (!S_ISREG(status.st_mode) || !onlyUserWrites(status))
    return refuse(path);
  auto buffer = llvm::MemoryBuffer::getOpenFile(
      descriptor, path, uint64_t(status.st_size),
      /*RequiresNullTerminator=*/false, /*IsVolatile=*/true);
  if (!buffer)
    return KernelCache::Lookup::Miss;
  bytes = (*buffer)->getBuffer().str();
  return KernelCache::Lookup::Hit;
}

/// Publishes an entry that only the user may write. Returns whether it could.
bool publish(const std::string &path,
             const std::vector<std::string_view> &parts) {
  try {
    writeFileAtomically(path, parts, Replaced::Deleted, OtherWriters::None);
  } catch (const EnvironmentError &) {
    return false;
  }
  return true;
}

/// Whether a file is named as entries are: a key, and what it holds.
bool isEntry(const fs::path &path) {
  constexpr size_t kKeyLength = 64;
  std::string key = path.stem().string(), extension = path.extension().string();
  return (extension == kKernel || extension == kTuned) &&
         key.size() == kKeyLength &&
         key.find_first_not_of("0123456789abcdef") == std::string::npos;
}

/// The time of change is that of use; a folder that cannot be written keeps
/// the old one, and is not evicted from either.
void markUsed(const std::string &path) {
  std::error_code ignored;
  fs::last_write_time(path, fs::file_time_type::clock::now(), ignored);
}

} // namespace

KernelCache::KernelCache(const std::string &wanted, int64_t limitBytes)
    : limitBytes(limitBytes) {
  if (wanted.empty()) {
    reason = "no folder is set, neither by XDG_CACHE_HOME nor by HOME; "
             "--cache-dir names one";
    return;
  }
  if (compilerBuildId().empty()) {
    reason = "this build has no build id, so its objects cannot be told apart";
    return;
  }
  if (std::error_code error = llvm::sys::fs::create_directories(
          wanted, /*IgnoreExisting=*/true, llvm::sys::fs::perms::owner_all)) {
    reason = "cannot create " + wanted + ": " + error.message();
    return;
  }
  struct stat status;
  if (stat(wanted.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) {
    reason = wanted + " is not a folder";
    return;
  }
  if (!onlyUserWrites(status)) {
    reason = wanted + " may be written by others: remove their permission "
                      "(chmod go-w), or name another folder";
    return;
  }
  directory = wanted;
  removeAbandonedTemporaries(directory, "");
  estimate = evict();
}

int64_t KernelCache::evict() const {
  struct Entry {
    fs::file_time_type used;
    fs::path path;
    int64_t bytes;
  };
  std::vector<Entry> entries;
  int64_t total = 0;
  std::error_code error;
  for (fs::directory_iterator it(directory, error), end; it != end && !error;
       it.increment(error)) {
    // Entries that another process removes meanwhile are not there.
    std::error_code gone;
    if (!isEntry(it->path()) || !it->is_regular_file(gone))
      continue;
    auto bytes = static_cast<int64_t>(it->file_size(gone));
    fs::file_time_type used = it->last_write_time(gone);
    if (gone)
      continue;
    entries.push_back({used, it->path(), bytes});
    total += bytes;
  }
  if (total <= limitBytes)
    return total;
  std::sort(entries.begin(), entries.end(), [](const Entry &a, const Entry &b) {
    return a.used != b.used ? a.used < b.used : a.path < b.path;
  });
  for (const Entry &entry : entries) {
    if (total <= limitBytes - limitBytes / 10)
      break;
    // What another process has removed meanwhile makes room as well.
    if (fs::remove(entry.path, error) || !error)
      total -= entry.bytes;
  }
  return total;
}

std::string KernelCache::defaultDirectory() {
  if (const char *cache = std::getenv("XDG_CACHE_HOME"); cache && *cache)
    return std::string(cache) + "/lacuna";
  if (const char *home = std::getenv("HOME"); home && *home)
    return std::string(home) + "/.cache/lacuna";
  return {};
}

std::string KernelCache::pathOf(const KernelPlan &plan,
                                const char *extension) const {
  return directory + "/" + plan.key + extension;
}

bool KernelCache::contains(const KernelPlan &plan) const {
  return llvm::sys::fs::exists(pathOf(plan, kKernel));
}

KernelCache::Lookup KernelCache::read(const KernelPlan &plan,
                                      std::string &object) const {
  std::string path = pathOf(plan, kKernel), content;
  if (Lookup found = contentOf(path, content); found != Lookup::Hit)
    return found;
  llvm::StringRef whole = content, rest = whole;
  size_t textEnd = kMagic.size() + std::to_string(plan.text.size()).size() + 1 +
                   plan.text.size();
  if (rest.size() <= textEnd)
    return refuse(path);
  rest = rest.drop_front(textEnd);
  size_t size = 0;
  if (rest.consumeInteger(10, size) || !rest.consume_front("\n") ||
      size > rest.size())
    return refuse(path);
  llvm::StringRef bytes = rest.take_back(size);
  if (whole != headerOf(plan, bytes) + bytes.str())
    return refuse(path);
  object = bytes.str();
  markUsed(path);
  return Lookup::Hit;
}

bool KernelCache::write(const KernelPlan &plan, const std::string &object) {
  std::string header = headerOf(plan, object);
  if (!publish(pathOf(plan, kKernel), {header, object}))
    return false;
  int64_t written = static_cast<int64_t>(header.size() + object.size());
  if ((estimate += written) > limitBytes)
    estimate = evict();
  return true;
}

KernelCache::Lookup KernelCache::readTuned(const KernelPlan &plan,
                                           const Target &target,
                                           KernelPlan &tuned) const {
  std::string path = pathOf(plan, kTuned), text;
  if (Lookup found = contentOf(path, text); found != Lookup::Hit)
    return found;
  Schedule schedule = plan.schedule;
  if (!parseTuned(text, plan, schedule) || text != tunedText(plan, schedule))
    return refuse(path);
  try {
    tuned = planKernel(plan.request, target, schedule);
  } catch (const InternalError &) {
    return refuse(path); // A schedule that cannot serve this kernel.
  }
  markUsed(path);
  return Lookup::Hit;
}

bool KernelCache::writeTuned(const KernelPlan &plan, const Schedule &schedule) {
  return publish(pathOf(plan, kTuned), {tunedText(plan, schedule)});
}

bool KernelCache::removeTuned(const KernelPlan &plan) {
  return !llvm::sys::fs::remove(pathOf(plan, kTuned));
}

bool KernelCache::writable() const {
  return usable() && access(directory.c_str(), W_OK | X_OK) == 0;
}

} // namespace lacuna
