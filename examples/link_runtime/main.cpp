//===- main.cpp - A sparse convolution with linked or compiled kernels ----===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs the layer of a descriptor forward, moves one of its blocks, runs it
// again without another kernel, and compares both with plain loops.
//
//===----------------------------------------------------------------------===//

#include "lacuna/Kernel/Descriptor.h"
#include "lacuna/Runtime/Tensor.h"
#include "lacuna/Support/Error.h"

#ifdef LINK_COMPILER
#include "lacuna/Compiler/JitProvider.h"
#else
#include "conv_kernels.h"
#include "lacuna/Runtime/Bundle.h"
#endif

#include <algorithm>
#include <cmath>
#include <cstdio>

using namespace lacuna;

namespace {

constexpr int64_t kImages = 5;

std::unique_ptr<KernelProvider> makeProvider() {
#ifdef LINK_COMPILER
  return createJitProvider({});
#else
  return linkedBundle(conv_kernels_bundle);
#endif
}

/// Any values, the same on every machine.
std::vector<float> values(size_t count, int step) {
  std::vector<float> result;
  for (size_t i = 0; i < count; ++i)
    result.push_back(float(int(i * step % 17) - 8) / 8);
  return result;
}

/// Largest difference between the kernel's output and that of plain loops.
float errorOf(const Kernel &kernel, const ActiveSet &active) {
  const StreamLayout &layout = kernel.layout;
  const Geometry &g = layout.geometry;
  Extent2d out = g.output();
  int64_t lanes = layout.schedule.lanes;
  Tensor input({kImages, g.inChannels, g.input.height, g.input.width, lanes});
  Tensor output({kImages, g.outChannels, out.height, out.width, lanes});
  std::vector<float> plain = values(
      size_t(kImages * g.inChannels * g.input.height * g.input.width), 5);
  toBlocked(plain.data(), input);

  // What a mutation costs: the active weights are packed for the same code.
  Streams streams = packStreams(layout, active);
  std::vector<float> weights = values(size_t(streams.values()), 3);
  Buffer<float> stream(MemoryKind::Streams, streams.values());
  for (int64_t i = 0; i < streams.values(); ++i)
    stream[i] = weights[streams.valueOrder[size_t(i)]];
  Buffer<float> scratch(MemoryKind::Scratch, layout.scratchFloats());

  lacuna_kernel_operands operands = {};
  operands.source = input.data();
  operands.values = stream.data();
  operands.offsets = streams.offsets.data();
  operands.indices = streams.indices.data();
  operands.result = output.data();
  operands.scratch = scratch.data();
  operands.batch_blocks = input.shape().blocks();
  kernel.entry(&operands, 0, layout.workItems(operands.batch_blocks));

  std::vector<float> result(
      size_t(kImages * g.outChannels * out.height * out.width));
  fromBlocked(output, result.data());
  std::vector<double> truth(result.size());
  std::vector<uint32_t> positions = active.positions(g, layout.structure);
  for (size_t w = 0; w < positions.size(); ++w) {
    int64_t o = positions[w] / g.columns();
    int64_t c = positions[w] % g.columns() / g.taps();
    int64_t kh = positions[w] % g.taps() / g.kernel.width;
    int64_t kw = positions[w] % g.taps() % g.kernel.width;
    for (int64_t n = 0; n < kImages; ++n)
      for (int64_t y = 0; y < out.height; ++y)
        for (int64_t x = 0; x < out.width; ++x) {
          int64_t i = y + kh - g.padding.height, j = x + kw - g.padding.width;
          if (i >= 0 && j >= 0 && i < g.input.height && j < g.input.width)
            truth[size_t(
                ((n * g.outChannels + o) * out.height + y) * out.width + x)] +=
                double(weights[w]) *
                plain[size_t(((n * g.inChannels + c) * g.input.height + i) *
                                 g.input.width +
                             j)];
        }
  }
  float worst = 0;
  for (size_t i = 0; i < truth.size(); ++i)
    worst = std::max(worst, std::fabs(float(truth[i]) - result[i]));
  return worst;
}

void run(const char *path) {
  Descriptor layer = loadDescriptor(path);
  std::unique_ptr<KernelProvider> provider = makeProvider();
  KernelRequest request;
  request.operation = Operation::Forward;
  request.geometry = layer.geometry;
  request.structure = layer.structure;
  std::shared_ptr<const Kernel> kernel = provider->get(request);

  float before = errorOf(*kernel, layer.active);
  ++layer.active.units.front();
  layer.active.verify(layer.geometry, layer.structure);
  float after = errorOf(*kernel, layer.active);
  std::printf("%s\n%lld lanes, largest error %g, after a mutation %g\n",
              kernel->name.c_str(), static_cast<long long>(provider->lanes()),
              double(before), double(after));
  if (!(before < 1e-5f && after < 1e-5f))
    throw InternalError("the kernel and plain loops disagree");
}

} // namespace

int main(int argc, char **argv) {
  if (argc != 2) {
    std::fputs("Usage: link_runtime DESCRIPTOR\n", stderr);
    return static_cast<int>(ExitCode::UsageError);
  }
  try {
    run(argv[1]);
    return 0;
  } catch (const Error &error) {
    std::fprintf(stderr, "link_runtime: error: %s\n", error.what());
    return static_cast<int>(error.exitCode());
  }
}
