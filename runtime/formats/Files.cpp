//===- Files.cpp - Whole files, read with a limit, written whole ----------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Support/Files.h"

#include "lacuna/Support/Error.h"

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace lacuna {

namespace {

std::string systemReason() { return std::strerror(errno); }

/// Other programs' temporary files, which may lie beside ours, lack the name.
constexpr std::string_view kTemporaryMark = ".lacuna-tmp.",
                           kLinkedMark = ".old";

/// Whether TemporaryFile makes names that end so: a process, a serial number,
/// and maybe the mark of a file that is being kept.
bool endsAsTemporary(std::string_view name) {
  if (name.size() > kLinkedMark.size() &&
      name.substr(name.size() - kLinkedMark.size()) == kLinkedMark)
    name.remove_suffix(kLinkedMark.size());
  size_t mark = name.rfind(kTemporaryMark);
  if (mark == std::string_view::npos)
    return false;
  std::string_view numbers = name.substr(mark + kTemporaryMark.size());
  size_t dot = numbers.find('.');
  if (dot == std::string_view::npos)
    return false;
  auto isNumber = [](std::string_view text) {
    return !text.empty() &&
           text.find_first_not_of("0123456789") == std::string_view::npos;
  };
  return isNumber(numbers.substr(0, dot)) && isNumber(numbers.substr(dot + 1));
}

/// A file under a name of its own until it replaces its target. Locked while
/// it is written, which tells it from those of killed processes.
class TemporaryFile {
public:
  explicit TemporaryFile(const std::string &target,
                         OtherWriters writers = OtherWriters::AsUmaskSays)
      : target(target) {
    static std::atomic<unsigned> serial{0};
    mode_t permissions = S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH;
    if (writers == OtherWriters::AsUmaskSays)
      permissions |= S_IWGRP | S_IWOTH;
    bool mine = false;
    while (!mine) {
      name = target + std::string(kTemporaryMark) + std::to_string(getpid()) +
             "." + std::to_string(serial++);
      descriptor = open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
                        permissions);
      // Another process of this number, killed, may have left the name.
      if (descriptor < 0 && errno == EEXIST)
        continue;
      if (descriptor < 0)
        throw EnvironmentError(target + ": cannot write: " + systemReason() +
                               "; choose a writable place");
      mine = lockAndCheck();
      if (!mine)
        close(descriptor);
    }
  }
  ~TemporaryFile() {
    if (!renamed)
      unlink(name.c_str());
    if (descriptor >= 0)
      close(descriptor);
  }
  TemporaryFile(const TemporaryFile &) = delete;
  TemporaryFile &operator=(const TemporaryFile &) = delete;

  void write(std::string_view part) {
    while (!part.empty()) {
      ssize_t written = ::write(descriptor, part.data(), part.size());
      if (written < 0 && errno == EINTR)
        continue;
      if (written < 0)
        fail("cannot write");
      part.remove_prefix(static_cast<size_t>(written));
    }
  }

  void commit(Replaced replaced) {
    if (fsync(descriptor) != 0)
      fail("cannot flush to disk");
    if (replaced == Replaced::Kept)
      keepOld();
    if (rename(name.c_str(), target.c_str()) != 0)
      fail("cannot be replaced");
    renamed = true;
    int closed = close(descriptor);
    descriptor = -1;
    if (closed != 0)
      fail("cannot close");
    flushFolder();
  }

private:
  /// Whether the file is still there once it is locked: until then another
  /// process may have taken it for an abandoned one.
  bool lockAndCheck() const {
    struct stat status;
    return flock(descriptor, LOCK_EX) != 0 ||
           (fstat(descriptor, &status) == 0 && status.st_nlink > 0);
  }

  /// By a second name and a rename, so that the target never is without a file.
  void keepOld() {
    std::string linked = name + std::string(kLinkedMark);
    if (link(target.c_str(), linked.c_str()) != 0) {
      if (errno == ENOENT)
        return;
      fail("its previous file cannot be kept");
    }
    std::string previous = target + std::string(kPreviousSuffix);
    if (rename(linked.c_str(), previous.c_str()) != 0) {
      int reason = errno;
      unlink(linked.c_str());
      errno = reason;
      fail("its previous file cannot be kept");
    }
    // A rename between two names of one file does nothing and leaves both.
    unlink(linked.c_str());
  }

  void flushFolder() const {
    int folder =
        open(folderOf(target).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool flushed = folder >= 0 && fsync(folder) == 0;
    int reason = errno;
    if (folder >= 0)
      close(folder);
    // Some file systems do not flush folders; they have nothing to flush.
    if (!flushed && reason != EINVAL)
      throw EnvironmentError(
          target +
          ": its folder cannot be flushed to disk: " + std::strerror(reason));
  }

  [[noreturn]] void fail(const char *what) const {
    throw EnvironmentError(target + ": " + what + ": " + systemReason() +
                           (renamed ? "" : "; the file is left as it was"));
  }

  std::string target;
  std::string name;
  int descriptor = -1;
  bool renamed = false;
};

} // namespace

InputFile::InputFile(const std::string &path)
    // A pipe that nobody writes to must not keep us waiting to be refused.
    : name(path),
      descriptor(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
  if (descriptor < 0) {
    std::string message = path + ": cannot open: " + systemReason();
    if (errno == ENOENT || errno == ENOTDIR || errno == ENAMETOOLONG)
      throw UserError(message + "; check the path");
    throw EnvironmentError(message +
                           (errno == EACCES ? "; make it readable" : ""));
  }
  struct stat status;
  bool known = fstat(descriptor, &status) == 0;
  if (!known || !S_ISREG(status.st_mode)) {
    close(descriptor);
    throw UserError(path + ": is not a regular file");
  }
  bytes = status.st_size;
}

InputFile::~InputFile() { close(descriptor); }

void InputFile::read(void *destination, int64_t count) {
  char *to = static_cast<char *>(destination);
  while (count > 0) {
    ssize_t got = ::read(descriptor, to, static_cast<size_t>(count));
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      throw EnvironmentError(name + ": offset " + std::to_string(position) +
                             ": cannot read: " + systemReason());
    if (got == 0)
      throw UserError(name + ": offset " + std::to_string(position) +
                      ": truncated, " + std::to_string(count) +
                      " more bytes were expected");
    to += got;
    count -= got;
    position += got;
  }
}

void InputFile::seek(int64_t offset) {
  verifyInvariant(offset >= 0 && offset <= bytes,
                  "a file is read outside its bounds");
  if (lseek(descriptor, offset, SEEK_SET) < 0)
    throw EnvironmentError(name + ": cannot seek: " + systemReason());
  position = offset;
}

std::string readFile(const std::string &path, int64_t maximumBytes) {
  InputFile file(path);
  if (file.size() > maximumBytes)
    throw UserError(path + ": is " + std::to_string(file.size()) +
                    " bytes long, at most " + std::to_string(maximumBytes) +
                    " are read");
  std::string text(static_cast<size_t>(file.size()), '\0');
  file.read(text.data(), file.size());
  return text;
}

static void refuseIrregular(const std::string &path) {
  struct stat status;
  if (stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode))
    throw EnvironmentError(path + ": exists and is not a regular file");
}

