//===- CompilerTest.h - Folders and requests for compiler tests -*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_TESTS_UNIT_COMPILER_COMPILERTEST_H
#define LACUNA_TESTS_UNIT_COMPILER_COMPILERTEST_H

#include "lacuna/Runtime/KernelProvider.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace lacuna::testing {

/// A folder of its own for each test, removed afterwards.
class FolderTest : public ::testing::Test {
protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "/lacuna-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder); }

  std::filesystem::path folder;
};

inline std::string readFile(const std::filesystem::path &path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline void writeFile(const std::filesystem::path &path,
                      const std::string &bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

inline std::vector<std::filesystem::path>
filesIn(const std::filesystem::path &folder) {
  std::vector<std::filesystem::path> result;
  for (const auto &entry : std::filesystem::directory_iterator(folder))
    result.push_back(entry.path());
  return result;
}

/// The smallest kernel there is.
inline KernelRequest tinyRequest(int64_t outFeatures = 4) {
  KernelRequest request;
  request.geometry = Geometry::linear(4, outFeatures);
  request.structure = Structure::unstructured();
  request.level = Level::Stream;
  return request;
}

} // namespace lacuna::testing

#endif // LACUNA_TESTS_UNIT_COMPILER_COMPILERTEST_H
