//===- TargetTest.cpp - The host, and CPUs asked for by name --------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Compiler/Target.h"
#include "lacuna/Support/Error.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace lacuna {
namespace {

TEST(Target, NoNameMeansTheHost) {
  EXPECT_EQ(targetFor("").canonicalText(), hostTarget().canonicalText());
}

TEST(Target, TextIsTheSameEachTime) {
  EXPECT_EQ(hostTarget().canonicalText(), hostTarget().canonicalText());
}

TEST(Target, RefusesNamesThatLLVMDoesNotKnow) {
  try {
    targetFor("no-such-cpu");
    FAIL() << "accepted";
  } catch (const UserError &error) {
    EXPECT_NE(std::string(error.what()).find("no-such-cpu"), std::string::npos);
  }
}

TEST(Target, TriplesMayLeaveOutWhatTheyDoNotSay) {
  for (const char *triple :
       {"aarch64", "aarch64-linux-gnu", "aarch64-none-elf",
        "aarch64-unknown-none", "x86_64-alpine-linux-musl", "x86_64-elf",
        "aarch64-linux-android29", "arm64-apple-darwin20"})
    EXPECT_NO_THROW(crossTarget(triple, "")) << triple;
}

TEST(Target, RefusesTriplesThatNameNoSystem) {
  for (const char *triple : {"arm64-foo-bar", "arm64-foo", "aarch64-linux-foo",
                             "x86_64-pc-linus-gnu", "arm64-apple"})
    try {
      crossTarget(triple, "");
      ADD_FAILURE() << triple << " was accepted";
    } catch (const UserError &error) {
      std::string text = error.what();
      for (const char *part :
           {triple, "x86-64-v3", "aarch64-unknown-linux-gnu"})
        EXPECT_NE(text.find(part), std::string::npos) << text;
    }
}

/// Instructions that LLVM puts into kernels unasked.
TEST(Target, MachinesAreAskedForWhatCodeMayUse) {
  auto needs = [](const char *triple, const char *cpu, const char *feature) {
    auto required = requiredFeatures(crossTarget(triple, cpu));
    return std::count(required.begin(), required.end(), feature) == 1;
  };
  for (const char *feature : {"fma4", "xop", "tbm", "sse4a"})
    EXPECT_TRUE(needs("x86_64-linux-gnu", "bdver4", feature)) << feature;
  EXPECT_FALSE(needs("x86_64-linux-gnu", "x86-64-v3", "fma4"));
  EXPECT_TRUE(needs("x86_64-linux-gnu", "sapphirerapids", "avx512fp16"));
  EXPECT_TRUE(needs("aarch64-linux-gnu", "ampere1b", "cssc"));
  EXPECT_TRUE(needs("aarch64-linux-gnu", "neoverse-v2", "sve2"));
  EXPECT_FALSE(needs("aarch64-linux-gnu", "cortex-a76", "cssc"));
}

TEST(Target, RefusesApx) {
  try {
    crossTarget("x86_64-linux-gnu", "diamondrapids");
    FAIL() << "accepted";
  } catch (const UserError &error) {
    EXPECT_NE(std::string(error.what()).find("APX"), std::string::npos)
        << error.what();
  }
}

#if defined(__x86_64__)

TEST(Target, Avx2MeansEightLanes) {
  Target target = targetFor("x86-64-v3");
  EXPECT_EQ(target.description.lanes, 8);
  EXPECT_EQ(target.description.vectorRegisters, 16);
  EXPECT_NE(target.canonicalText(), hostTarget().canonicalText());
}

TEST(Target, RefusesCpusWithoutFusedMultiplyAdd) {
  try {
    targetFor("x86-64-v2");
    FAIL() << "accepted";
  } catch (const UserError &error) {
    EXPECT_NE(std::string(error.what()).find("lacks avx2, fma"),
              std::string::npos)
        << error.what();
  }
}

TEST(Target, RefusesCodeThatThisMachineCannotRun) {
  // AMD has no FP16 arithmetic, Intel no SSE4a: one of the two is always
  // foreign. bdver4 has Bulldozer's FMA4, which no later CPU has.
  bool hostIsAmd = hostTarget().features.find("+sse4a") != std::string::npos;
  for (const char *cpu : {hostIsAmd ? "sapphirerapids" : "znver1", "bdver4"})
    EXPECT_THROW(targetFor(cpu), EnvironmentError) << cpu;
}

#endif // __x86_64__

} // namespace
} // namespace lacuna
