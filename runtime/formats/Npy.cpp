//===- Npy.cpp - NumPy array files ----------------------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The format: https://numpy.org/doc/stable/reference/generated/
// numpy.lib.format.html. The header is a Python dictionary; only the form that
// NumPy itself writes is accepted.
//
//===----------------------------------------------------------------------===//

#include "lacuna/Support/Npy.h"

#include "lacuna/Support/Error.h"
#include "lacuna/Support/Files.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <string_view>

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
              "arrays are stored as they lie in memory");

namespace lacuna {

namespace {

constexpr char kMagic[] = {'\x93', 'N', 'U', 'M', 'P', 'Y'};
constexpr int64_t kMagicBytes = sizeof(kMagic);
constexpr int64_t kMaxHeaderBytes = 1 << 16;
constexpr size_t kMaxRank = 32;
constexpr size_t kHeaderAlignment = 64;

/// Reads the dictionary, knowing where in the file it stands.
class HeaderParser {
public:
  HeaderParser(std::string_view text, int64_t start, const std::string &where)
      : text(text), start(start), where(where) {}

  std::vector<int64_t> parse() {
    bool hasType = false, hasOrder = false, hasShape = false;
    std::vector<int64_t> shape;
    expect('{');
    while (!take('}')) {
      std::string_view key = string();
      expect(':');
      if (key == "descr" && !hasType) {
        parseType();
        hasType = true;
      } else if (key == "fortran_order" && !hasOrder) {
        parseOrder();
        hasOrder = true;
      } else if (key == "shape" && !hasShape) {
        shape = parseShape();
        hasShape = true;
      } else {
        fail("unknown or repeated field '" + std::string(key) + "'");
      }
      if (!take(',')) {
        expect('}');
        break;
      }
    }
    skipSpaces();
    if (text.substr(position) != "\n")
      fail("the header must end in one newline");
    if (!hasType || !hasOrder || !hasShape)
      fail("the header must have descr, fortran_order and shape");
    return shape;
  }

private:
  [[noreturn]] void fail(const std::string &message) const {
    throw UserError(where + ": offset " + std::to_string(start + position) +
                    ": " + message);
  }

  void skipSpaces() {
    while (position < text.size() && text[position] == ' ')
      ++position;
  }

  bool take(char wanted) {
    skipSpaces();
    if (position == text.size() || text[position] != wanted)
      return false;
    ++position;
    return true;
  }

  void expect(char wanted) {
    if (!take(wanted))
      fail(std::string("malformed header, '") + wanted + "' expected");
  }

  std::string_view string() {
    skipSpaces();
    char quote = take('"') ? '"' : '\'';
    if (quote == '\'')
      expect('\'');
    size_t end = text.find(quote, position);
    if (end == std::string_view::npos)
      fail("malformed header, unfinished string");
    std::string_view found = text.substr(position, end - position);
    position = end + 1;
    return found;
  }

  void parseType() {
    std::string_view type = string();
    if (type != "<f4")
      fail("descr: the type is '" + std::string(type) +
           "', must be '<f4' (save the array as float32)");
  }

  void parseOrder() {
    skipSpaces();
    std::string_view rest = text.substr(position);
    if (rest.substr(0, 4) == "True")
      fail("fortran_order: is True, must be False "
           "(save numpy.ascontiguousarray of the array)");
    if (rest.substr(0, 5) != "False")
      fail("fortran_order: must be False");
    position += 5;
  }

  std::vector<int64_t> parseShape() {
    std::vector<int64_t> shape;
    expect('(');
    while (!take(')')) {
      if (shape.size() == kMaxRank)
        fail("shape: has more than " + std::to_string(kMaxRank) +
             " dimensions");
      shape.push_back(parseExtent());
      if (take(','))
        continue;
      // Python reads "(3)" as a number; a tuple of one ends in a comma.
      if (shape.size() == 1)
        fail("shape: must be a tuple");
      expect(')');
      break;
    }
    return shape;
  }

  int64_t parseExtent() {
    skipSpaces();
    constexpr int64_t kLimit = std::numeric_limits<int64_t>::max();
    int64_t extent = 0;
    size_t first = position;
    for (; position < text.size(); ++position) {
      char digit = text[position];
      if (digit < '0' || digit > '9')
        break;
      if (extent > (kLimit - (digit - '0')) / 10)
        fail("shape: extent is too large");
      extent = extent * 10 + (digit - '0');
    }
    if (position == first)
      fail("shape: extents must be non-negative integers");
    return extent;
  }

  std::string_view text;
  int64_t start;
  const std::string &where;
  size_t position = 0;
};

/// Bytes in memory, read as an InputFile is.
class InputBytes {
public:
  InputBytes(std::string_view bytes, const std::string &where)
      : bytes(bytes), where(where) {}

