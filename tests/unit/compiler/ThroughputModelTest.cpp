//===- ThroughputModelTest.cpp - Loops found, and estimated ---------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Compiler/ThroughputModel.h"

#include "lacuna/Support/Error.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace lacuna {
namespace {

constexpr char kNested[] = R"(
k:                                      // @k
	mov	x8, #4
.LBB0_1:                                // outer
	.p2align	4
.LBB0_2:                                // packs
	ldr	q0, [x0], #16
	subs	x9, x9, #1
	b.ne	.LBB0_2
.LBB0_3:                                // adds
	ldr	q1, [sp, #32]                   // 16-byte Reload
	fmla	v2.4s, v1.4s, v0.4s
	fmla	v3.4s, v1.4s, v0.s[1]
	cbz	x3, .LBB0_9
	subs	x9, x9, #1
	b.ne	.LBB0_3
	subs	x8, x8, #1
	b.ne	.LBB0_1
.LBB0_4:                                // the rest, one by one
	fmla	v2.4s, v1.4s, v0.4s
	subs	x9, x9, #1
	b.ne	.LBB0_4
.LBB0_9:
	ret
)";

TEST(InnermostLoops, AreFoundInsideOthers) {
  std::vector<AssemblyLoop> loops = innermostLoops(kNested);
  ASSERT_EQ(loops.size(), 3u);
  std::vector<std::string> packs = {"ldr\tq0, [x0], #16", "subs\tx9, x9, #1",
                                    "b.ne\t.LBB0_2"};
  EXPECT_EQ(loops[0].instructions, packs);
  EXPECT_EQ(loops[0].multiplyAdds, 0);
  EXPECT_EQ(loops[0].stackAccesses, 0);
  EXPECT_EQ(loops[1].instructions.size(), 6u);
  EXPECT_EQ(loops[1].multiplyAdds, 2);
  EXPECT_EQ(loops[1].stackAccesses, 1);
  EXPECT_EQ(loops[2].multiplyAdds, 1);
}

TEST(InnermostLoops, AreFoundInAssemblyForX86) {
  std::vector<AssemblyLoop> loops = innermostLoops(R"(
.LBB0_1:                                # =>This Inner Loop Header
	vbroadcastss	(%rdi,%rax,4), %ymm0
	vfmadd231ps	32(%rsp), %ymm0, %ymm1  # ymm1 = (ymm0 * mem) + ymm1
	incq	%rax
	cmpq	%rax, %rcx
	jne	.LBB0_1
)");
  ASSERT_EQ(loops.size(), 1u);
  EXPECT_EQ(loops[0].instructions.size(), 5u);
  EXPECT_EQ(loops[0].instructions[1], "vfmadd231ps\t32(%rsp), %ymm0, %ymm1");
  EXPECT_EQ(loops[0].multiplyAdds, 1);
  EXPECT_EQ(loops[0].stackAccesses, 1);
}

TEST(HeavyLoops, HoldHalfAsManyMultiplyAddsAsTheHeaviest) {
  EXPECT_EQ(heavyLoops(kNested).size(), 2u);
  EXPECT_TRUE(heavyLoops(".LBB0_1:\n\tb\t.LBB0_1\n").empty());
}

AssemblyLoop loopOf(int chains) {
  AssemblyLoop loop;
  for (int i = 0; i < 8; ++i)
    loop.instructions.push_back("fmla\tv" + std::to_string(i % chains) +
                                ".4s, v30.4s, v31.4s");
  return loop;
}

TEST(EstimateLoops, SeesLatencyAndPorts) {
  Target target = crossTarget("neoverse-n1", "");
  std::vector<LoopEstimate> estimates =
      estimateLoops({loopOf(8), loopOf(1)}, target);
  ASSERT_EQ(estimates.size(), 2u);
  // Two ports; one after the other, each waits for the one before.
  EXPECT_NEAR(estimates[0].cycles, 4, 0.2);
  EXPECT_NEAR(estimates[0].fmaPorts, 1, 0.05);
  EXPECT_GE(estimates[1].cycles, 16);
  EXPECT_LE(estimates[1].fmaPorts, 0.3);
}

TEST(EstimateLoops, TakesAnotherModelForTheCortexA76) {
  EXPECT_EQ(modelledCpu(crossTarget("cortex-a76", "")), "neoverse-n1");
  EXPECT_EQ(modelledCpu(crossTarget("apple-m1", "")), "apple-m1");
}

TEST(EstimateLoops, NeedsLlvmMca) {
  const char *path = std::getenv("PATH");
  std::string before = path ? path : "";
  setenv("PATH", "/nonexistent", 1);
  Target target = crossTarget("neoverse-n1", "");
  EXPECT_THROW(estimateLoops({loopOf(8)}, target), EnvironmentError);
  setenv("PATH", before.c_str(), 1);
}

} // namespace
} // namespace lacuna
