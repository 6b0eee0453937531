//===- DataTest.h - What the tests of data sets share -----------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_TESTS_UNIT_DATA_DATATEST_H
#define LACUNA_TESTS_UNIT_DATA_DATATEST_H

#include "lacuna/Runtime/DataSet.h"
#include "lacuna/Support/Error.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace lacuna::test {

using Bytes = std::vector<uint8_t>;

/// A folder of its own for every test, removed afterwards.
class DataTest : public testing::Test {
protected:
  void SetUp() override {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "lacuna-data-XXXXXX")
            .string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder); }

  std::string pathOf(const std::string &name) const {
    return (folder / name).string();
  }

  void write(const std::string &name, const Bytes &bytes) const {
    std::ofstream file(pathOf(name), std::ios::binary);
    file.write(reinterpret_cast<const char *>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
    ASSERT_TRUE(file.good());
  }

  /// Expects a UserError whose text holds all of `parts`.
  void expectUserError(const std::string &spec,
                       const std::vector<std::string> &parts) const {
    try {
      loadDataSet(spec);
      ADD_FAILURE() << spec << " was loaded";
    } catch (const UserError &error) {
      for (const std::string &part : parts)
        EXPECT_NE(std::string(error.what()).find(part), std::string::npos)
            << "no \"" << part << "\" in: " << error.what();
    }
  }

  std::filesystem::path folder;
};

} // namespace lacuna::test

#endif // LACUNA_TESTS_UNIT_DATA_DATATEST_H
