//===- GuardedArrayTest.cpp - Memory between pages that fault -------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GuardedArray.h"

#include <gtest/gtest.h>

namespace lacuna::testing {

namespace {

/// Read in a way that no compiler leaves out.
float read(const float *at) { return *const_cast<const volatile float *>(at); }

TEST(GuardedArrayTest, WhatLiesBeyondTheFlushSideCannotBeTouched) {
  for (int64_t count : {0, 1, 1000, 1024, 5000}) {
    GuardedArray<float> begin(count, 1, Flush::Begin);
    GuardedArray<float> end(count, 1, Flush::End);
    EXPECT_EXIT(read(begin.data() - 1), ::testing::KilledBySignal(SIGSEGV), "");
    EXPECT_EXIT(read(end.data() + count), ::testing::KilledBySignal(SIGSEGV),
                "");
  }
}

TEST(GuardedArrayTest, WritesBeyondTheOtherSideShow) {
  GuardedArray<float> begin(3, 1, Flush::Begin), end(3, 1, Flush::End);
  begin[0] = end[2] = 2;
  EXPECT_TRUE(begin.intact());
  EXPECT_TRUE(end.intact());
  begin[3] = 2;
  end[-1] = 2;
  EXPECT_FALSE(begin.intact());
  EXPECT_FALSE(end.intact());
}

} // namespace
} // namespace lacuna::testing
