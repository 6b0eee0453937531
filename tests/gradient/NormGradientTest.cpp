//===- NormGradientTest.cpp - Batch norm's gradient in grad-input ---------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Cases.h"
#include "KernelRun.h"

#include "lacuna/Runtime/Tensor.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

namespace lacuna::testing {
namespace {

std::vector<float> randomFloats(size_t count, uint32_t seed) {
  std::mt19937 engine(seed);
  std::uniform_real_distribution<float> draw(-1, 1);
  std::vector<float> values(count);
  for (float &value : values)
    value = draw(engine);
  return values;
}

/// A grad-input kernel with what a batch norm and another path add to it.
struct NormProblem {
  NormProblem(const LayerProblem &layer, bool residual, bool accumulate)
      : layer(layer), residual(residual), accumulate(accumulate) {
    size_t channels = size_t(layer.geometry.inChannels);
    size_t size = layer.input.size();
    addend = randomFloats(size, 1);
    output = randomFloats(size, 2);
    mean = randomFloats(channels, 3);
    scale = randomFloats(channels, 4);
    shift = randomFloats(channels, 5);
  }

  const LayerProblem &layer;
  bool residual, accumulate;
  std::vector<float> addend, output, mean, scale, shift;

  size_t channelOf(size_t element) const {
    return element / size_t(layer.inputPlane()) %
           size_t(layer.geometry.inChannels);
  }
  bool passes(size_t i) const {
    size_t c = channelOf(i);
    return (residual ? output[i]
                     : std::fma(layer.input[i], scale[c], shift[c])) > 0;
  }
  /// By definition, in double precision.
  std::vector<double> gradient() const {
    std::vector<double> result = layer.inputGradient();
    for (size_t i = 0; i < result.size(); ++i)
      result[i] = passes(i) ? result[i] + (accumulate ? addend[i] : 0) : 0;
    return result;
  }
};

struct NormResult {
  std::vector<float> gradient;
  std::vector<float> sums; ///< [channel][2]
};

NormResult run(const Kernel &kernel, const NormProblem &problem) {
  const LayerProblem &layer = problem.layer;
  const StreamLayout &layout = kernel.layout;
  int64_t lanes = layout.schedule.lanes;
  const Geometry &g = layer.geometry;
  Extent2d plane = g.output();
  TensorShape inputs{layer.images, g.inChannels, g.input.height, g.input.width,
                     lanes};
  auto blocked = [](const TensorShape &shape, const std::vector<float> &plain) {
    Tensor tensor(shape);
    toBlocked(plain.data(), tensor);
    return tensor;
  };
  Tensor source =
      blocked({layer.images, g.outChannels, plane.height, plane.width, lanes},
              layer.gradient);
  Tensor input = blocked(inputs, layer.input);
  Tensor output = blocked(inputs, problem.output);
  Tensor result = blocked(inputs, problem.addend);

  Streams streams = packStreams(layout, layer.active);
  std::vector<float> values;
  for (uint32_t canonical : streams.valueOrder)
    values.push_back(layer.weights[canonical]);
  Buffer<float> scratch(MemoryKind::Scratch, layout.scratchFloats());
  Buffer<float> statistics(MemoryKind::Scratch,
                           layout.statisticsFloats(inputs.blocks()));
  // They need not be cleared.
  std::fill(statistics.begin(), statistics.end(),
            std::numeric_limits<float>::quiet_NaN());

  lacuna_kernel_operands operands{};
  operands.source = source.data();
  operands.values = values.data();
  operands.offsets = streams.offsets.data();
  operands.indices = streams.indices.data();
  operands.source_scale = problem.scale.data();
  operands.source_shift = problem.shift.data();
  operands.statistics = statistics.data();
  operands.result = result.data();
  operands.scratch = scratch.data();
  operands.norm_input = input.data();
  operands.norm_output = output.data();
  operands.norm_mean = problem.mean.data();
  operands.batch_blocks = inputs.blocks();
  kernel.entry(&operands, 0, layout.workItems(inputs.blocks()));

  NormResult found{std::vector<float>(layer.input.size()),
                   std::vector<float>(size_t(g.inChannels) * 2)};
  fromBlocked(result, found.gradient.data());
  for (int64_t c = 0; c < g.inChannels; ++c)
    for (int64_t kind = 0; kind < 2; ++kind) {
      double sum = 0;
      for (int64_t block = 0; block < inputs.blocks(); ++block)
        for (int64_t row = 0; row < layout.tileRows(); ++row)
          for (int64_t lane = 0;
               lane < std::min(lanes, layer.images - block * lanes); ++lane)
            sum += statistics
                [(((block * layout.tileRows() + row) * g.inChannels + c) * 2 +
                  kind) *
                     lanes +
                 lane];
      found.sums[size_t(c * 2 + kind)] = float(sum);
    }
  return found;
}

class NormGradientTest : public ::testing::TestWithParam<NamedGeometry> {};

TEST_P(NormGradientTest, AgreesWithDoublePrecision) {
  const NamedGeometry &named = GetParam();
  for (const Structure &structure :
       {Structure::unstructured(), Structure::dense()})
    for (bool residual : {false, true})
      for (bool accumulate : {false, true}) {
        LayerProblem layer({named.geometry, structure, named.images});
        NormProblem problem(layer, residual, accumulate);
        Fusion fusion;
        fusion.accumulate = accumulate;
        fusion.normGradient = true;
        fusion.normResidual = residual;
        std::shared_ptr<const Kernel> kernel =
            jitFor().get({Operation::GradInput, named.geometry, structure,
                          fusion, Level::Stream});
        NormResult found = run(*kernel, problem);
        std::vector<double> truth = problem.gradient();
        EXPECT_LT(relativeError(found.gradient, truth), kTolerance)
            << kernel->name;
        std::vector<double> sums(found.sums.size());
        for (size_t i = 0; i < truth.size(); ++i) {
          size_t c = problem.channelOf(i);
          sums[2 * c] += truth[i];
          sums[2 * c + 1] +=
              truth[i] * (double(layer.input[i]) - double(problem.mean[c]));
        }
        EXPECT_LT(relativeError(found.sums, sums), kTolerance) << kernel->name;
      }
}

std::vector<NamedGeometry> convolutions() {
  std::vector<NamedGeometry> result;
  for (NamedGeometry &named : geometries())
    if (named.geometry.kind == LayerKind::Conv2d)
      result.push_back(std::move(named));
  return result;
}

INSTANTIATE_TEST_SUITE_P(Geometries, NormGradientTest,
                         ::testing::ValuesIn(convolutions()),
                         nameOf<NamedGeometry>);

} // namespace
} // namespace lacuna::testing
