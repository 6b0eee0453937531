//===- FilesTest.cpp - Whole files, read with a limit, written whole ------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TestFiles.h"

#include "lacuna/Support/Files.h"

namespace lacuna::test {
namespace {

TEST(Files, WriteReplacesTheWholeFile) {
  TemporaryDirectory directory;
  std::string path = directory.write("f", "something much longer");
  writeFileAtomically(path, {"one", "two"});
  EXPECT_EQ(readFile(path, 6), "onetwo");
  EXPECT_EQ(directory.entries(), 1u);
}

TEST(Files, ReadRefusesLongFiles) {
  TemporaryDirectory directory;
  std::string path = directory.write("f", "1234567");
  EXPECT_NE(errorOf<UserError>([&] { readFile(path, 6); }).find(path),
            std::string::npos);
}

TEST(Files, ReadRefusesWhatIsNoFile) {
  TemporaryDirectory directory;
  EXPECT_NE(errorOf<UserError>([&] {
              readFile(directory.file(""), 6);
            }).find("not a regular file"),
            std::string::npos);
  EXPECT_NE(errorOf<UserError>([&] {
              readFile("/dev/zero", 6);
            }).find("not a regular file"),
            std::string::npos);
}

TEST(Files, WriteSaysWhatTheSystemRefused) {
  TemporaryDirectory directory;
  std::string path = directory.file("missing/f");
  EXPECT_NE(errorOf<EnvironmentError>([&] {
              writeFileAtomically(path, {});
            }).find(path),
            std::string::npos);
  errorOf<EnvironmentError>([] { writeFileAtomically("/dev/null", {"x"}); });
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
}

} // namespace
} // namespace lacuna::test
