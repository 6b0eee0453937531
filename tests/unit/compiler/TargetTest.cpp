//===- TargetTest.cpp - The host, and CPUs asked for by name --------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Compiler/Target.h"
#include "lacuna/Support/Error.h"

#include <gtest/gtest.h>

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
  // AMD has no AMX, Intel no SSE4a: one of the two is always foreign.
  bool hostIsAmd = hostTarget().features.find("+sse4a") != std::string::npos;
  EXPECT_THROW(targetFor(hostIsAmd ? "sapphirerapids" : "znver1"),
               EnvironmentError);
}

#endif // __x86_64__

} // namespace
} // namespace lacuna