  const std::string &path() const { return where; }
  int64_t size() const { return static_cast<int64_t>(bytes.size()); }
  int64_t offset() const { return position; }
  void read(void *destination, int64_t count) {
    if (count > size() - position)
      throw UserError(where + ": offset " + std::to_string(position) +
                      ": truncated, " + std::to_string(count) +
                      " more bytes were expected");
    // Not memcpy, which takes no null pointer, not even for no bytes.
    std::copy_n(bytes.data() + position, count,
                static_cast<char *>(destination));
    position += count;
  }

private:
  std::string_view bytes;
  const std::string &where;
  int64_t position = 0;
};

template <typename Input> std::vector<int64_t> readHeader(Input &file) {
  char magic[kMagicBytes];
  uint8_t version[2];
  file.read(magic, kMagicBytes);
  if (std::memcmp(magic, kMagic, kMagicBytes) != 0)
    throw UserError(file.path() + ": offset 0: is not a .npy file");
  file.read(version, 2);
  if ((version[0] != 1 && version[0] != 2) || version[1] != 0)
    throw UserError(file.path() + ": offset " + std::to_string(kMagicBytes) +
                    ": .npy format " + std::to_string(version[0]) + "." +
                    std::to_string(version[1]) +
                    " is not supported, must be 1.0 or 2.0");
  uint8_t length[4] = {};
  file.read(length, version[0] == 1 ? 2 : 4);
  int64_t headerBytes = int64_t(length[0]) | int64_t(length[1]) << 8 |
                        int64_t(length[2]) << 16 | int64_t(length[3]) << 24;
  if (headerBytes > kMaxHeaderBytes)
    throw UserError(file.path() + ": offset 8: the header is " +
                    std::to_string(headerBytes) + " bytes long, at most " +
                    std::to_string(kMaxHeaderBytes) + " are read");
  int64_t start = file.offset();
  std::string header(static_cast<size_t>(headerBytes), '\0');
  file.read(header.data(), headerBytes);
  return HeaderParser(header, start, file.path()).parse();
}

/// Elements of the shape. The size of the file bounds what is allocated.
template <typename Input>
int64_t countElements(const Input &file, const std::vector<int64_t> &shape) {
  int64_t bytes = sizeof(float);
  for (int64_t extent : shape)
    if (__builtin_mul_overflow(bytes, extent, &bytes))
      throw UserError(file.path() + ": shape: " + formatShape(shape) +
                      " overflows");
  int64_t present = file.size() - file.offset();
  if (present != bytes)
    throw UserError(file.path() + ": offset " + std::to_string(file.offset()) +
                    ": shape " + formatShape(shape) + " needs " +
                    std::to_string(bytes) + " bytes of data, the file has " +
                    std::to_string(present) +
                    (present < bytes ? " (truncated)" : " (trailing bytes)"));
  return bytes / static_cast<int64_t>(sizeof(float));
}

template <typename Input>
std::vector<float> readData(Input &file, const std::vector<int64_t> &shape) {
  std::vector<float> data(static_cast<size_t>(countElements(file, shape)));
  file.read(data.data(), static_cast<int64_t>(data.size() * sizeof(float)));
  return data;
}

template <typename Input> NpyArray readArray(Input &file) {
  NpyArray array;
  array.shape = readHeader(file);
  array.data = readData(file, array.shape);
  return array;
}

/// The header of an array that fills its shape.
std::string formatHeader(const NpyArray &array) {
  const std::vector<int64_t> &shape = array.shape;
  int64_t elements = 1;
  for (int64_t extent : shape)
    verifyInvariant(extent >= 0 &&
                        !__builtin_mul_overflow(elements, extent, &elements),
                    "an array to write has an impossible shape");
  verifyInvariant(elements == static_cast<int64_t>(array.data.size()),
                  "an array to write does not fill its shape");
  verifyInvariant(shape.size() <= kMaxRank,
                  "an array to write has too many dimensions");
  std::string dictionary =
      "{'descr': '<f4', 'fortran_order': False, 'shape': " +
      formatShape(shape) + ", }";
  size_t prefix = kMagicBytes + 2 + 2;
  while ((prefix + dictionary.size() + 1) % kHeaderAlignment != 0)
    dictionary += ' ';
  dictionary += '\n';
  std::string header(kMagic, kMagicBytes);
  header += '\1';
  header += '\0';
  header += static_cast<char>(dictionary.size() & 0xff);
  header += static_cast<char>(dictionary.size() >> 8);
  return header + dictionary;
}

} // namespace

std::string formatShape(const std::vector<int64_t> &shape) {
  std::string text = "(";
  for (size_t i = 0; i < shape.size(); ++i)
    text += (i > 0 ? ", " : "") + std::to_string(shape[i]);
  return text + (shape.size() == 1 ? ",)" : ")");
}

NpyArray readNpy(const std::string &path) {
  InputFile file(path);
  return readArray(file);
}

NpyArray parseNpy(std::string_view bytes, const std::string &where) {
  InputBytes input(bytes, where);
  return readArray(input);
}

std::string formatNpy(const NpyArray &array) {
  std::string bytes = formatHeader(array);
  bytes.append(reinterpret_cast<const char *>(array.data.data()),
               array.data.size() * sizeof(float));
  return bytes;
}

void writeNpy(const std::string &path, const NpyArray &array) {
  std::string header = formatHeader(array);
  std::string_view data(reinterpret_cast<const char *>(array.data.data()),
                        array.data.size() * sizeof(float));
  writeFileAtomically(path, {header, data});
}

} // namespace lacuna
