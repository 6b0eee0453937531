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

#if defined(__x86_64__)

TEST(Target, Avx2MeansEightLanes) {
  Target target = targetFor("x86-64-v3");
  EXPECT_EQ(target.description.lanes, 8);
  EXPECT_EQ(target.description.vectorRegisters, 16);
  EXPECT_NE(target.canonicalText(), hostTarget().canonicalText());
}

TEST(Target, RefusesCpusWithoutFusedMultiplyAdd) {
  EXPECT_THROW(targetFor("x86-64-v2"), EnvironmentError);
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
