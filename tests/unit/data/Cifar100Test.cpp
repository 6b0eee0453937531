//===- Cifar100Test.cpp - CIFAR-100 files, good and bad -------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DataTest.h"

using namespace lacuna;
using namespace lacuna::test;

namespace {

constexpr int64_t kRecordBytes = 3074;

/// Files of full size that are zero but where a test writes.
class Cifar100 : public DataTest {
protected:
  void SetUp() override {
    DataTest::SetUp();
    write("train.bin", {});
    write("test.bin", {});
    resize("train.bin", 50000 * kRecordBytes);
    resize("test.bin", 10000 * kRecordBytes);
  }

  void resize(const std::string &name, int64_t bytes) const {
    std::filesystem::resize_file(pathOf(name), static_cast<uintmax_t>(bytes));
  }
  void poke(const std::string &name, int64_t at, uint8_t value) const {
    std::fstream file(pathOf(name),
                      std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(at);
    file.put(static_cast<char>(value));
    ASSERT_TRUE(file.good());
  }
  std::string spec() const { return "cifar100:" + folder.string(); }
};

TEST_F(Cifar100, FineLabelsAndPixelsLandInPlace) {
  poke("train.bin", 3 * kRecordBytes, 19);     // The coarse label.
  poke("train.bin", 3 * kRecordBytes + 1, 99); // The fine one.
  poke("train.bin", 3 * kRecordBytes + 2, 11);
  poke("train.bin", 4 * kRecordBytes - 1, 13);
  DataSet set = loadDataSet(spec());
  EXPECT_EQ(set.train.count(), 50000);
  EXPECT_EQ(set.test.count(), 10000);
  EXPECT_EQ(set.train.classes, 100);
  EXPECT_EQ(set.train.labels[3], 99);
  EXPECT_EQ(set.train.images[3 * 3072], 11);
  EXPECT_EQ(set.train.images[3 * 3072 + 3071], 13);
  EXPECT_EQ(set.mean, (std::vector<float>{0.5071f, 0.4865f, 0.4409f}));
  EXPECT_EQ(set.deviation, (std::vector<float>{0.2673f, 0.2564f, 0.2762f}));
  EXPECT_TRUE(set.augment);
  EXPECT_EQ(set.pad, 4);
}

TEST_F(Cifar100, BadFiles) {
  poke("test.bin", 7 * kRecordBytes + 1, 100);
  expectUserError(spec(), {pathOf("test.bin"), "image 7", "is 100"});
  resize("train.bin", 5 * kRecordBytes - 1);
  expectUserError(spec(), {pathOf("train.bin"), "image 4"});
  resize("train.bin", 50000 * kRecordBytes + 1);
  expectUserError(spec(), {pathOf("train.bin"), "byte 153700000"});
  std::filesystem::remove(pathOf("train.bin"));
  expectUserError(spec(), {pathOf("train.bin"), "CIFAR-100"});
}

} // namespace
