//===- KernelCache.cpp - Kernels and tuned schedules on disk --------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Compiler/KernelCache.h"

#include "lacuna/Support/Error.h"
#include "lacuna/Support/Files.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SHA256.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
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

KernelCache::Lookup refuse(const std::string &path) {
  (void)llvm::sys::fs::remove(path);
  return KernelCache::Lookup::Corrupt;
}

/// What is at a path, or why there is nothing.
llvm::ErrorOr<std::unique_ptr<llvm::MemoryBuffer>>
contentOf(const std::string &path) {
  return llvm::MemoryBuffer::getFile(path, /*IsText=*/false,
                                     /*RequiresNullTerminator=*/false,
                                     /*IsVolatile=*/true);
}

KernelCache::Lookup missOrRefuse(const std::string &path,
                                 std::error_code problem) {
  return problem == std::errc::is_a_directory ? refuse(path)
                                              : KernelCache::Lookup::Miss;
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
  if (status.st_uid != geteuid() || (status.st_mode & (S_IWGRP | S_IWOTH))) {
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
    fs::path extension = it->path().extension();
    if ((extension != kKernel && extension != kTuned) ||
        !it->is_regular_file(gone))
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
    if (fs::remove(entry.path, error))
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
  std::string path = pathOf(plan, kKernel);
  auto file = contentOf(path);
  if (!file)
    return missOrRefuse(path, file.getError());
  llvm::StringRef rest = (*file)->getBuffer();
  llvm::StringRef whole = rest;
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
  try {
    writeFileAtomically(pathOf(plan, kKernel), {header, object});
  } catch (const EnvironmentError &) {
    return false;
  }
  int64_t written = static_cast<int64_t>(header.size() + object.size());
  if ((estimate += written) > limitBytes)
    estimate = evict();
  return true;
}

KernelCache::Lookup KernelCache::readTuned(const KernelPlan &plan,
                                           const Target &target,
                                           KernelPlan &tuned) const {
  std::string path = pathOf(plan, kTuned);
  auto file = contentOf(path);
  if (!file)
    return missOrRefuse(path, file.getError());
  Schedule schedule = plan.schedule;
  llvm::StringRef text = (*file)->getBuffer();
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
  try {
    writeFileAtomically(pathOf(plan, kTuned), {tunedText(plan, schedule)});
  } catch (const EnvironmentError &) {
    return false;
  }
  return true;
}

bool KernelCache::removeTuned(const KernelPlan &plan) {
  return !llvm::sys::fs::remove(pathOf(plan, kTuned));
}

bool KernelCache::writable() const {
  return usable() && access(directory.c_str(), W_OK | X_OK) == 0;
}

} // namespace lacuna
