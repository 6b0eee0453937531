//===- KernelCacheTest.cpp - Entries that are there, cut, edited ----------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CompilerTest.h"

#include "lacuna/Compiler/KernelCache.h"

#include <algorithm>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace fs = std::filesystem;

namespace lacuna::testing {
namespace {

KernelPlan plan(const std::string &key = std::string(64, 'a'),
                const std::string &text = "what the code depends on\n") {
  KernelPlan result;
  result.key = key;
  result.text = text;
  return result;
}

const std::string kObject("\x7f"
                          "ELF and some \0 bytes",
                          21);

class KernelCacheTest : public FolderTest {
protected:
  fs::path entry() const { return folder / (plan().key + ".kernel"); }

  KernelCache::Lookup lookup() {
    object.clear();
    return KernelCache(folder).read(plan(), object);
  }

  /// Publishes an entry, lets `edit` change its bytes, and expects the reader
  /// to refuse and remove it.
  template <typename Edit> void expectRefusedAfter(Edit edit) {
    ASSERT_TRUE(KernelCache(folder).write(plan(), kObject));
    std::string bytes = readFile(entry());
    edit(bytes);
    writeFile(entry(), bytes);
    EXPECT_EQ(lookup(), KernelCache::Lookup::Corrupt);
    EXPECT_TRUE(object.empty());
    EXPECT_FALSE(fs::exists(entry()));
  }

