//===- NpzTest.cpp - NumPy archives, whole and damaged --------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TestFiles.h"

#include "lacuna/Support/Npz.h"

namespace lacuna::test {
namespace {

std::string archiveOf(const std::map<std::string, NpyArray> &arrays) {
  NpzWriter writer;
  for (const auto &[name, array] : arrays)
    writer.add(name, array);
  return writer.finish();
}

TEST(Npz, ReturnsWhatWasWritten) {
  TemporaryDirectory directory;
  std::map<std::string, NpyArray> arrays{
      {"a.weight", {{2, 3}, {1, 2, 3, 4, 5, -0.5f}}},
      {"none", {{0}, {}}},
      {"many", {{100000}, std::vector<float>(100000, 0.25f)}}};
  std::string bytes = archiveOf(arrays);
  EXPECT_EQ(bytes, archiveOf(arrays));
  EXPECT_LT(bytes.size(), 10000u) << "is not compressed";
  NpzFile file(directory.write("a.npz", bytes));
  EXPECT_EQ(file.names(),
            (std::vector<std::string>{"a.weight", "many", "none"}));
  for (const auto &[name, array] : arrays) {
    NpyArray read = file.read(name);
    EXPECT_EQ(read.shape, array.shape) << name;
    EXPECT_EQ(read.data, array.data) << name;
  }
  EXPECT_FALSE(file.contains("other"));
  EXPECT_NE(errorOf<UserError>([&] { file.read("other"); }).find("other"),
            std::string::npos);
}

TEST(Npz, RefusesDamagedArchives) {
  TemporaryDirectory directory;
  std::string bytes = archiveOf({{"a", {{3}, {1, 2, 3}}}});
  auto readAll = [&](const std::string &content) {
    NpzFile file(directory.write("a.npz", content));
    for (const std::string &name : file.names())
      file.read(name);
  };
  EXPECT_NO_THROW(readAll(bytes));
  for (size_t size = 0; size < bytes.size(); ++size) {
    SCOPED_TRACE(size);
    EXPECT_NE(errorOf<UserError>([&] {
                readAll(bytes.substr(0, size));
              }).find(directory.file("a.npz")),
              std::string::npos);
  }
  // The data of the only entry; its checksum tells.
  std::string edited = bytes;
  edited[60] ^= 1;
  EXPECT_THROW(readAll(edited), UserError);
  errorOf<UserError>([&] { NpzFile file(directory.file("absent.npz")); });
}

} // namespace
} // namespace lacuna::test
