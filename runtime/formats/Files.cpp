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
#include <sys/stat.h>
#include <unistd.h>

namespace lacuna {

namespace {

std::string systemReason() { return std::strerror(errno); }

/// Removes the temporary file unless it has been renamed.
class TemporaryFile {
public:
  explicit TemporaryFile(const std::string &target) : target(target) {
    static std::atomic<unsigned> serial{0};
    name = target + ".tmp." + std::to_string(getpid()) + "." +
           std::to_string(serial++);
    descriptor =
        open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
             S_IRUSR | S_IWUSR | S_IRGRP | S_IWGRP | S_IROTH | S_IWOTH);
    if (descriptor < 0)
      throw EnvironmentError(target + ": cannot write: " + systemReason() +
                             "; choose a writable place");
  }
  ~TemporaryFile() {
    if (descriptor >= 0)
      close(descriptor);
    if (!renamed)
      unlink(name.c_str());
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

  void commit() {
    if (fsync(descriptor) != 0)
      fail("cannot flush to disk");
    int closed = close(descriptor);
    descriptor = -1;
    if (closed != 0)
      fail("cannot close");
    if (rename(name.c_str(), target.c_str()) != 0)
      fail("cannot be replaced");
    renamed = true;
  }

private:
  [[noreturn]] void fail(const char *what) const {
    throw EnvironmentError(target + ": " + what + ": " + systemReason() +
                           "; the file is left as it was");
  }

  std::string target;
  std::string name;
  int descriptor = -1;
  bool renamed = false;
};

} // namespace

InputFile::InputFile(const std::string &path)
    : name(path), descriptor(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
  if (descriptor < 0) {
    std::string message = path + ": cannot open: " + systemReason();
    if (errno == ENOENT || errno == ENOTDIR || errno == ENAMETOOLONG)
      throw UserError(message + "; check the path");
    throw EnvironmentError(message);
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

void writeFileAtomically(const std::string &path,
                         const std::vector<std::string_view> &parts) {
  struct stat status;
  if (stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode))
    throw EnvironmentError(path + ": exists and is not a regular file");
  TemporaryFile file(path);
  for (std::string_view part : parts)
    file.write(part);
  file.commit();
}

} // namespace lacuna
