//===- SparseLayerTest.cpp - Convolution and linear layers ----------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NnTestSupport.h"

#include "lacuna/Runtime/Network.h"
#include "lacuna/Support/Error.h"

#include <gtest/gtest.h>

using namespace lacuna;
using namespace lacuna::testing;

namespace {

/// Plain double loops over the dense weights of a layer.
struct Reference {
  const Geometry &g;
  std::vector<double> weights; ///< OIHW, zero where inactive.
  Extent2d out = g.output();

  template <typename Visit> void forEach(int64_t images, Visit visit) const {
    for (int64_t n = 0; n < images; ++n)
      for (int64_t o = 0; o < g.outChannels; ++o)
        for (int64_t c = 0; c < g.inChannels; ++c)
          for (int64_t y = 0; y < out.height; ++y)
            for (int64_t x = 0; x < out.width; ++x)
              for (int64_t tap = 0; tap < g.taps(); ++tap) {
                int64_t sy = y * g.stride.height + tap / g.kernel.width -
                             g.padding.height;
                int64_t sx =
                    x * g.stride.width + tap % g.kernel.width - g.padding.width;
                if (sy < 0 || sy >= g.input.height || sx < 0 ||
                    sx >= g.input.width)
                  continue;
                visit((o * g.inChannels + c) * g.taps() + tap,
                      ((n * g.inChannels + c) * g.input.height + sy) *
                              g.input.width +
                          sx,
                      ((n * g.outChannels + o) * out.height + y) * out.width +
                          x);
              }
  }
};

/// What padding images hold must not matter.
void fillPaddingImages(Tensor &tensor, float value) {
  const TensorShape &shape = tensor.shape();
  for (int64_t i = 0; i < shape.floats(); ++i) {
    int64_t image = i / shape.block() * shape.lanes + i % shape.lanes;
    if (image >= shape.images)
      tensor.data()[i] = value;
  }
}

void checkLayer(const Geometry &geometry, const Structure &structure,
                int64_t images, bool bias) {
  SCOPED_TRACE(std::string(schemeName(structure.scheme)) + " " +
               std::to_string(geometry.inChannels) + "->" +
               std::to_string(geometry.outChannels) + " kernel " +
               std::to_string(geometry.kernel.height) + " stride " +
               std::to_string(geometry.stride.height) + " images " +
               std::to_string(images));
  LayerBench bench;
  SparseLayer layer("layer", geometry, structure,
                    {bias, true, false, Initialisation::UniformFanIn});
  layer.weight().activate(everyNthUnit(layer.weight(), 3));
  layer.initialise(5, 0);
  layer.repack(bench.provider, bench.workspace);

  Reference reference{geometry, std::vector<double>(geometry.weights(), 0)};
  std::vector<uint32_t> positions =
      layer.weight().active().positions(geometry, structure);
  for (size_t i = 0; i < positions.size(); ++i)
    reference.weights[positions[i]] = layer.weight().values()[i];

  Tensor input =
      randomTensor({images, geometry.inChannels, geometry.input.height,
                    geometry.input.width, kLanes},
                   1);
  fillPaddingImages(input, 7);
  std::vector<float> x = plain(input);
  RunContext context = bench.context();
  const Tensor &output = layer.forward(context, input);
  std::vector<float> y = plain(output);
  std::vector<double> wantY(y.size(), 0);
  int64_t plane = reference.out.height * reference.out.width;
  if (bias)
    for (size_t i = 0; i < wantY.size(); ++i)
      wantY[i] =
          layer.bias()->values()[int64_t(i) / plane % geometry.outChannels];
  reference.forEach(images, [&](int64_t w, int64_t in, int64_t out) {
    wantY[out] += reference.weights[w] * x[in];
  });
  EXPECT_LT(relativeError(y, wantY, y.size()), 1e-5);

  Tensor gradient = randomTensor(output.shape(), 2);
  std::vector<float> dy = plain(gradient);
  fillPaddingImages(gradient, 1000);
  GradientPool::Lease dx = layer.backward(context, bench.lend(gradient));
  std::vector<double> wantDx(x.size(), 0), wantDw(geometry.weights(), 0);
  reference.forEach(images, [&](int64_t w, int64_t in, int64_t out) {
    wantDx[in] += reference.weights[w] * dy[out];
    wantDw[w] += double(x[in]) * dy[out];
  });
  EXPECT_LT(relativeError(plain(*dx), wantDx, wantDx.size()), 1e-5);
  std::vector<double> wantActive;
  for (uint32_t position : positions)
    wantActive.push_back(wantDw[position]);
  EXPECT_LT(
      relativeError(layer.weight().gradient(), wantActive, wantActive.size()),
      1e-5);
  if (bias) {
    std::vector<double> wantBias(geometry.outChannels, 0);
    for (size_t i = 0; i < dy.size(); ++i)
      wantBias[int64_t(i) / plane % geometry.outChannels] += dy[i];
    EXPECT_LT(
        relativeError(layer.bias()->gradient(), wantBias, wantBias.size()),
        1e-5);
  }
}

TEST(SparseLayer, MatchesPlainLoops) {
  for (int64_t kernel : {1, 3, 5})
    for (int64_t stride : {1, 2}) {
      Geometry geometry =
          Geometry::conv2d(5, 8, {7, 6}, {kernel, kernel}, {stride, stride},
                           {kernel / 2, kernel / 2});
      for (Scheme scheme : {Scheme::Dense, Scheme::Unstructured, Scheme::Block,
                            Scheme::Pattern, Scheme::Channel})
        for (int64_t images : {1, 19})
          checkLayer(geometry, structureFor(scheme, geometry), images,
                     images == 1);
    }
}

TEST(SparseLayer, LinearMatchesPlainLoops) {
  Geometry geometry = Geometry::linear(37, 10);
  for (Scheme scheme : {Scheme::Dense, Scheme::Unstructured, Scheme::Block})
    checkLayer(geometry, structureFor(scheme, geometry), 11, true);
}

TEST(SparseLayer, LinearTakesAPlaneAsFeatures) {
  LayerBench bench;
  Geometry geometry = Geometry::linear(2 * 3 * 3, 4);
  SparseLayer layer("fc", geometry, Structure::dense(),
                    {false, false, false, Initialisation::UniformFanIn});
  layer.weight().activate({});
  layer.initialise(5, 0);
  layer.repack(bench.provider, bench.workspace);
  Tensor planes = randomTensor({3, 2, 3, 3, kLanes}, 1);
  RunContext context = bench.context();
  const Tensor &output = layer.forward(context, planes);
  std::vector<float> x = plain(planes), y = plain(output);
  for (int64_t n = 0; n < 3; ++n)
    for (int64_t o = 0; o < 4; ++o) {
      double want = 0;
      for (int64_t i = 0; i < 18; ++i)
        want += double(layer.weight().values()[o * 18 + i]) * x[n * 18 + i];
      EXPECT_NEAR(y[n * 4 + o], want, 1e-5);
    }
  Tensor gradient = randomTensor(output.shape(), 2);
  GradientPool::Lease dx = layer.backward(context, bench.lend(gradient));
  EXPECT_EQ(dx->shape(), planes.shape());
}

TEST(SparseLayer, SkipsTheInputGradientOnRequest) {
  LayerBench bench;
  SparseLayer layer("fc", Geometry::linear(4, 4), Structure::dense(), {});
  layer.skipInputGradient();
  layer.weight().activate({});
  layer.repack(bench.provider, bench.workspace);
  EXPECT_EQ(bench.provider.statistics().compiles, 2);
  Tensor input = randomTensor({3, 4, 1, 1, kLanes}, 1);
  RunContext context = bench.context();
  const Tensor &output = layer.forward(context, input);
  EXPECT_FALSE(layer.backward(context, bench.lend(output)));
}

TEST(SparseLayer, SeesChangedValuesAfterMarkChanged) {
  LayerBench bench;
  SparseLayer layer("fc", Geometry::linear(4, 4), Structure::dense(), {});
  layer.weight().activate({});
  layer.repack(bench.provider, bench.workspace);
  Tensor input = randomTensor({3, 4, 1, 1, kLanes}, 1);
  RunContext context = bench.context();
  EXPECT_EQ(layer.forward(context, input).data()[0], 0.0f);
  for (int64_t i = 0; i < 16; ++i)
    layer.weight().values()[i] = 1;
  layer.weight().markChanged();
  EXPECT_NE(layer.forward(context, input).data()[0], 0.0f);
}

TEST(SparseLayer, RefusesImagesOfAnotherShape) {
  LayerBench bench;
  SparseLayer layer("conv7",
                    Geometry::conv2d(3, 4, {8, 8}, {3, 3}, {1, 1}, {1, 1}),
                    Structure::dense(), {});
  layer.weight().activate({});
  layer.repack(bench.provider, bench.workspace);
  Tensor input = randomTensor({3, 3, 8, 7, kLanes}, 1);
  RunContext context = bench.context();
  try {
    layer.forward(context, input);
    FAIL() << "accepted";
  } catch (const UserError &error) {
    EXPECT_NE(std::string(error.what()).find("conv7"), std::string::npos);
  }
}

TEST(SparseLayer, RepackAfterAMutationCompilesNothing) {
  LayerBench bench;
  Geometry geometry = Geometry::conv2d(4, 8, {6, 6}, {3, 3}, {1, 1}, {1, 1});
  SparseLayer layer("conv", geometry, structureFor(Scheme::Block, geometry),
                    {});
  layer.weight().activate(everyNthUnit(layer.weight(), 3));
  layer.repack(bench.provider, bench.workspace);
  ProviderStatistics before = bench.provider.statistics();
  layer.weight().prune({0, 2, 5});
  layer.weight().grow({1}, {});
  layer.repack(bench.provider, bench.workspace);
  ProviderStatistics after = bench.provider.statistics();
  EXPECT_EQ(after.compiles, before.compiles);
  EXPECT_EQ(after.memoryHits, before.memoryHits + 3);
}

TEST(WeightDraws, DoNotDependOnWhatIsActive) {
  Geometry geometry = Geometry::conv2d(4, 8, {6, 6}, {3, 3}, {1, 1}, {1, 1});
  auto make = [&](Scheme scheme) {
    auto layer = std::make_unique<SparseLayer>(
        "conv", geometry, structureFor(scheme, geometry),
        SparseLayer::Options{true, true, false, Initialisation::KaimingFanOut});
    layer->weight().activate(everyNthUnit(layer->weight(), 2));
    layer->initialise(9, 3);
    return layer;
  };
  auto dense = make(Scheme::Dense);
  for (Scheme scheme : {Scheme::Unstructured, Scheme::Block, Scheme::Pattern}) {
    auto sparse = make(scheme);
    std::vector<uint32_t> positions = sparse->weight().active().positions(
        geometry, sparse->weight().structure());
    for (size_t i = 0; i < positions.size(); ++i)
      ASSERT_EQ(sparse->weight().values()[i],
                dense->weight().values()[positions[i]]);
  }
  double squares = 0;
  for (int64_t i = 0; i < geometry.weights(); ++i)
    squares += std::pow(dense->weight().values()[i], 2);
  EXPECT_NEAR(squares / geometry.weights(), 2.0 / (8 * 9), 0.005);
  EXPECT_EQ(dense->bias()->values()[0], 0.0f);
}

void checkDenseGradients(const Geometry &geometry, const Structure &structure,
                         DenseGradients::Streams streams) {
  constexpr int64_t kImages = 5;
  LayerBench bench;
  SparseLayer layer("layer", geometry, structure, {});
  layer.weight().activate(everyNthUnit(layer.weight(), 3));
  layer.initialise(5, 0);
  layer.repack(bench.provider, bench.workspace);
  Tensor input =
      randomTensor({kImages, geometry.inChannels, geometry.input.height,
                    geometry.input.width, kLanes},
                   1);
  std::vector<float> x = plain(input);
  RunContext context = bench.context();
  Tensor gradient = randomTensor(layer.forward(context, input).shape(), 2);
  std::vector<float> dy = plain(gradient);
  Reference reference{geometry, {}};
  std::vector<double> want(geometry.weights(), 0), wantActive;
  reference.forEach(kImages, [&](int64_t w, int64_t in, int64_t out) {
    want[w] += double(x[in]) * dy[out];
  });
  for (uint32_t position :
       layer.weight().active().positions(geometry, structure))
    wantActive.push_back(want[position]);

  int calls = 0;
  DenseGradients dense(bench.provider, streams,
                       [&](SparseLayer &which, const float *got) {
                         EXPECT_EQ(&which, &layer);
                         EXPECT_LT(relativeError(got, want, want.size()), 1e-5);
                         ++calls;
                       });
  context.denseGradients = &dense;
  for (int pass = 1; pass <= 2; ++pass) {
    layer.backward(context, bench.lend(gradient));
    EXPECT_EQ(calls, pass);
    EXPECT_LT(
        relativeError(layer.weight().gradient(), wantActive, wantActive.size()),
        1e-5);
  }
}

TEST(DenseGradients, AgreeWithLoops) {
  using Streams = DenseGradients::Streams;
  for (Streams streams : {Streams::PackEachTime, Streams::Keep}) {
    Geometry conv = Geometry::conv2d(6, 8, {7, 5}, {3, 3}, {2, 1}, {1, 1});
    checkDenseGradients(conv, Structure::unstructured(), streams);
    checkDenseGradients(conv, Structure::pattern(mestPatterns()), streams);
    checkDenseGradients(conv, Structure::channel(), streams);
    // Ten and seven rows: blocks of two, and none.
    checkDenseGradients(Geometry::linear(20, 10), Structure::unstructured(),
                        streams);
    checkDenseGradients(Geometry::linear(20, 7), Structure::unstructured(),
                        streams);
    // Several slices, the last of them shorter.
    checkDenseGradients(Geometry::linear(2000, 100), Structure::block(4),
                        streams);
  }
}

} // namespace
