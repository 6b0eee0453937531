//===- Cifar10Test.cpp - CIFAR-10 files, good and bad ---------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DataTest.h"

using namespace lacuna;
using namespace lacuna::test;

namespace {

constexpr int64_t kRecordBytes = 3073;
constexpr int64_t kFileBytes = 10000 * kRecordBytes;

/// Files of full size whose images are black but where a test writes.
class Cifar10 : public DataTest {
protected:
  void SetUp() override {
    DataTest::SetUp();
    for (const std::string &name : names()) {
      write(name, {});
      std::filesystem::resize_file(pathOf(name), kFileBytes);
    }
  }

  static std::vector<std::string> names() {
    return {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin",
            "data_batch_4.bin", "data_batch_5.bin", "test_batch.bin"};
  }

  void poke(const std::string &name, int64_t at, uint8_t value) const {
    std::fstream file(pathOf(name),
                      std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(at);
    file.put(static_cast<char>(value));
    ASSERT_TRUE(file.good());
  }

  std::string spec() const { return "cifar10:" + folder.string(); }
};

TEST_F(Cifar10, LabelsAndPixelsLandInPlace) {
  poke("data_batch_2.bin", 3 * kRecordBytes, 7);
  poke("data_batch_2.bin", 3 * kRecordBytes + 1, 11);
  poke("data_batch_2.bin", 4 * kRecordBytes - 1, 13);
  poke("test_batch.bin", kFileBytes - kRecordBytes, 9);
  DataSet set = loadDataSet(spec());
  EXPECT_EQ(set.train.count(), 50000);
  EXPECT_EQ(set.test.count(), 10000);
  EXPECT_EQ(set.train.channels, 3);
  EXPECT_EQ(set.train.height, 32);
  EXPECT_EQ(set.train.width, 32);
  EXPECT_EQ(set.train.classes, 10);
  EXPECT_EQ(set.train.labels[10003], 7);
  EXPECT_EQ(set.train.images[10003 * 3072], 11);
  EXPECT_EQ(set.train.images[10003 * 3072 + 3071], 13);
  EXPECT_EQ(set.test.labels[9999], 9);
  EXPECT_TRUE(set.augment);
  EXPECT_EQ(set.pad, 4);
  EXPECT_EQ(set.mean, (std::vector<float>{0.4914f, 0.4822f, 0.4465f}));
  EXPECT_EQ(set.deviation, (std::vector<float>{0.2023f, 0.1994f, 0.2010f}));
}

TEST_F(Cifar10, MissingFile) {
  std::filesystem::remove(pathOf("data_batch_4.bin"));
  expectUserError(spec(), {pathOf("data_batch_4.bin"), "test_batch.bin"});
}

TEST_F(Cifar10, Truncated) {
  for (int64_t bytes : {int64_t(0), int64_t(1), kRecordBytes,
                        kFileBytes - kRecordBytes, kFileBytes - 1}) {
    std::filesystem::resize_file(pathOf("data_batch_1.bin"),
                                 static_cast<uintmax_t>(bytes));
    expectUserError(spec(), {pathOf("data_batch_1.bin"),
                             "byte " + std::to_string(bytes),
                             "image " + std::to_string(bytes / kRecordBytes)});
  }
}

TEST_F(Cifar10, TrailingBytes) {
  std::filesystem::resize_file(pathOf("data_batch_1.bin"), kFileBytes + 1);
  expectUserError(spec(), {pathOf("data_batch_1.bin"), "byte 30730000"});
}

TEST_F(Cifar10, LabelOutOfRange) {
  poke("data_batch_1.bin", 42 * kRecordBytes, 10);
  expectUserError(spec(), {pathOf("data_batch_1.bin"), "image 42", "is 10"});
}

} // namespace
