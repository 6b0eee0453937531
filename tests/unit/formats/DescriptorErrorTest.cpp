//===- DescriptorErrorTest.cpp - Untrusted descriptors refused ------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TestFiles.h"

#include "lacuna/Kernel/Descriptor.h"

namespace lacuna::test {
namespace {

const std::string kConv =
    R"({"version": 1, "op": "conv2d", "dtype": "f32", "geometry": )"
    R"({"in_channels": 3, "out_channels": 8, "height": 9, "width": 7, )"
    R"("kernel": [3, 3], "stride": [1, 1], "padding": [1, 1]}, )"
    R"("scheme": "block", "block_rows": 4, "active": [0, 5, 9]})";

const std::string kPattern =
    R"({"version": 1, "op": "conv2d", "dtype": "f32", "geometry": )"
    R"({"in_channels": 3, "out_channels": 8, "height": 9, "width": 7, )"
    R"("kernel": [3, 3], "stride": [1, 1], "padding": [1, 1]}, )"
    R"("scheme": "pattern", "patterns": "mest-8", "active": [0, 5], )"
    R"("pattern_ids": [3, 7]})";

std::string replaced(std::string text, const std::string &from,
                     const std::string &to) {
  size_t position = text.find(from);
  EXPECT_NE(position, std::string::npos) << from;
  return text.replace(position, from.size(), to);
}

/// Parses and expects an error that starts with file and field path.
void expectRefused(const std::string &text, const std::string &start) {
  std::string message =
      errorOf<UserError>([&] { parseDescriptor(text, "d.json"); });
  EXPECT_EQ(message.substr(0, start.size()), start) << message;
}

struct Edit {
  const char *from;
  const char *to;
  const char *error;
};

class RefusedEdit : public testing::TestWithParam<Edit> {};

TEST_P(RefusedEdit, NamesFileAndField) {
  const Edit &edit = GetParam();
  expectRefused(replaced(kConv, edit.from, edit.to), edit.error);
}

INSTANTIATE_TEST_SUITE_P(
    Header, RefusedEdit,
    testing::Values(
        Edit{"\"version\": 1", "\"version\": 2", "d.json: version: is 2"},
        Edit{"\"version\": 1, ", "", "d.json: version: is missing"},
        Edit{"\"version\": 1", "\"version\": \"1\"", "d.json: version: must"},
        Edit{"\"version\": 1", "\"version\": 1.0", "d.json: version: must"},
        Edit{"conv2d", "conv3d", "d.json: op: is \"conv3d\""},
        Edit{"f32", "f64", "d.json: dtype: is \"f64\""},
        Edit{"\"block\"", "\"blocks\"", "d.json: scheme: is \"blocks\""},
        Edit{"\"scheme\"", "\"extra\": 1, \"scheme\"",
             "d.json: extra: is not a field"},
        Edit{"\"scheme\"", "\"version\": 1, \"scheme\"",
             "d.json: version: is a duplicate key"},
        Edit{"\"scheme\"", "\"active\": [0], \"scheme\"",
             "d.json: active: is a duplicate key"}));

INSTANTIATE_TEST_SUITE_P(
    Geometry, RefusedEdit,
    testing::Values(
        Edit{"\"height\": 9", "\"height\": 9, \"height\": 9",
             "d.json: geometry.height: is a duplicate key"},
        Edit{"\"height\": 9", "\"depth\": 9", "d.json: geometry.height: is"},
        Edit{"\"height\": 9", "\"height\": 9, \"depth\": 9",
             "d.json: geometry.depth: is not a field"},
        Edit{"\"height\": 9", "\"height\": 0", "d.json: geometry.height: is 0"},
        Edit{"\"height\": 9", "\"height\": -9", "d.json: geometry.height: is"},
        Edit{"\"height\": 9", "\"height\": 9.5",
             "d.json: geometry.height: must be an integer"},
        Edit{"\"height\": 9", "\"height\": true",
             "d.json: geometry.height: must be an integer"},
        Edit{"\"height\": 9", "\"height\": null",
             "d.json: geometry.height: must be an integer"},
        Edit{"\"height\": 9", "\"height\": 18446744073709551615",
             "d.json: geometry.height: must be an integer"},
        Edit{"\"height\": 9", "\"height\": 1e400", "d.json: "},
        Edit{"\"in_channels\": 3", "\"in_channels\": 4611686018427387904",
             "d.json: geometry.in_channels: is 4611686018427387904"},
        Edit{"\"in_channels\": 3, \"out_channels\": 8",
             "\"in_channels\": 1048576, \"out_channels\": 1048576",
             "d.json: geometry."},
        Edit{"\"kernel\": [3, 3]", "\"kernel\": [8, 3]",
             "d.json: geometry.kernel[0]: is 8"},
        Edit{"\"kernel\": [3, 3]", "\"kernel\": [3]",
             "d.json: geometry.kernel: has 1 entries"},
        Edit{"\"kernel\": [3, 3]", "\"kernel\": [3, \"3\"]",
             "d.json: geometry.kernel[1]: must be an integer"},
        Edit{"\"kernel\": [3, 3]", "\"kernel\": 3",
             "d.json: geometry.kernel: must be an array"},
        Edit{"\"stride\": [1, 1]", "\"stride\": [1, 3]",
             "d.json: geometry.stride[1]: is 3"},
        Edit{"\"padding\": [1, 1]", "\"padding\": [3, 1]",
             "d.json: geometry.padding[0]: is 3"}));

INSTANTIATE_TEST_SUITE_P(
    Active, RefusedEdit,
    testing::Values(
        Edit{"[0, 5, 9]", "[5, 0, 9]", "d.json: active[1]: "},
        Edit{"[0, 5, 9]", "[0, 5, 5]", "d.json: active[2]: "},
        Edit{"[0, 5, 9]", "[0, 5, 54]", "d.json: active[2]: "},
        Edit{"[0, 5, 9]", "[0, -5, 9]", "d.json: active[1]: is -5"},
        Edit{"[0, 5, 9]", "[0, 5.0, 9]", "d.json: active[1]: is 5.0"},
        Edit{"[0, 5, 9]", "[0, \"5\", 9]", "d.json: active[1]: is \"5\""},
        Edit{"[0, 5, 9]", "[0, [5], 9]", "d.json: active[1]: must be an int"},
        Edit{"[0, 5, 9]", "[0, {}, 9]", "d.json: active[1]: must be an int"},
        Edit{"[0, 5, 9]", "[0, 4294967296]", "d.json: active[1]: is 42949672"},
        Edit{"[0, 5, 9]", "3", "d.json: active: must be an array"},
        Edit{"[0, 5, 9]", "{\"a\": 1}", "d.json: active: must be an array"},
        Edit{", \"active\": [0, 5, 9]", "", "d.json: active: is missing"},
        Edit{"\"block_rows\": 4", "\"block_rows\": 3", "d.json: block_rows: 3"},
        Edit{"\"block_rows\": 4", "\"block_rows\": 0",
             "d.json: block_rows: is 0"},
        Edit{"\"block\", \"block_rows\": 4", "\"dense\"",
             "d.json: active: is not a field"},
        Edit{"\"block\", \"block_rows\": 4", "\"pattern\"",
             "d.json: patterns: is missing"},
        Edit{"\"block\",", "\"channel\",",
             "d.json: block_rows: is not a field"}));

class RefusedPatternEdit : public testing::TestWithParam<Edit> {};

TEST_P(RefusedPatternEdit, NamesFileAndField) {
  const Edit &edit = GetParam();
  expectRefused(replaced(kPattern, edit.from, edit.to), edit.error);
}

INSTANTIATE_TEST_SUITE_P(
    Pattern, RefusedPatternEdit,
    testing::Values(
        Edit{"[3, 7]", "[3]", "d.json: pattern_ids: has 1 entries"},
        Edit{"[3, 7]", "[3, 8]", "d.json: pattern_ids[1]: pattern 8"},
        Edit{"[3, 7]", "[3, 259]", "d.json: pattern_ids[1]: pattern 259"},
        Edit{"[3, 7]", "[3, -1]", "d.json: pattern_ids[1]: is -1"},
        Edit{", \"pattern_ids\": [3, 7]", "",
             "d.json: pattern_ids: is missing"},
        Edit{"\"mest-8\"", "\"mest-9\"", "d.json: patterns: is \"mest-9\""},
        Edit{"\"mest-8\"", "[]", "d.json: patterns: "},
        Edit{"\"mest-8\"", "[[0], []]", "d.json: patterns[1]: "},
        Edit{"\"mest-8\"", "[[0], [1, 9]]", "d.json: patterns[1][1]: "},
        Edit{"\"mest-8\"", "[[0], [2, 1]]", "d.json: patterns[1][1]: "},
        Edit{"\"mest-8\"", "[[0], [1, 256]]", "d.json: patterns[1][1]: is 256"},
        Edit{"\"mest-8\"", "[[0], 1]", "d.json: patterns[1]: must be an array"},
        Edit{"\"kernel\": [3, 3]", "\"kernel\": [5, 5]",
             "d.json: patterns: \"mest-8\" is for 3x3"}));

TEST(RefusedDescriptor, WrongRoots) {
  expectRefused("", "d.json: offset ");
  expectRefused("{", "d.json: offset ");
  expectRefused("[1, [2]]", "d.json: must be a JSON object");
  expectRefused("3", "d.json: must be a JSON object");
  expectRefused(kConv + "x", "d.json: offset ");
  expectRefused("\xff", "d.json: offset ");
}

TEST(RefusedDescriptor, EveryTruncationIsAnError) {
  for (size_t length = 0; length < kPattern.size(); ++length)
    expectRefused(kPattern.substr(0, length), "d.json: ");
}

TEST(RefusedDescriptor, AnyChangedByteIsReadOrRefused) {
  for (size_t i = 0; i < kPattern.size(); ++i)
    for (char byte : kTellingBytes) {
      std::string text = kPattern;
      text[i] = byte;
      try {
        Descriptor read = parseDescriptor(text, "d.json");
        EXPECT_EQ(read.active.units.size(), read.active.patternIds.size());
      } catch (const UserError &error) {
        EXPECT_EQ(std::string(error.what()).substr(0, 8), "d.json: ");
      }
    }
}

TEST(RefusedDescriptor, DeepNestingIsRefusedWithoutRecursion) {
  expectRefused(R"({"geometry": )" + std::string(1 << 20, '['),
                "d.json: geometry: is nested deeper");
}

TEST(RefusedDescriptor, ManyValuesOutsideTheListsAreRefused) {
  std::string text = R"({"patterns": [0)";
  for (int i = 0; i < 100000; ++i)
    text += ",0";
  expectRefused(text, "d.json: patterns: the text has more than");
}

TEST(RefusedDescriptor, LongFilesAreRefusedUnread) {
  TemporaryDirectory directory;
  std::string path = directory.write("d.json", kConv);
  std::filesystem::resize_file(path, kMaxDescriptorBytes + 1);
  std::string message = errorOf<UserError>([&] { loadDescriptor(path); });
  EXPECT_NE(message.find("at most 268435456"), std::string::npos) << message;
}

TEST(RefusedDescriptor, HostileTextStaysOutOfMessages) {
  std::string message = errorOf<UserError>([&] {
    parseDescriptor(replaced(kConv, "\"scheme\"",
                             "\"a\\u001b[31m" + std::string(1000, 'x') +
                                 "\": 1, \"scheme\""),
                    "d.json");
  });
  EXPECT_EQ(message.find('\x1b'), std::string::npos);
  EXPECT_LT(message.size(), 300u);
}

} // namespace
} // namespace lacuna::test
