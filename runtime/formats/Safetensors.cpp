//===- Safetensors.cpp - Named arrays and texts in one file ---------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Support/Safetensors.h"

#include "JsonFields.h"

#include "lacuna/Support/Crc32.h"
#include "lacuna/Support/Npy.h"

#include <algorithm>
#include <cstring>

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
              "arrays are stored as they lie in memory");

namespace lacuna {

namespace {

constexpr int64_t kLengthBytes = 8;
/// Of the format itself.
constexpr int64_t kMaxHeaderBytes = 100'000'000;
/// An array costs eight: its entry's, and a text's where it has a checksum.
constexpr size_t kMaxHeaderValues = 1 << 20;
constexpr size_t kMaxRank = 8;
constexpr int64_t kMaxDataBytes = int64_t(1) << 56;
constexpr int64_t kHeaderAlignment = 8;
constexpr char kMetadata[] = "__metadata__";

struct Type {
  std::string_view name;
  int64_t bytes;
};
constexpr Type kTypes[] = {{"U8", 1},  {"U32", 4}, {"I32", 4}, {"F32", 4},
                           {"U64", 8}, {"I64", 8}, {"F64", 8}};

using Json = nlohmann::ordered_json;

/// Bytes of a shape, or -1 when their bytes overflow.
int64_t bytesOf(const std::vector<int64_t> &shape, int64_t elementBytes) {
  int64_t bytes = elementBytes;
  for (int64_t extent : shape)
    if (extent < 0 || __builtin_mul_overflow(bytes, extent, &bytes))
      return -1;
  return bytes;
}

bool isUtf8(const std::string &text) {
  try {
    (void)Json(text).dump();
    return true;
  } catch (const Json::type_error &) {
    return false;
  }
}

/// The header as text. Names that programs choose may be no UTF-8, which is all
/// that JSON can hold.
std::string headerText(const Json &root) {
  try {
    return root.dump();
  } catch (const Json::type_error &) {
    for (const auto &field : root.items())
      if (!isUtf8(field.key()))
        throw UserError(quotedText(field.key()) +
                        ": cannot be saved, as its name is not UTF-8");
    for (const auto &text : root[kMetadata].items())
      if (!isUtf8(text.key()) || !isUtf8(text.value()))
        throw UserError(text.key() + ": cannot be saved, as " +
                        quotedText(text.value().get<std::string>()) +
                        " is not UTF-8");
    throw;
  }
}

/// Where arrays lie is checked when all are known: a truncated file lacks many.
SafetensorsFile::Entry readEntry(JsonFields fields, int64_t dataStart) {
  SafetensorsFile::Entry entry;
  entry.type = fields.string("dtype");
  int64_t elementBytes = safetensorsTypeBytes(entry.type);
  if (elementBytes == 0)
    fields.fail("dtype", "is " + quotedText(entry.type) +
                             ", which Lacuna does not read");
  entry.shape = fields.integers("shape");
  if (entry.shape.size() > kMaxRank)
    fields.fail("shape",
                "has more than " + std::to_string(kMaxRank) + " dimensions");
  std::vector<int64_t> offsets = fields.integers("data_offsets");
  fields.refuseUnread();
  if (offsets.size() != 2 || offsets[0] < 0 || offsets[1] < offsets[0] ||
      offsets[1] > kMaxDataBytes)
    fields.fail("data_offsets", "must be where the array begins and ends");
  entry.offset = dataStart + offsets[0];
  entry.bytes = offsets[1] - offsets[0];
  int64_t needed = bytesOf(entry.shape, elementBytes);
  if (needed != entry.bytes)
    fields.fail("shape", formatShape(entry.shape) + " of " + entry.type +
                             " does not fill the " +
                             std::to_string(entry.bytes) +
                             " bytes of data_offsets");
  if (offsets[0] % elementBytes != 0)
    fields.fail("data_offsets", "is not aligned to elements of " +
                                    std::to_string(elementBytes) + " bytes");
  return entry;
}

[[noreturn]] void refuseTruncated(const std::string &path, int64_t bytes,
                                  int64_t expected) {
  throw UserError(path + ": truncated: " + std::to_string(bytes) +
                  " bytes where " + std::to_string(expected) + " are expected");
}

/// Arrays must follow one another without gaps or overlaps, to the end.
void verifyCoverage(const std::string &path,
                    const std::map<std::string, SafetensorsFile::Entry> &arrays,
                    int64_t dataStart, int64_t fileBytes) {
  std::vector<const std::pair<const std::string, SafetensorsFile::Entry> *>
      order;
  for (const auto &named : arrays)
    order.push_back(&named);
  std::sort(order.begin(), order.end(), [](const auto *a, const auto *b) {
    return std::pair(a->second.offset, a->second.bytes) <
           std::pair(b->second.offset, b->second.bytes);
  });
  int64_t expected = dataStart;
  for (const auto *named : order) {
    if (named->second.offset != expected)
      throw UserError(path + ": " + named->first + ".data_offsets: " +
                      (named->second.offset < expected
                           ? "overlaps the array before it"
                           : "leaves a gap to the array before it"));
    expected += named->second.bytes;
  }
  if (expected > fileBytes)
    refuseTruncated(path, fileBytes, expected);
  if (expected < fileBytes)
    throw UserError(path + ": the arrays end at offset " +
                    std::to_string(expected) + ", the file has " +
                    std::to_string(fileBytes) + " bytes");
}

} // namespace

int64_t safetensorsTypeBytes(std::string_view type) {
  for (const Type &known : kTypes)
    if (known.name == type)
      return known.bytes;
  return 0;
}

std::vector<std::string_view>
formatSafetensors(const std::map<std::string, std::string> &metadata,
                  std::vector<SafetensorsArray> arrays, std::string &header) {
  std::sort(arrays.begin(), arrays.end(),
            [](const SafetensorsArray &a, const SafetensorsArray &b) {
              int64_t left = safetensorsTypeBytes(a.type);
              int64_t right = safetensorsTypeBytes(b.type);
              return left != right ? left > right : a.name < b.name;
            });
  Json root;
  root[kMetadata] = metadata;
  int64_t offset = 0;
  std::vector<std::string_view> parts{{}};
  for (const SafetensorsArray &array : arrays) {
    int64_t bytes = bytesOf(array.shape, safetensorsTypeBytes(array.type));
    verifyInvariant(bytes >= 0 && !root.contains(array.name),
                    "an array to write has no size or no name of its own");
    root[array.name] = {{"dtype", array.type},
                        {"shape", array.shape},
                        {"data_offsets", {offset, offset + bytes}}};
    parts.emplace_back(static_cast<const char *>(array.data),
                       static_cast<size_t>(bytes));
    offset += bytes;
  }
  verifyInvariant(8 * arrays.size() + metadata.size() < kMaxHeaderValues,
                  "a file would hold more arrays than can be read back");
  std::string text = headerText(root);
  while (text.size() % kHeaderAlignment != 0)
    text += ' ';
  uint64_t length = text.size();
  header.resize(kLengthBytes);
  std::memcpy(header.data(), &length, kLengthBytes);
  header += text;
  parts.front() = header;
  return parts;
}

int64_t SafetensorsFile::Entry::elements() const {
  return bytes / safetensorsTypeBytes(type);
}

SafetensorsFile::SafetensorsFile(const std::string &path) : file(path) {
  uint64_t length = 0;
  file.read(&length, kLengthBytes);
  if (length > uint64_t(kMaxHeaderBytes))
    throw UserError(path + ": offset 0: says that its header is " +
                    std::to_string(length) +
                    " bytes long, which is too long: this is not a "
                    "safetensors file");
  int64_t headerEnd = kLengthBytes + static_cast<int64_t>(length);
  if (headerEnd > file.size())
    refuseTruncated(path, file.size(), headerEnd);
  std::string text(static_cast<size_t>(length), '\0');
  file.read(text.data(), static_cast<int64_t>(length));
  if (text.empty() || text.front() != '{')
    throw UserError(path + ": offset 8: is not a safetensors header");
  JsonDocument document = parseJson(text, path, {}, kMaxHeaderValues);
  JsonFields fields(document.root, path, "");
  for (const auto &field : document.root.items()) {
    if (field.key() == kMetadata) {
      JsonFields inner = fields.object(kMetadata);
      for (const auto &text : field.value().items())
        texts[text.key()] = inner.string(text.key());
    } else {
      arrays[field.key()] = readEntry(fields.object(field.key()), headerEnd);
    }
  }
  verifyCoverage(path, arrays, headerEnd, file.size());
}

void SafetensorsFile::read(const Entry &entry, void *destination) {
  file.seek(entry.offset);
  file.read(destination, entry.bytes);
}

uint32_t SafetensorsFile::checksum(const Entry &entry) {
  constexpr int64_t kPiece = 1 << 20;
  std::vector<unsigned char> piece(
      static_cast<size_t>(std::min(kPiece, entry.bytes)));
  file.seek(entry.offset);
  uint32_t sum = 0;
  for (int64_t left = entry.bytes; left > 0;) {
    int64_t count = std::min(kPiece, left);
    file.read(piece.data(), count);
    sum = addToCrc32(sum, piece.data(), static_cast<size_t>(count));
    left -= count;
  }
  return sum;
}

} // namespace lacuna
