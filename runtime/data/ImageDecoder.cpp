//===- ImageDecoder.cpp - JPEG and PNG files ------------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ImageDecoder.h"

#include "lacuna/Support/Error.h"
#include "lacuna/Support/Files.h"

#include <csetjmp>
#include <cstdio>
#include <cstring>
#include <vector>

#include <jpeglib.h>

#include <jerror.h>
#include <png.h>

namespace lacuna {

namespace {

constexpr int64_t kChannels = 3;
constexpr int64_t kMaxPixels = int64_t(1) << 27;
constexpr int64_t kMaxFileBytes = int64_t(1) << 28;

[[noreturn]] void refuse(const std::string &path, const std::string &what) {
  throw UserError(path + ": " + what +
                  "; replace the file, or take it out of the data set");
}

[[noreturn]] void failForMemory(const std::string &path) {
  throw EnvironmentError(path + ": out of memory while it was decoded; free "
                                "some memory, or use fewer threads");
}

DecodedImage makeImage(const std::string &path, int64_t height, int64_t width) {
  if (height < 1 || width < 1 || width > kMaxPixels / height)
    refuse(path, "is " + std::to_string(width) + " x " +
                     std::to_string(height) + " pixels, the limit is " +
                     std::to_string(kMaxPixels) + " in all");
  return {height, width,
          Buffer<uint8_t>(MemoryKind::Data, height * width * kChannels)};
}

/// libjpeg leaves by longjmp, which skips destructors: what these functions
/// hold must have none.
struct JpegErrors {
  jpeg_error_mgr manager; ///< First: libjpeg knows this part only.
  std::jmp_buf exit;
  char message[JMSG_LENGTH_MAX];
};

[[noreturn]] void leave(j_common_ptr info) {
  JpegErrors *errors = reinterpret_cast<JpegErrors *>(info->err);
  info->err->format_message(info, errors->message);
  std::longjmp(errors->exit, 1);
}

/// Data that ends early is an error; other warnings concern images that every
/// decoder shows.
void onMessage(j_common_ptr info, int level) {
  int code = info->err->msg_code;
  if (level < 0 && (code == JWRN_JPEG_EOF || code == JWRN_HIT_MARKER))
    leave(info);
}

class JpegReader {
public:
  JpegReader() {
    info.err = jpeg_std_error(&errors.manager);
    errors.manager.error_exit = leave;
    errors.manager.emit_message = onMessage;
  }
  ~JpegReader() { jpeg_destroy_decompress(&info); }
  JpegReader(const JpegReader &) = delete;
  JpegReader &operator=(const JpegReader &) = delete;

  /// Whether it worked; otherwise fail() tells why.
  bool readHeader(const std::string &bytes) {
    if (setjmp(errors.exit))
      return false;
    jpeg_create_decompress(&info);
    jpeg_mem_src(&info, reinterpret_cast<const unsigned char *>(bytes.data()),
                 bytes.size());
    jpeg_read_header(&info, TRUE);
    isCmyk =
        info.jpeg_color_space == JCS_CMYK || info.jpeg_color_space == JCS_YCCK;
    info.out_color_space = isCmyk ? JCS_CMYK : JCS_RGB;
    return true;
  }
  /// `row`: room for width() pixels of four bytes.
  bool readPixels(uint8_t *pixels, uint8_t *row) {
    if (setjmp(errors.exit))
      return false;
    jpeg_start_decompress(&info);
    while (info.output_scanline < info.output_height) {
      uint8_t *target =
          pixels + int64_t(info.output_scanline) * width() * kChannels;
      JSAMPROW into = isCmyk ? row : target;
      jpeg_read_scanlines(&info, &into, 1);
      if (isCmyk)
        convertCmyk(row, target);
    }
    jpeg_finish_decompress(&info);
    return true;
  }

  int64_t height() const { return info.image_height; }
  int64_t width() const { return info.image_width; }
  [[noreturn]] void fail(const std::string &path) const {
    if (errors.manager.msg_code == JERR_OUT_OF_MEMORY)
      failForMemory(path);
    refuse(path, std::string("damaged JPEG file: ") + errors.message);
  }

private:
  /// Adobe's files, which are all there are, hold the inverse of each ink.
  void convertCmyk(const uint8_t *from, uint8_t *to) const {
    for (int64_t x = 0; x < width(); ++x)
      for (int64_t channel = 0; channel < kChannels; ++channel)
        to[x * kChannels + channel] = static_cast<uint8_t>(
            int(from[4 * x + channel]) * int(from[4 * x + 3]) / 255);
  }

  jpeg_decompress_struct info{};
  JpegErrors errors{};
  bool isCmyk = false;
};

DecodedImage decodeJpeg(const std::string &path, const std::string &bytes) {
  JpegReader reader;
  if (!reader.readHeader(bytes))
    reader.fail(path);
  DecodedImage image = makeImage(path, reader.height(), reader.width());
  std::vector<uint8_t> row(size_t(4 * image.width));
  if (!reader.readPixels(image.pixels.data(), row.data()))
    reader.fail(path);
  return image;
}

DecodedImage decodePng(const std::string &path, const std::string &bytes) {
  png_image info{};
  info.version = PNG_IMAGE_VERSION;
  auto fail = [&] {
    std::string message = info.message;
    png_image_free(&info);
    // libpng tells it by words alone.
    for (const char *words : {"ut of memory", "nsufficient memory"})
      if (message.find(words) != std::string::npos)
        failForMemory(path);
    refuse(path, "damaged PNG file: " + message);
  };
  if (!png_image_begin_read_from_memory(&info, bytes.data(), bytes.size()))
    fail();
  info.format = PNG_FORMAT_RGB;
  // As of 8 bits, where the file does not say: libpng would take it for linear.
  info.flags |= PNG_IMAGE_FLAG_16BIT_sRGB;
  DecodedImage image;
  try {
    image = makeImage(path, info.height, info.width);
  } catch (const Error &) {
    png_image_free(&info);
    throw;
  }
  png_color black{0, 0, 0};
  if (!png_image_finish_read(&info, &black, image.pixels.data(), 0, nullptr))
    fail();
  return image;
}

bool startsWith(const std::string &bytes, const char *magic) {
  return bytes.compare(0, std::strlen(magic), magic) == 0;
}

} // namespace

DecodedImage decodeImage(const std::string &path) {
  std::string bytes = readFile(path, kMaxFileBytes);
  if (startsWith(bytes, "\xff\xd8\xff"))
    return decodeJpeg(path, bytes);
  if (startsWith(bytes, "\x89PNG\r\n\x1a\n"))
    return decodePng(path, bytes);
  refuse(path, "is neither a JPEG nor a PNG file");
}

} // namespace lacuna
