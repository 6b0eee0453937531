//===- Armv7Test.cpp - Kernels for 32-bit ARM against plain loops ---------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The runtime has no operators for 32-bit ARM, and this machine no C library
// for it. So each kernel is linked to a program without one, which takes its
// operands from standard input and runs under qemu-arm.
//
//===----------------------------------------------------------------------===//

#include "../gradient/Cases.h"
#include "../gradient/KernelRun.h"

#include "lacuna/Compiler/KernelCompiler.h"
#include "lacuna/Compiler/Target.h"
#include "lacuna/Runtime/KernelProvider.h"
#include "lacuna/Support/Files.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>

namespace lacuna::testing {

namespace {

namespace fs = std::filesystem;

constexpr int64_t kAny = int64_t(1) << 30;

/// Compiles kernels whose entry runs them in the emulator, for the problem it
/// was last told of.
class EmulatedProvider : public KernelProvider {
public:
  explicit EmulatedProvider(const std::string &folder)
      : folder(folder), target(crossTarget("cortex-a15", "")) {}

  int64_t lanes() const override { return target.description.lanes; }
  ProviderStatistics statistics() const override { return {}; }

  std::shared_ptr<const Kernel> get(const KernelRequest &request) override {
    KernelPlan plan = planKernel(request, target);
    writeFileAtomically(folder + "/kernel.o",
                        {compileKernel(plan, target, "")});
    current = this;
    layout =
        std::make_unique<StreamLayout>(request.operation, request.geometry,
                                       plan.request.structure, plan.schedule);
    symbol = plan.name;
    return std::make_shared<Kernel>(Kernel{
        plan.key, plan.name, *layout, plan.request.fusion, &enter, nullptr});
  }

  const ActiveSet *active = nullptr;

private:
  static void enter(const lacuna_kernel_operands *operands, int64_t begin,
                    int64_t end) {
    current->run(*operands, begin, end);
  }

  /// Adds an operand to the program: an array, filled from standard input
  /// unless it has no content, and what points to it.
  void operand(const char *field, const char *type, const void *content,
               int64_t count, int64_t bytes) {
    std::string array = std::string("operand_") + field;
    arrays += std::string("static ") + type + " " + array + "[" +
              std::to_string(count) + "] __attribute__((aligned(64)));\n";
    if (content) {
      reads += "  transfer(3, 0, " + array + ", sizeof " + array + ");\n";
      input.append(static_cast<const char *>(content),
                   static_cast<size_t>(count * bytes));
    }
    pointers += std::string("  operands.") + field + " = " + array + ";\n";
  }
  void floats(const char *field, const float *content, int64_t count) {
    operand(field, "float", content, count, sizeof(float));
  }

