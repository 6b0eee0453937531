//===- FilesTest.cpp - Whole files, read with a limit, written whole ------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TestFiles.h"

#include "lacuna/Support/Files.h"

#include <cerrno>

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

namespace {
/// Entries of folders that can be read before the disk fails; negative: all.
int readableEntries = -1;
} // namespace

/// Called in place of the system's.
extern "C" dirent *readdir(DIR *folder) {
  if (readableEntries == 0) {
    errno = EIO;
    return nullptr;
  }
  if (readableEntries > 0)
    --readableEntries;
  static auto read =
      reinterpret_cast<decltype(&readdir)>(dlsym(RTLD_NEXT, "readdir"));
  return read(folder);
}

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
  // A pipe without a writer is refused, not waited for.
  std::string pipe = directory.file("pipe");
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  errorOf<UserError>([&] { readFile(pipe, 6); });
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

TEST(Files, WriteKeepsWhatItReplaces) {
  TemporaryDirectory directory;
  std::string path = directory.file("f");
  writeFileAtomically(path, {"one"}, Replaced::Kept);
  EXPECT_EQ(directory.entries(), 1u);
  writeFileAtomically(path, {"two"}, Replaced::Kept);
  writeFileAtomically(path, {"three"}, Replaced::Kept);
  EXPECT_EQ(readFile(path, 9), "three");
  EXPECT_EQ(readFile(path + ".previous", 9), "two");
  EXPECT_EQ(directory.entries(), 2u);
}

TEST(Files, RemovesOnlyWhatKilledProcessesLeft) {
  TemporaryDirectory directory;
  directory.write("f", "");
  directory.write("f.lacuna-tmp.1.0", "");
  directory.write("g.lacuna-tmp.1.0", "");
  directory.write("f.temporary", "");
  directory.write("f.tmp.1.0", "another program's");
  directory.write("f.lacuna-tmp.txt", "");
  directory.write("f.lacuna-tmp.1.0.txt", "");
  directory.write("f.lacuna-tmp.1", "");
  directory.write("f.lacuna-tmp.3.4.old", "");
  std::string held = directory.write("f.lacuna-tmp.2.0", "");
  int descriptor = open(held.c_str(), O_RDONLY);
  ASSERT_EQ(flock(descriptor, LOCK_EX), 0);
  std::string folder = folderOf(held);
  removeAbandonedTemporaries(folder, "f");
  EXPECT_TRUE(std::filesystem::exists(held)) << "it is being written";
  EXPECT_EQ(directory.entries(), 8u);
  close(descriptor);
  removeAbandonedTemporaries(folder, "");
  EXPECT_EQ(directory.entries(), 6u);
  removeAbandonedTemporaries(directory.file("absent"), "");
  // A pipe without a writer is left alone, not waited for.
  std::string pipe = directory.file("f.lacuna-tmp.5.0");
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  removeAbandonedTemporaries(folder, "f");
  EXPECT_EQ(directory.entries(), 7u);
}

TEST(Files, AFolderThatCannotBeReadIsNotCleanedUp) {
  TemporaryDirectory directory;
  for (char name : {'1', '2', '3', '4'})
    directory.write(std::string("f.lacuna-tmp.") + name + ".0", "");
  // Nothing depends on what is left behind: the run that saves goes on.
  for (int readable : {0, 1, 3}) {
    readableEntries = readable;
    EXPECT_NO_THROW(removeAbandonedTemporaries(directory.file(""), "f"));
    EXPECT_EQ(readableEntries, 0);
  }
  readableEntries = -1;
  removeAbandonedTemporaries(directory.file(""), "f");
  EXPECT_EQ(directory.entries(), 0u);
}

TEST(Files, FolderOfAPath) {
  EXPECT_EQ(folderOf("f"), ".");
  EXPECT_EQ(folderOf("/f"), "/");
  EXPECT_EQ(folderOf("a/b/f"), "a/b");
}

} // namespace
} // namespace lacuna::test
