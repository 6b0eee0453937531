//===- TestFiles.h - Temporary files and expected errors --------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_TESTS_UNIT_FORMATS_TESTFILES_H
#define LACUNA_TESTS_UNIT_FORMATS_TESTFILES_H

#include "lacuna/Support/Error.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <unistd.h>

namespace lacuna::test {

/// Bytes that a parser may take for something else.
constexpr char kTellingBytes[] = {
    '\0', '\n', ' ', '"', '\'', '(', ')', ',', '-',  '.',    '0',    '3',
    '9',  ':',  'L', '[', ']',  'e', '{', '}', '\\', '\x7f', '\x80', '\xff'};

/// A directory that goes with the test.
class TemporaryDirectory {
public:
  TemporaryDirectory() {
    std::string pattern = testing::TempDir() + "lacuna-XXXXXX";
    path = mkdtemp(pattern.data());
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path); }
  TemporaryDirectory(const TemporaryDirectory &) = delete;
  TemporaryDirectory &operator=(const TemporaryDirectory &) = delete;

  std::string file(const std::string &name) const { return path + "/" + name; }
  std::string write(const std::string &name, const std::string &bytes) const {
    std::ofstream(file(name), std::ios::binary) << bytes;
    return file(name);
  }
  size_t entries() const {
    return static_cast<size_t>(
        std::distance(std::filesystem::directory_iterator(path),
                      std::filesystem::directory_iterator()));
  }

private:
  std::string path;
};

/// What a call's error of this type says; fails the test if it throws none.
template <typename ErrorType, typename Call> std::string errorOf(Call call) {
  try {
    call();
  } catch (const ErrorType &error) {
    return error.what();
  }
  ADD_FAILURE() << "no error was thrown";
  return "";
}

} // namespace lacuna::test

#endif // LACUNA_TESTS_UNIT_FORMATS_TESTFILES_H
