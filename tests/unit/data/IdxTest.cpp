//===- IdxTest.cpp - MNIST and Fashion-MNIST files, good and bad ----------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DataTest.h"

#include <zlib.h>

#include <algorithm>
#include <initializer_list>
#include <numeric>
#include <sys/resource.h>

using namespace lacuna;
using namespace lacuna::test;

namespace {

const char *const kTrainImages = "train-images-idx3-ubyte";
const char *const kTrainLabels = "train-labels-idx1-ubyte";
const char *const kTestImages = "t10k-images-idx3-ubyte";
const char *const kTestLabels = "t10k-labels-idx1-ubyte";

Bytes bigEndian(std::initializer_list<uint32_t> numbers) {
  Bytes bytes;
  for (uint32_t number : numbers)
    for (int shift : {24, 16, 8, 0})
      bytes.push_back(static_cast<uint8_t>(number >> shift));
  return bytes;
}

Bytes operator+(Bytes first, const Bytes &second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

Bytes counting(size_t size, uint8_t modulus) {
  Bytes bytes(size);
  for (size_t i = 0; i < size; ++i)
    bytes[i] = static_cast<uint8_t>(i % modulus);
  return bytes;
}

Bytes imagesFile(uint32_t count, uint32_t rows, uint32_t columns) {
  return bigEndian({0x803, count, rows, columns}) +
         counting(size_t(count) * rows * columns, 251);
}

Bytes labelsFile(uint32_t count) {
  return bigEndian({0x801, count}) + counting(count, 10);
}

Bytes gzipped(const Bytes &bytes) {
  z_stream stream{};
  EXPECT_EQ(
      deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY),
      Z_OK);
  Bytes output(bytes.size() + 1000);
  stream.next_in = const_cast<uint8_t *>(bytes.data());
  stream.avail_in = static_cast<unsigned>(bytes.size());
  stream.next_out = output.data();
  stream.avail_out = static_cast<unsigned>(output.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  output.resize(stream.total_out);
  deflateEnd(&stream);
  return output;
}

Bytes shortened(Bytes bytes, size_t by) {
  bytes.resize(bytes.size() - by);
  return bytes;
}

Bytes changed(Bytes bytes, size_t at, uint8_t value) {
  bytes.at(at) = value;
  return bytes;
}

class Idx : public DataTest {
protected:
  void SetUp() override {
    DataTest::SetUp();
    write(kTrainImages, imagesFile(7, 5, 4));
    write(kTrainLabels, labelsFile(7));
    write(kTestImages, imagesFile(3, 5, 4));
    write(kTestLabels, labelsFile(3));
  }

  std::string spec() const { return "mnist:" + folder.string(); }
};

TEST_F(Idx, PlainFiles) {
  DataSet set = loadDataSet(spec());
  EXPECT_EQ(set.name, "mnist");
  EXPECT_EQ(set.train.count(), 7);
  EXPECT_EQ(set.test.count(), 3);
  EXPECT_EQ(set.train.channels, 1);
  EXPECT_EQ(set.train.height, 5);
  EXPECT_EQ(set.train.width, 4);
  EXPECT_EQ(set.train.classes, 10);
  Bytes wanted = counting(7, 10);
  EXPECT_EQ(set.train.labels, std::vector<Label>(wanted.begin(), wanted.end()));
  EXPECT_EQ(Bytes(set.train.images.begin(), set.train.images.end()),
            counting(7 * 20, 251));
  EXPECT_EQ(set.mean, std::vector<float>{0.1307f});
  EXPECT_EQ(set.deviation, std::vector<float>{0.3081f});
  EXPECT_FALSE(set.augment);
}

TEST_F(Idx, CompressedFilesOfOneAndTwoMembers) {
  std::filesystem::remove(pathOf(kTrainImages));
  std::filesystem::remove(pathOf(kTrainLabels));
  Bytes images = imagesFile(7, 5, 4);
  Bytes head(images.begin(), images.begin() + 50);
  Bytes tail(images.begin() + 50, images.end());
  write(std::string(kTrainImages) + ".gz", gzipped(head) + gzipped(tail));
  write(std::string(kTrainLabels) + ".gz", gzipped(labelsFile(7)));
  DataSet set = loadDataSet("fashion-mnist:" + folder.string());
  EXPECT_EQ(set.name, "fashion-mnist");
  EXPECT_EQ(Bytes(set.train.images.begin(), set.train.images.end()),
            counting(7 * 20, 251));
  EXPECT_EQ(set.mean, std::vector<float>{0.2860f});
}

TEST_F(Idx, LimitKeepsTheFirst) {
  DataSet set = loadDataSet(spec());
  EXPECT_THROW(limitImages(set.train, 8), UserError);
  EXPECT_THROW(limitImages(set.train, 0), UserError);
  limitImages(set.train, 2);
  EXPECT_EQ(set.train.count(), 2);
  EXPECT_EQ(Bytes(set.train.images.begin(), set.train.images.end()),
            counting(40, 251));
  set.train.labels.resize(5);
  EXPECT_THROW(limitImages(set.train, 3), UserError) << "two have no pixels";
}

TEST_F(Idx, ImagesAreAccountedAsData) {
  int64_t before = memoryUsage().of(MemoryKind::Data);
  DataSet set = loadDataSet(spec());
  EXPECT_EQ(memoryUsage().of(MemoryKind::Data) - before, 200);
}

TEST_F(Idx, MissingFileListsWhatWasLookedFor) {
  std::filesystem::remove(pathOf(kTestLabels));
  expectUserError(spec(), {pathOf(kTestLabels), pathOf(kTestLabels) + ".gz"});
  std::filesystem::create_directory(pathOf(kTestLabels));
  expectUserError(spec(), {pathOf(kTestLabels)});
  expectUserError("mnist:/nonexistent", {"/nonexistent/train-images"});
}

/// The machine's fault, not that of the data.
TEST_F(Idx, FilesThatTheSystemWillNotOpen) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit none = before;
  none.rlim_cur = 0;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  EXPECT_THROW(loadDataSet(spec()), EnvironmentError);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
}

TEST_F(Idx, EveryTruncation) {
  Bytes images = imagesFile(7, 5, 4), labels = labelsFile(7);
  for (size_t by = 1; by <= images.size(); ++by) {
    write(kTrainImages, shortened(images, by));
    expectUserError(spec(), {pathOf(kTrainImages), "byte "});
  }
  write(kTrainImages, images);
  for (size_t by = 1; by <= labels.size(); ++by) {
    write(kTrainLabels, shortened(labels, by));
    expectUserError(spec(), {pathOf(kTrainLabels), "byte "});
  }
}

TEST_F(Idx, TrailingBytes) {
  write(kTrainImages, imagesFile(7, 5, 4) + Bytes{0});
  expectUserError(spec(), {pathOf(kTrainImages), "byte 156"});
  write(kTrainImages, imagesFile(7, 5, 4));
  write(kTrainLabels, labelsFile(7) + Bytes{0});
  expectUserError(spec(), {pathOf(kTrainLabels), "byte 15"});
}

TEST_F(Idx, WrongMagic) {
  write(kTrainImages, labelsFile(7));
  expectUserError(spec(), {pathOf(kTrainImages), "magic", "2049", "2051"});
  write(kTrainImages, imagesFile(7, 5, 4));
  write(kTrainLabels, imagesFile(7, 5, 4));
  expectUserError(spec(), {pathOf(kTrainLabels), "magic", "2051", "2049"});
}

TEST_F(Idx, CountsDisagree) {
  write(kTrainLabels, labelsFile(6));
  expectUserError(spec(), {pathOf(kTrainLabels), "is 6", "7 images"});
}

TEST_F(Idx, HeaderOutOfRange) {
  write(kTrainImages, imagesFile(0, 5, 4));
  expectUserError(spec(), {"number of images", "byte 4", "is 0"});
  write(kTrainImages, imagesFile(7, 0, 4));
  expectUserError(spec(), {"number of rows", "byte 8", "is 0"});
  write(kTrainImages, bigEndian({0x803, 7, 5, 4097}));
  expectUserError(spec(), {"number of columns", "byte 12", "is 4097"});
  write(kTrainImages, bigEndian({0x803, 0x80000000, 5, 4}));
  expectUserError(spec(), {"number of images", "is 2147483648"});
}

// The largest header that passes asks for 36 PB: no allocation may follow.
TEST_F(Idx, HugeHeaderIsRefusedBeforeMemoryIsTaken) {
  Bytes header = bigEndian({0x803, 0x7fffffff, 4096, 4096});
  Bytes labels = bigEndian({0x801, 0x7fffffff});
  resetMemoryPeaks();
  int64_t before = memoryUsage().totalPeak;
  write(kTrainImages, header);
  write(kTrainLabels, labels);
  expectUserError(spec(), {pathOf(kTrainImages), "pixels"});
  std::filesystem::remove(pathOf(kTrainImages));
  write(std::string(kTrainImages) + ".gz", gzipped(header));
  expectUserError(spec(), {pathOf(kTrainImages), "pixels"});
  EXPECT_EQ(memoryUsage().totalPeak, before);
}

TEST_F(Idx, LabelOutOfRange) {
  write(kTrainLabels, changed(labelsFile(7), 8 + 5, 10));
  expectUserError(spec(), {pathOf(kTrainLabels), "image 5", "is 10"});
}

TEST_F(Idx, SizesOfTrainAndTestDisagree) {
  write(kTestImages, imagesFile(3, 4, 5));
  expectUserError(spec(), {"5 x 4", "4 x 5"});
}

TEST_F(Idx, EveryTruncationOfACompressedFile) {
  std::filesystem::remove(pathOf(kTrainImages));
  std::string name = std::string(kTrainImages) + ".gz";
  Bytes packed = gzipped(imagesFile(7, 5, 4));
  for (size_t by = 1; by <= packed.size(); ++by) {
    write(name, shortened(packed, by));
    expectUserError(spec(), {pathOf(name)});
  }
}

TEST_F(Idx, DamageOfACompressedFile) {
  std::filesystem::remove(pathOf(kTrainImages));
  std::string name = std::string(kTrainImages) + ".gz";
  Bytes packed = gzipped(imagesFile(7, 5, 4));
  // The checksum and the length close the file.
  for (size_t back = 1; back <= 8; ++back) {
    size_t at = packed.size() - back;
    write(name, changed(packed, at, packed[at] ^ 0x10));
    expectUserError(spec(), {pathOf(name), "damaged"});
  }
  // In the compressed data any error is either seen at once or by its checksum,
  // but for the last byte, whose upper bits may be filling.
  for (size_t at = 10; at < packed.size() - 9; ++at) {
    write(name, changed(packed, at, packed[at] ^ 0x10));
    expectUserError(spec(), {pathOf(name)});
  }
  write(name, packed + Bytes{1, 2, 3});
  expectUserError(spec(), {pathOf(name), "damaged"});
  write(name, imagesFile(7, 5, 4));
  expectUserError(spec(), {pathOf(name), "damaged after byte 0"});
  write(name, gzipped(imagesFile(7, 5, 4) + Bytes{0}));
  expectUserError(spec(), {pathOf(name), "byte 156"});
}

TEST_F(Idx, Specifications) {
  expectUserError("imagenet:/data", {"imagenet", "cifar10:DIR"});
  expectUserError("", {"not known"});
  expectUserError("mnist", {"mnist:DIR"});
  expectUserError("mnist:", {"mnist:DIR"});
  expectUserError("fashion-mnist:", {"fashion-mnist:DIR"});
}

TEST(FashionMnist, PackagedFiles) {
  if (!std::filesystem::exists("/usr/share/datasets/fashion-mnist"))
    GTEST_SKIP() << "the package dataset-fashion-mnist is not installed";
  DataSet set = loadDataSet("fashion-mnist");
  EXPECT_EQ(set.train.count(), 60000);
  EXPECT_EQ(set.test.count(), 10000);
  EXPECT_EQ(set.train.imageBytes(), 28 * 28);
  for (uint8_t label = 0; label < 10; ++label)
    EXPECT_EQ(
        std::count(set.train.labels.begin(), set.train.labels.end(), label),
        6000);
  double mean =
      std::accumulate(set.train.images.begin(), set.train.images.end(), 0.0) /
      (255.0 * double(set.train.images.size()));
  EXPECT_NEAR(mean, set.mean[0], 1e-3);
}

} // namespace
