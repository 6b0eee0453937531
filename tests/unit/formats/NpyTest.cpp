//===- NpyTest.cpp - NumPy array files ------------------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TestFiles.h"

#include "lacuna/Support/Npy.h"

#include <cstring>

namespace lacuna::test {
namespace {

std::string header(const std::string &dictionary, char version = 1) {
  std::string text = dictionary + "\n";
  std::string bytes = "\x93NUMPY";
  bytes += version;
  bytes += '\0';
  bytes += static_cast<char>(text.size() & 0xff);
  bytes += static_cast<char>(text.size() >> 8);
  if (version == 2)
    bytes += std::string(2, '\0');
  return bytes + text;
}

const std::string kTwoFloats =
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }";

std::string replaced(std::string text, const std::string &from,
                     const std::string &to) {
  return text.replace(text.find(from), from.size(), to);
}

void expectRefused(const std::string &bytes, const std::string &part) {
  TemporaryDirectory directory;
  std::string path = directory.write("a.npy", bytes);
  std::string message = errorOf<UserError>([&] { readNpy(path); });
  EXPECT_EQ(message.find(path + ": "), 0u) << message;
  EXPECT_NE(message.find(part), std::string::npos) << message;
}

TEST(Npy, WhatIsWrittenIsRead) {
  TemporaryDirectory directory;
  for (const std::vector<int64_t> &shape :
       {std::vector<int64_t>{}, {5}, {2, 3}, {2, 1, 3, 4}, {0, 3}}) {
    NpyArray array{shape, {}};
    size_t elements = 1;
    for (int64_t extent : shape)
      elements *= static_cast<size_t>(extent);
    for (size_t i = 0; i < elements; ++i)
      array.data.push_back(static_cast<float>(i) * 0.37f - 1);
    std::string path = directory.file("a.npy");
    writeNpy(path, array);
    NpyArray read = readNpy(path);
    EXPECT_EQ(read.shape, array.shape);
    EXPECT_EQ(read.data, array.data);
    EXPECT_EQ(directory.entries(), 1u);
  }
}

TEST(Npy, DataStartsAlignedAsTheFormatAsks) {
  TemporaryDirectory directory;
  std::string path = directory.file("a.npy");
  writeNpy(path, {{3}, {1, 2, 3}});
  EXPECT_EQ((std::filesystem::file_size(path) - 12) % 64, 0u);
}

TEST(Npy, ReadsBothVersionsAndQuotes) {
  TemporaryDirectory directory;
  float values[2] = {1.5f, -2.25f};
  std::string data(sizeof(values), '\0');
  std::memcpy(data.data(), values, sizeof(values));
  for (const std::string &bytes :
       {header(kTwoFloats), header(kTwoFloats, 2),
        header(R"({"shape": (2,), "descr": "<f4", "fortran_order": False})")}) {
    NpyArray read = readNpy(directory.write("a.npy", bytes + data));
    EXPECT_EQ(read.shape, std::vector<int64_t>{2});
    EXPECT_EQ(read.data, (std::vector<float>{1.5f, -2.25f}));
  }
}

TEST(Npy, RefusesWrongTypesAndOrders) {
  std::string data(8, '\0');
  expectRefused(header(replaced(kTwoFloats, "<f4", "<f8")) + data, "'<f8'");
  expectRefused(header(replaced(kTwoFloats, "<f4", ">f4")) + data, "descr");
  expectRefused(header(replaced(kTwoFloats, "'<f4'", "[('a', '<f4')]")) + data,
                "malformed");
  expectRefused(header(replaced(kTwoFloats, "False", "True")) + data,
                "fortran_order: is True");
  expectRefused(header(replaced(kTwoFloats, "False", "0")) + data,
                "fortran_order: must be False");
}

TEST(Npy, RefusesWrongSizes) {
  expectRefused(header(kTwoFloats) + std::string(7, '\0'), "truncated");
  expectRefused(header(kTwoFloats) + std::string(9, '\0'), "trailing");
  std::string data(8, '\0');
  auto shape = [&](const std::string &text) {
    return header(replaced(kTwoFloats, "(2,)", text)) + data;
  };
  expectRefused(shape("(9223372036854775807, 2)"), "overflows");
  expectRefused(shape("(4294967296, 4294967296)"), "overflows");
  expectRefused(shape("(9223372036854775808,)"), "too large");
  expectRefused(shape("(1000000000000,)"), "needs 4000000000000 bytes");
  expectRefused(shape("(-2,)"), "non-negative");
  expectRefused(shape("(2)"), "tuple");
  expectRefused(shape("(2.0,)"), "tuple");
  expectRefused(shape("2"), "'(' expected");
  std::string deep = "(";
  for (int i = 0; i < 33; ++i)
    deep += "1, ";
  expectRefused(shape(deep + ")"), "more than 32 dimensions");
}

TEST(Npy, RefusesMalformedHeaders) {
  std::string data(8, '\0');
  expectRefused("", "truncated");
  expectRefused("NUMPY_not_at_all", "is not a .npy file");
  expectRefused(header(kTwoFloats, 3) + data, "format 3.0");
  expectRefused(header(replaced(kTwoFloats, "descr", "dtype")) + data,
                "'dtype'");
  expectRefused(header(replaced(kTwoFloats, "'fortran_order': False, ", "")) +
                    data,
                "must have descr");
  expectRefused(header(replaced(kTwoFloats, "'shape'", "'descr'")) + data,
                "repeated");
  expectRefused(header(kTwoFloats + "x") + data, "newline");
  std::string whole = header(kTwoFloats) + data;
  for (size_t length = 0; length < whole.size(); ++length)
    expectRefused(whole.substr(0, length), "truncated");
}

TEST(Npy, AnyChangedByteOfTheHeaderIsReadOrRefused) {
  TemporaryDirectory directory;
  std::string whole = header(kTwoFloats);
  for (size_t i = 0; i < whole.size(); ++i)
    for (char byte : kTellingBytes) {
      std::string bytes = whole + std::string(8, '\0');
      bytes[i] = byte;
      std::string path = directory.write("a.npy", bytes);
      try {
        EXPECT_EQ(readNpy(path).data.size(), 2u);
      } catch (const UserError &error) {
        EXPECT_EQ(std::string(error.what()).find(path), 0u);
      }
    }
}

TEST(Npy, RefusesHugeHeadersUnread) {
  std::string bytes = "\x93NUMPY\2";
  bytes += std::string(1, '\0') + std::string(4, '\x7f');
  expectRefused(bytes, "header is 2139062143 bytes long");
}

} // namespace
} // namespace lacuna::test
