//===- SafetensorsTest.cpp - Files whole, cut, edited and made up ---------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TestFiles.h"

#include "lacuna/Support/Error.h"
#include "lacuna/Support/Safetensors.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

namespace lacuna::test {
namespace {

std::string fileOf(const std::string &header, const std::string &data = "") {
  uint64_t length = header.size();
  std::string bytes(8, '\0');
  std::memcpy(bytes.data(), &length, 8);
  return bytes + header + data;
}

class Safetensors : public ::testing::Test {
protected:
  std::string write(const std::string &bytes) {
    return files.write("t.safetensors", bytes);
  }

  /// Expects a UserError that names the file and has these words.
  void refuse(const std::string &bytes, const std::vector<std::string> &words) {
    std::string path = write(bytes);
    try {
      SafetensorsFile file(path);
      FAIL() << "accepted";
    } catch (const UserError &error) {
      std::string text = error.what();
      EXPECT_NE(text.find(path), std::string::npos) << text;
      for (const std::string &word : words)
        EXPECT_NE(text.find(word), std::string::npos) << text;
    }
  }

  void refuseEntry(const std::string &entry, const std::string &data,
                   const std::vector<std::string> &words) {
    refuse(fileOf("{\"a\":{" + entry + "}}", data), words);
  }

  TemporaryDirectory files;
};

TEST_F(Safetensors, KeepsTextsAndAlignedArrays) {
  std::vector<uint8_t> bytes{1, 2, 3};
  std::vector<float> floats{1.5f, -2.0f, 3.0f, 4.0f, 5.0f, 6.0f};
  std::vector<double> doubles{0.1};
  std::string header;
  std::string whole;
  for (std::string_view part :
       formatSafetensors({{"key", "two\nlines \"quoted\""}},
                         {{"bytes", "U8", {3}, bytes.data()},
                          {"floats", "F32", {2, 3}, floats.data()},
                          {"doubles", "F64", {1}, doubles.data()},
                          {"none", "U32", {0}, nullptr}},
                         header))
    whole += part;
  SafetensorsFile file(write(whole));
  EXPECT_EQ(file.metadata().at("key"), "two\nlines \"quoted\"");
  ASSERT_EQ(file.entries().size(), 4u);
  const SafetensorsFile::Entry &entry = file.entries().at("floats");
  EXPECT_EQ(entry.type, "F32");
  EXPECT_EQ(entry.shape, (std::vector<int64_t>{2, 3}));
  EXPECT_EQ(entry.elements(), 6);
  std::vector<float> read(6);
  file.read(entry, read.data());
  EXPECT_EQ(read, floats);
  for (const auto &[name, e] : file.entries())
    EXPECT_EQ(e.offset % safetensorsTypeBytes(e.type), 0) << name;
  EXPECT_EQ(file.entries().at("none").elements(), 0);
}

TEST_F(Safetensors, ReadsTheArraysOfALargeNetwork) {
  float one = 1;
  std::vector<SafetensorsArray> arrays;
  for (int i = 0; i < 20000; ++i)
    arrays.push_back({std::to_string(i), "F32", {1}, &one});
  std::string header, whole;
  for (std::string_view part : formatSafetensors({}, arrays, header))
    whole += part;
  EXPECT_EQ(SafetensorsFile(write(whole)).entries().size(), arrays.size());
}

TEST_F(Safetensors, WritesNoTextThatIsNotUtf8) {
  float value = 1;
  auto refused = [&](const std::map<std::string, std::string> &texts,
                     const std::string &array) {
    std::string header;
    return errorOf<UserError>([&] {
      formatSafetensors(texts, {{array, "F32", {1}, &value}}, header);
    });
  };
  EXPECT_EQ(refused({{"trainer.data", "f\xfcr"}}, "a"),
            "trainer.data: cannot be saved, as \"f\\ufffdr\" is not UTF-8");
  EXPECT_EQ(refused({}, "f\xfcr"),
            "\"f\\ufffdr\": cannot be saved, as its name is not UTF-8");
}

TEST_F(Safetensors, RefusesAFileCutAnywhere) {
  float value = 1;
  std::string header, whole;
  for (std::string_view part :
       formatSafetensors({}, {{"a", "F32", {1}, &value}}, header))
    whole += part;
  for (size_t size = 0; size < whole.size(); ++size) {
    SCOPED_TRACE(size);
    refuse(whole.substr(0, size), {"truncated"});
  }
  refuse(whole.substr(0, whole.size() - 1),
         {"truncated: " + std::to_string(whole.size() - 1) + " bytes where " +
          std::to_string(whole.size()) + " are expected"});
  refuse(whole.substr(0, 20),
         {"truncated: 20 bytes where " + std::to_string(header.size()) +
          " are expected"});
  refuse(whole + "x", {"the arrays end at"});
}

TEST_F(Safetensors, RefusesWrongHeaders) {
  refuse(fileOf(""), {"offset 8"});
  refuse(fileOf("[]"), {"offset 8"});
  refuse(fileOf("{\"a\":"), {"JSON"});
  refuse(fileOf("{\"a\":1}"), {"a", "object"});
  refuse(fileOf("{\"__metadata__\":{\"k\":1}}"), {"__metadata__.k", "string"});
  refuse(std::string(8, '\xff') + "{}", {"offset 0", "too long"});
  refuse(
      fileOf("{\"a\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]},"
             "\"a\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}"),
      {"duplicate"});
}

TEST_F(Safetensors, RefusesWrongEntries) {
  refuseEntry(R"("dtype":"F16","shape":[2],"data_offsets":[0,4])", "1234",
              {"a.dtype", "F16"});
  refuseEntry(R"("dtype":"F32","shape":[2],"data_offsets":[0,4])", "1234",
              {"a.shape", "does not fill"});
  refuseEntry(R"("dtype":"F32","shape":[-1],"data_offsets":[0,4])", "1234",
              {"a.shape"});
  refuseEntry(
      R"("dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0])",
      "", {"a.shape"});
  refuseEntry(R"("dtype":"F32","shape":[1],"data_offsets":[0,8])", "1234",
              {"a.shape", "8 bytes"});
  refuseEntry(
      R"("dtype":"U8","shape":[9223372036854775807],"data_offsets":[0,9223372036854775807])",
      "1234", {"a.data_offsets"});
  refuseEntry(R"("dtype":"F32","shape":[1],"data_offsets":[4,0])", "1234",
              {"a.data_offsets"});
  refuseEntry(R"("dtype":"F32","shape":[1],"data_offsets":[0])", "1234",
              {"a.data_offsets"});
  refuseEntry(R"("dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1)", "1234",
              {"a.x"});
  refuseEntry(R"("dtype":"F32","data_offsets":[0,4])", "1234",
              {"a.shape", "missing"});
  refuseEntry(R"("dtype":"F32","shape":[1],"data_offsets":[1,5])", "12345",
              {"a.data_offsets", "aligned"});
  refuseEntry(
      R"("dtype":"U8","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,1])", "1",
      {"a.shape", "dimensions"});
}

TEST_F(Safetensors, RefusesGapsAndOverlaps) {
  auto two = [](int begin, int end) {
    return fileOf(
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}"
        ",\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[" +
            std::to_string(begin) + "," + std::to_string(end) + "]}}",
        "123456789012");
  };
  refuse(two(2, 6), {"b.data_offsets", "overlaps"});
  refuse(two(8, 12), {"b.data_offsets", "gap"});
  refuse(two(4, 8), {"the arrays end at"});
}

} // namespace
} // namespace lacuna::test