  void run(const lacuna_kernel_operands &operands, int64_t begin, int64_t end) {
    arrays = reads = pointers = input = "";
    const StreamLayout &l = *layout;
    const Geometry &g = l.geometry;
    bool gradWeight = l.operation == Operation::GradWeight;
    Streams streams = packStreams(l, *active);
    int64_t vectors = operands.batch_blocks * l.schedule.lanes;
    Extent2d plane = g.output();
    floats("source", operands.source,
           vectors * l.sourceChannels * l.source.height * l.source.width);
    if (gradWeight)
      floats("gradient", operands.gradient,
             vectors * g.outChannels * plane.height * plane.width);
    else
      floats("values", operands.values, streams.values());
    operand("offsets", "int32_t", streams.offsets.data(),
            int64_t(streams.offsets.size()), sizeof(int32_t));
    operand("indices", "uint16_t", streams.indices.data(),
            int64_t(streams.indices.size()), sizeof(uint16_t));
    floats("bias", operands.bias, g.outChannels);
    floats("scratch", nullptr, l.scratchFloats());
    if (gradWeight)
      floats("lanes", nullptr, streams.values() * l.schedule.lanes);
    int64_t results = gradWeight ? streams.values()
                                 : vectors * l.targetChannels *
                                       l.target.height * l.target.width;
    floats("result", nullptr, results);

    writeFileAtomically(folder + "/operands.inc", {arrays});
    writeFileAtomically(
        folder + "/call.inc",
        {reads, pointers,
         "  operands.batch_blocks = " + std::to_string(operands.batch_blocks) +
             ";\n  " + symbol + "(&operands, " + std::to_string(begin) + ", " +
             std::to_string(end) + ");\n"});
    writeFileAtomically(folder + "/kernel.h",
                        {"void " + symbol +
                         "(const lacuna_kernel_operands *, int64_t, "
                         "int64_t);\n"});
    writeFileAtomically(folder + "/input", {input});
    std::string program = folder + "/program";
    ASSERT_EQ(shell(std::string(LACUNA_CLANG) +
                    " --target=armv7-linux-gnueabihf -mcpu=cortex-a15 -O1 "
                    "-ffreestanding -nostdlib -static -fuse-ld=lld -Wall "
                    "-Werror -I" LACUNA_INCLUDE " -I" +
                    folder + " " LACUNA_ARMV7_PROGRAM " " + folder +
                    "/kernel.o -o " + program),
              0);
    ASSERT_EQ(shell(std::string(LACUNA_QEMU_ARM) + " -cpu cortex-a15 " +
                    program + " < " + folder + "/input > " + folder +
                    "/output"),
              0);
    std::string output = readFile(folder + "/output", kAny);
    ASSERT_EQ(int64_t(output.size()), results * int64_t(sizeof(float)));
    std::memcpy(operands.result, output.data(), output.size());
  }

  static int shell(const std::string &command) {
    return std::system(command.c_str());
  }

  inline static EmulatedProvider *current = nullptr;

  std::string folder;
  Target target;
  std::unique_ptr<StreamLayout> layout;
  std::string symbol, arrays, reads, pointers, input;
};

class Armv7Test : public ::testing::Test {
protected:
  void SetUp() override {
    if (!*LACUNA_QEMU_ARM || !*LACUNA_CLANG)
      GTEST_SKIP() << "no qemu-arm, or no clang for it, on this machine";
    std::string pattern = ::testing::TempDir() + "lacuna-armv7-XXXXXX";
    folder = mkdtemp(pattern.data());
    provider = std::make_unique<EmulatedProvider>(folder);
  }
  void TearDown() override {
    if (!folder.empty())
      fs::remove_all(folder);
  }

  void check(const ProblemShape &shape, Level level) {
    LayerProblem problem(shape);
    provider->active = &problem.active;
    // The emulated program has operands of its own.
    expectTruth(*provider, problem, level, {Flush::End});
  }

  std::string folder;
  std::unique_ptr<EmulatedProvider> provider;
};

Geometry layer(int64_t stride) {
  return Geometry::conv2d(13, 8, {9, 7}, {3, 3}, {stride, stride}, {1, 1});
}

TEST_F(Armv7Test, KernelsMatchPlainLoops) {
  ASSERT_EQ(provider->lanes(), 4);
  for (const Structure &structure :
       {Structure::dense(), Structure::unstructured(), Structure::channel(),
        Structure::pattern(mestPatterns()), Structure::block(4)})
    for (int64_t stride : {1, 2}) {
      SCOPED_TRACE(std::string(schemeName(structure.scheme)) + " stride " +
                   std::to_string(stride));
      check({layer(stride), structure, 7, 0.3, 51}, Level::Specialised);
    }
}

TEST_F(Armv7Test, StreamAndLinearKernelsMatchPlainLoops) {
  check({layer(1), Structure::block(4), 7, 0.3, 52}, Level::Stream);
  check({Geometry::linear(37, 12), Structure::unstructured(), 21, 0.3, 53},
        Level::Specialised);
}

} // namespace
} // namespace lacuna::testing