  std::string object;
};

TEST_F(KernelCacheTest, ReturnsWhatWasWritten) {
  EXPECT_EQ(lookup(), KernelCache::Lookup::Miss);
  ASSERT_TRUE(KernelCache(folder).write(plan(), kObject));
  EXPECT_EQ(lookup(), KernelCache::Lookup::Hit);
  EXPECT_EQ(object, kObject);
  EXPECT_EQ(filesIn(folder).size(), 1u) << "a temporary file was left";
}

TEST_F(KernelCacheTest, MakesTheFolderForItsUserOnly) {
  fs::path nested = folder / "made" / "here";
  EXPECT_TRUE(KernelCache(nested).usable());
  EXPECT_EQ(fs::status(nested).permissions() & fs::perms::all,
            fs::perms::owner_all);
}

TEST_F(KernelCacheTest, RefusesAnEntryCutAnywhere) {
  ASSERT_TRUE(KernelCache(folder).write(plan(), kObject));
  size_t size = fs::file_size(entry());
  for (size_t cut = 0; cut < size; ++cut) {
    SCOPED_TRACE(cut);
    expectRefusedAfter([&](std::string &bytes) { bytes.resize(cut); });
  }
}

TEST_F(KernelCacheTest, RefusesAnEntryWithAnyByteChanged) {
  ASSERT_TRUE(KernelCache(folder).write(plan(), kObject));
  size_t size = fs::file_size(entry());
  for (size_t place = 0; place < size; ++place) {
    SCOPED_TRACE(place);
    expectRefusedAfter([&](std::string &bytes) { bytes[place] ^= 1; });
  }
}

TEST_F(KernelCacheTest, RefusesBytesAfterTheObjectAndGarbage) {
  expectRefusedAfter([](std::string &bytes) { bytes += "x"; });
  expectRefusedAfter([](std::string &bytes) { bytes.assign(5000, '7'); });
  expectRefusedAfter([](std::string &bytes) { bytes.assign(5000, '\n'); });
}

/// The file name is only a hint: what an entry is for stands inside it.
TEST_F(KernelCacheTest, RefusesTheEntryOfAnotherKernel) {
  KernelPlan other = plan(std::string(64, 'b'), "what the code depends no\n");
  ASSERT_TRUE(KernelCache(folder).write(other, kObject));
  fs::rename(folder / (other.key + ".kernel"), entry());
  EXPECT_EQ(lookup(), KernelCache::Lookup::Corrupt);
}

TEST_F(KernelCacheTest, SurvivesAFolderInPlaceOfAnEntry) {
  fs::create_directories(entry() / "full");
  EXPECT_EQ(lookup(), KernelCache::Lookup::Corrupt);
  EXPECT_FALSE(KernelCache(folder).write(plan(), kObject));
  EXPECT_EQ(filesIn(folder).size(), 1u) << "a temporary file was left";
}

TEST_F(KernelCacheTest, SurvivesAFolderThatGoesAway) {
  KernelCache cache(folder);
  fs::remove_all(folder);
  EXPECT_FALSE(cache.write(plan(), kObject));
  EXPECT_EQ(cache.read(plan(), object), KernelCache::Lookup::Miss);
}

TEST_F(KernelCacheTest, EvictsWhatIsUnusedForLongest) {
  auto planOf = [](char letter) { return plan(std::string(64, letter)); };
  auto age = [&](char letter, int hours) {
    fs::path path = folder / (std::string(64, letter) + ".kernel");
    fs::last_write_time(path, fs::file_time_type::clock::now() -
                                  std::chrono::hours(hours));
  };
  std::string large(100000, 'x');
  writeFile(folder / "other.txt", large);
  // Room for three entries and a little.
  KernelCache cache(folder, 320000);
  for (char letter : {'a', 'b', 'c'})
    ASSERT_TRUE(cache.write(planOf(letter), large));
  age('a', 3);
  age('b', 2);
  age('c', 1);
  EXPECT_EQ(cache.read(planOf('a'), object), KernelCache::Lookup::Hit);
  ASSERT_TRUE(cache.write(planOf('d'), large));
  EXPECT_EQ(cache.read(planOf('b'), object), KernelCache::Lookup::Miss);
  EXPECT_EQ(cache.read(planOf('c'), object), KernelCache::Lookup::Miss);
  EXPECT_EQ(cache.read(planOf('a'), object), KernelCache::Lookup::Hit);
  EXPECT_EQ(cache.read(planOf('d'), object), KernelCache::Lookup::Hit);
  EXPECT_TRUE(fs::exists(folder / "other.txt")) << "is no entry";
  // A smaller limit holds from the start.
  age('d', 1);
  KernelCache smaller(folder, 150000);
  EXPECT_EQ(smaller.read(planOf('d'), object), KernelCache::Lookup::Miss);
  EXPECT_EQ(smaller.read(planOf('a'), object), KernelCache::Lookup::Hit);
}

/// Processes that start at once on a folder that is too large remove the same
/// entries, not each some of its own.
TEST_F(KernelCacheTest, ProcessesThatEvictAtOnceRemoveNoMoreThanOne) {
  constexpr int kProcesses = 8, kEntries = 600, kBytes = 1000;
  constexpr int64_t kLimit = 400 * kBytes;
  for (int i = 0; i < kEntries; ++i) {
    std::string number = std::to_string(i);
    writeFile(folder /
                  (std::string(64 - number.size(), '0') + number + ".kernel"),
              std::string(kBytes, 'x'));
  }
  std::vector<pid_t> children;
  for (int process = 0; process < kProcesses; ++process) {
    pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      KernelCache cache(folder, kLimit);
      _exit(0);
    }
    children.push_back(child);
  }
  for (pid_t child : children)
    ASSERT_EQ(waitpid(child, nullptr, 0), child);
  EXPECT_EQ(filesIn(folder).size(), size_t((kLimit - kLimit / 10) / kBytes));
}

/// Someone may keep other things in the folder that --cache-dir names.
TEST_F(KernelCacheTest, EvictsNothingButEntries) {
  std::string large(1000, 'x');
  for (const char *name : {"linux.kernel", "train.schedule"})
    writeFile(folder / name, large);
  writeFile(entry(), large);
  KernelCache cache(folder, 10);
  EXPECT_FALSE(fs::exists(entry()));
  EXPECT_EQ(filesIn(folder).size(), 2u);
}

TEST_F(KernelCacheTest, RemovesWhatKilledProcessesLeft) {
  writeFile(folder / (plan().key + ".kernel.lacuna-tmp.1.0"), "half");
  KernelCache cache(folder);
  EXPECT_TRUE(filesIn(folder).empty());
}

TEST_F(KernelCacheTest, SaysWhyAFolderCannotBeUsed) {
  writeFile(folder / "file", "");
  for (const fs::path &path : {folder / "file", folder / "file" / "below"}) {
    KernelCache cache(path);
    EXPECT_FALSE(cache.usable());
    EXPECT_NE(cache.problem().find(path.string()), std::string::npos)
        << cache.problem();
  }
  EXPECT_EQ(KernelCache("").problem(),
            "no folder is set, neither by XDG_CACHE_HOME nor by HOME; "
            "--cache-dir names one");
}

/// Whoever writes there decides what code runs.
TEST_F(KernelCacheTest, RefusesAFolderThatOthersMayWrite) {
  for (fs::perms others : {fs::perms::group_write, fs::perms::others_write}) {
    fs::permissions(folder, fs::perms::owner_all | others);
    KernelCache cache(folder);
    EXPECT_FALSE(cache.usable());
    EXPECT_NE(cache.problem().find("chmod go-w"), std::string::npos)
        << cache.problem();
  }
  fs::permissions(folder, fs::perms::owner_all | fs::perms::others_read);
  EXPECT_TRUE(KernelCache(folder).usable());
}

/// An entry may be from before the folder was closed to others.
TEST_F(KernelCacheTest, RefusesEntriesThatOthersMayWrite) {
  for (fs::perms others : {fs::perms::group_write, fs::perms::others_write}) {
    ASSERT_TRUE(KernelCache(folder).write(plan(), kObject));
    fs::permissions(entry(), others, fs::perm_options::add);
    EXPECT_EQ(lookup(), KernelCache::Lookup::Corrupt);
    EXPECT_FALSE(fs::exists(entry()));
  }
  if (geteuid() != 0)
    GTEST_SKIP() << "only root can give files away";
  ASSERT_TRUE(KernelCache(folder).write(plan(), kObject));
  constexpr uid_t kNobody = 65534;
  ASSERT_EQ(chown(entry().c_str(), kNobody, gid_t(-1)), 0);
  EXPECT_EQ(lookup(), KernelCache::Lookup::Corrupt);
}

TEST_F(KernelCacheTest, EntriesAreTheUsersOwnWhateverTheUmask) {
  mode_t before = umask(0);
  bool written = KernelCache(folder).write(plan(), kObject);
  umask(before);
  ASSERT_TRUE(written);
  EXPECT_EQ(lookup(), KernelCache::Lookup::Hit);
}

/// Opening one would wait for a writer.
TEST_F(KernelCacheTest, SurvivesAPipeInPlaceOfAnEntry) {
  ASSERT_EQ(mkfifo(entry().c_str(), S_IRUSR | S_IWUSR), 0);
  EXPECT_EQ(lookup(), KernelCache::Lookup::Corrupt);
}

TEST_F(KernelCacheTest, DefaultFolderFollowsTheEnvironment) {
  auto withEnvironment = [](const char *cache, const char *home) {
    setenv("XDG_CACHE_HOME", cache, 1);
    setenv("HOME", home, 1);
    return KernelCache::defaultDirectory();
  };
  EXPECT_EQ(withEnvironment("/c", "/h"), "/c/lacuna");
  EXPECT_EQ(withEnvironment("", "/h"), "/h/.cache/lacuna");
  EXPECT_EQ(withEnvironment("", ""), "");
}

/// Writers of one key, each with an object of its own: a reader sees nothing or
/// one whole entry.
TEST_F(KernelCacheTest, ProcessesPublishTheSameKeyAtOnce) {
  constexpr int kProcesses = 8, kRounds = 40;
  auto objectOf = [](int process) {
    return std::string(100000 + 1000 * process, char('a' + process));
  };
  auto isOneOfThem = [&](const std::string &bytes) {
    for (int process = 0; process < kProcesses; ++process)
      if (bytes == objectOf(process))
        return true;
    return false;
  };
  std::vector<pid_t> children;
  for (int process = 0; process < kProcesses; ++process) {
    pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      bool good = true;
      KernelCache cache(folder);
      for (int round = 0; round < kRounds; ++round) {
        good &= cache.write(plan(), objectOf(process));
        std::string bytes;
        good &= cache.read(plan(), bytes) == KernelCache::Lookup::Hit &&
                isOneOfThem(bytes);
      }
      _exit(good ? 0 : 1);
    }
    children.push_back(child);
  }
  for (pid_t child : children) {
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
  EXPECT_EQ(filesIn(folder).size(), 1u);
}

} // namespace
} // namespace lacuna::testing
