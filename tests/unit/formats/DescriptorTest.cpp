//===- DescriptorTest.cpp - Descriptors read and written ------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TestFiles.h"

#include "lacuna/Kernel/Descriptor.h"

namespace lacuna::test {
namespace {

Geometry smallConv() {
  return Geometry::conv2d(3, 8, {9, 7}, {3, 3}, {2, 1}, {1, 0});
}

void expectRoundTrip(const Descriptor &descriptor) {
  std::string text = formatDescriptor(descriptor);
  Descriptor read = parseDescriptor(text, "d.json");
  EXPECT_TRUE(read == descriptor) << text;
  EXPECT_EQ(formatDescriptor(read), text);
}

TEST(Descriptor, ReadsEveryFieldOfAConvolution) {
  Descriptor read = parseDescriptor(
      R"({"version": 1, "op": "conv2d", "dtype": "f32",
          "geometry": {"in_channels": 3, "out_channels": 8, "height": 9,
                       "width": 7, "kernel": [3, 5], "stride": [2, 1],
                       "padding": [0, 2]},
          "scheme": "block", "block_rows": 4, "active": [0, 7, 89]})",
      "d.json");
  EXPECT_EQ(read.geometry.kind, LayerKind::Conv2d);
  EXPECT_EQ(read.geometry.inChannels, 3);
  EXPECT_EQ(read.geometry.outChannels, 8);
  EXPECT_TRUE((read.geometry.input == Extent2d{9, 7}));
  EXPECT_TRUE((read.geometry.kernel == Extent2d{3, 5}));
  EXPECT_TRUE((read.geometry.stride == Extent2d{2, 1}));
  EXPECT_TRUE((read.geometry.padding == Extent2d{0, 2}));
  EXPECT_EQ(read.structure.scheme, Scheme::Block);
  EXPECT_EQ(read.structure.blockRows, 4);
  EXPECT_EQ(read.active.units, (std::vector<uint32_t>{0, 7, 89}));
}

TEST(Descriptor, ReadsALinearLayer) {
  Descriptor read = parseDescriptor(
      R"({"version": 1, "op": "linear", "dtype": "f32",
          "geometry": {"in_features": 30, "out_features": 10},
          "scheme": "dense"})",
      "d.json");
  EXPECT_EQ(read.geometry.kind, LayerKind::Linear);
  EXPECT_EQ(read.geometry.inChannels, 30);
  EXPECT_EQ(read.geometry.outChannels, 10);
  EXPECT_EQ(read.structure.scheme, Scheme::Dense);
  EXPECT_TRUE(read.active.units.empty());
}

TEST(Descriptor, EverySchemeSurvivesARoundTrip) {
  Geometry conv = smallConv();
  expectRoundTrip({conv, Structure::dense(), {}});
  expectRoundTrip({conv, Structure::unstructured(), {{0, 5, 215}, {}}});
  expectRoundTrip({conv, Structure::block(4), {{1, 2, 53}, {}}});
  expectRoundTrip({conv, Structure::channel(), {{0, 7}, {}}});
  expectRoundTrip(
      {conv, Structure::pattern(mestPatterns()), {{0, 3, 23}, {7, 0, 2}}});
  expectRoundTrip(
      {conv, Structure::pattern(connectivityPattern(conv)), {{4, 9}, {0, 0}}});
  expectRoundTrip({conv, Structure::pattern({{0}, {1, 8}}), {{2}, {1}}});
  expectRoundTrip(
      {Geometry::linear(12, 6), Structure::block(2), {{0, 35}, {}}});
}

TEST(Descriptor, AnEmptyActiveSetIsValid) {
  expectRoundTrip({smallConv(), Structure::unstructured(), {}});
}

TEST(Descriptor, LoadsAFile) {
  TemporaryDirectory directory;
  Descriptor descriptor{smallConv(), Structure::channel(), {{3}, {}}};
  std::string path = directory.write("d.json", formatDescriptor(descriptor));
  EXPECT_TRUE(loadDescriptor(path) == descriptor);
}

TEST(Descriptor, NamesAMissingFile) {
  TemporaryDirectory directory;
  std::string path = directory.file("absent.json");
  EXPECT_NE(errorOf<UserError>([&] { loadDescriptor(path); }).find(path),
            std::string::npos);
}

} // namespace
} // namespace lacuna::test