void writeFileAtomically(const std::string &path,
                         const std::vector<std::string_view> &parts,
                         Replaced replaced, OtherWriters writers) {
  refuseIrregular(path);
  TemporaryFile file(path, writers);
  for (std::string_view part : parts)
    file.write(part);
  file.commit(replaced);
}

void verifyWritable(const std::string &path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored))
    throw UserError(path + ": is a folder, give the name of a file");
  refuseIrregular(path);
  TemporaryFile file(path);
}

std::string folderOf(const std::string &path) {
  size_t slash = path.rfind('/');
  if (slash == std::string::npos)
    return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

void removeAbandonedTemporaries(const std::string &folder,
                                std::string_view namePrefix) {
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end;
       !error && entry != end; entry.increment(error)) {
    std::string name = entry->path().filename().string();
    if (name.compare(0, namePrefix.size(), namePrefix) != 0 ||
        !endsAsTemporary(std::string_view(name).substr(namePrefix.size())))
      continue;
    int descriptor = open(entry->path().c_str(),
                          O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (descriptor < 0)
      continue;
    struct stat status;
    if (fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) &&
        flock(descriptor, LOCK_EX | LOCK_NB) == 0)
      unlink(entry->path().c_str());
    close(descriptor);
  }
}

} // namespace lacuna
