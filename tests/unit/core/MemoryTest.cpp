//===- MemoryTest.cpp - Aligned buffers, accounted by kind ----------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Runtime/Memory.h"

#include "lacuna/Support/Error.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

using namespace lacuna;

namespace {

TEST(Memory, BufferIsZeroAndAligned) {
  for (int64_t size : {1, 3, 16, 17, 4097}) {
    Buffer<float> buffer(MemoryKind::Scratch, size);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(buffer.data()) % 64, 0u);
    for (float value : buffer)
      ASSERT_EQ(value, 0.0f);
  }
}

TEST(Memory, EmptyBufferHoldsNothing) {
  int64_t before = memoryUsage().totalCurrent;
  Buffer<float> buffer(MemoryKind::Scratch, 0);
  EXPECT_EQ(buffer.data(), nullptr);
  EXPECT_EQ(memoryUsage().totalCurrent, before);
}

TEST(Memory, CountsByKindAndPeak) {
  resetMemoryPeaks();
  MemoryUsage before = memoryUsage();
  {
    Buffer<float> first(MemoryKind::Weights, 100);
    Buffer<uint16_t> second(MemoryKind::Indices, 10);
    Buffer<float> moved(std::move(first));
    MemoryUsage during = memoryUsage();
    EXPECT_EQ(during.of(MemoryKind::Weights) - before.of(MemoryKind::Weights),
              400);
    EXPECT_EQ(during.of(MemoryKind::Indices) - before.of(MemoryKind::Indices),
              20);
    EXPECT_EQ(during.totalCurrent - before.totalCurrent, 420);
    moved = Buffer<float>(MemoryKind::Weights, 5);
    EXPECT_EQ(memoryUsage().of(MemoryKind::Weights) -
                  before.of(MemoryKind::Weights),
              20);
  }
  MemoryUsage after = memoryUsage();
  EXPECT_EQ(after.totalCurrent, before.totalCurrent);
  EXPECT_EQ(after.totalPeak - before.totalCurrent, 440);
  EXPECT_EQ(after.largest[size_t(MemoryKind::Weights)], 400);
}

TEST(Memory, ResetKeepsWhatIsInUse) {
  Buffer<float> kept(MemoryKind::Optimiser, 8);
  {
    Buffer<float> dropped(MemoryKind::Optimiser, 800);
  }
  EXPECT_GE(memoryUsage().largest[size_t(MemoryKind::Optimiser)], 3200);
  resetMemoryPeaks();
  MemoryUsage usage = memoryUsage();
  EXPECT_EQ(usage.largest[size_t(MemoryKind::Optimiser)], 32);
  EXPECT_EQ(usage.peak, usage.current);
  EXPECT_EQ(usage.totalPeak, usage.totalCurrent);
}

TEST(Memory, AccountsMemoryHeldElsewhere) {
  int64_t before = memoryUsage().of(MemoryKind::Indices);
  accountMemory(MemoryKind::Indices, 128);
  EXPECT_EQ(memoryUsage().of(MemoryKind::Indices), before + 128);
  accountMemory(MemoryKind::Indices, -128);
  EXPECT_EQ(memoryUsage().of(MemoryKind::Indices), before);
}

TEST(Memory, ExhaustionIsAnEnvironmentError) {
  int64_t before = memoryUsage().totalCurrent;
  try {
    allocateAligned(MemoryKind::Gradients, int64_t(1) << 60);
    FAIL() << "allocated an exbibyte";
  } catch (const EnvironmentError &error) {
    EXPECT_NE(std::string(error.what()).find("gradients"), std::string::npos);
  }
  EXPECT_EQ(memoryUsage().totalCurrent, before);
  EXPECT_THROW(allocateAligned(MemoryKind::Gradients, -1), InternalError);
}

TEST(Memory, EveryKindHasAName) {
  for (size_t k = 0; k < kMemoryKinds; ++k)
    EXPECT_FALSE(memoryKindName(static_cast<MemoryKind>(k)).empty());
  EXPECT_THROW(memoryKindName(static_cast<MemoryKind>(kMemoryKinds)),
               InternalError);
}

} // namespace
