//===- ImageFolderTest.cpp - Folders of JPEG and PNG files ----------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DataTest.h"

#include <atomic>
#include <csetjmp>
#include <cstdio>
#include <cstring>

#include <dlfcn.h>
#include <jpeglib.h>

#include <jerror.h>
#include <png.h>
#include <zlib.h>

using namespace lacuna;
using namespace lacuna::test;

namespace {
/// While set, libjpeg or zlib has no memory for another decoder.
std::atomic<bool> jpegOutOfMemory = false, zlibOutOfMemory = false;
} // namespace

/// Called in place of libjpeg's.
extern "C" void jpeg_CreateDecompress(j_decompress_ptr info, int version,
                                      size_t size) {
  if (jpegOutOfMemory) {
    info->err->msg_code = JERR_OUT_OF_MEMORY;
    info->err->error_exit(reinterpret_cast<j_common_ptr>(info));
  }
  static auto create = reinterpret_cast<decltype(&jpeg_CreateDecompress)>(
      dlsym(RTLD_NEXT, "jpeg_CreateDecompress"));
  create(info, version, size);
}

/// Called by libpng in place of zlib's.
extern "C" int inflateInit2_(z_streamp stream, int windowBits,
                             const char *version, int size) {
  static auto init = reinterpret_cast<decltype(&inflateInit2_)>(
      dlsym(RTLD_NEXT, "inflateInit2_"));
  return zlibOutOfMemory ? Z_MEM_ERROR
                         : init(stream, windowBits, version, size);
}

namespace {

constexpr int64_t kSize = 8;

/// An image of one colour, [height][width][3].
Bytes plainImage(int64_t height, int64_t width, const Bytes &colour) {
  Bytes pixels;
  for (int64_t i = 0; i < height * width; ++i)
    pixels.insert(pixels.end(), colour.begin(), colour.end());
  return pixels;
}

class ImageFolders : public DataTest {
protected:
  void SetUp() override {
    DataTest::SetUp();
    for (const char *name : {"train/cat", "train/dog", "val/cat", "val/dog"})
      std::filesystem::create_directories(folder / name);
    writePng("train/cat/1.png", 12, 9, {200, 10, 30});
    writePng("train/cat/2.png", 9, 12, {100, 110, 120});
    writePng("train/cat/3.png", 7, 7, {5, 6, 7});
    writeJpeg("train/dog/1.JPEG", 20, 30, {40, 50, 60});
    writePng("val/dog/1.png", 16, 16, {1, 2, 3});
    options.imageSize = kSize;
  }

  void writePng(const std::string &name, int64_t height, int64_t width,
                const Bytes &colour) const {
    png_image info{};
    info.version = PNG_IMAGE_VERSION;
    info.height = static_cast<png_uint_32>(height);
    info.width = static_cast<png_uint_32>(width);
    info.format = PNG_FORMAT_RGB;
    Bytes pixels = plainImage(height, width, colour);
    ASSERT_TRUE(png_image_write_to_file(&info, pathOf(name).c_str(), 0,
                                        pixels.data(), 0, nullptr));
  }

  /// Grey when the colour has one component, else RGB.
  void writeJpeg(const std::string &name, int64_t height, int64_t width,
                 const Bytes &colour) const {
    jpeg_compress_struct info{};
    jpeg_error_mgr errors{};
    info.err = jpeg_std_error(&errors);
    jpeg_create_compress(&info);
    std::FILE *file = std::fopen(pathOf(name).c_str(), "wb");
    ASSERT_NE(file, nullptr);
    jpeg_stdio_dest(&info, file);
    info.image_height = static_cast<JDIMENSION>(height);
    info.image_width = static_cast<JDIMENSION>(width);
    info.input_components = static_cast<int>(colour.size());
    info.in_color_space = colour.size() == 1   ? JCS_GRAYSCALE
                          : colour.size() == 4 ? JCS_CMYK
                                               : JCS_RGB;
    jpeg_set_defaults(&info);
    jpeg_set_quality(&info, 100, TRUE);
    jpeg_start_compress(&info, TRUE);
    Bytes row = plainImage(1, width, colour);
    JSAMPROW rows[] = {row.data()};
    while (info.next_scanline < info.image_height)
      jpeg_write_scanlines(&info, rows, 1);
    jpeg_finish_compress(&info);
    jpeg_destroy_compress(&info);
    std::fclose(file);
  }

  std::string spec() const { return "images:" + folder.string(); }
  DataSet load() const { return loadDataSet(spec(), options); }

  /// The pixels of images 0 ... count - 1.
  static Bytes pixelsOf(const ImageSet &set, int threads,
                        const AugmentationKey *key = nullptr) {
    ThreadPool pool(threads);
    std::vector<uint32_t> index;
    for (uint32_t i = 0; i < set.labels.size(); ++i)
      index.push_back(i);
    Bytes pixels(index.size() * size_t(set.imageBytes()));
    set.source->load(pool, index.data(), set.count(), key, pixels.data());
    return pixels;
  }

  void expectColour(const Bytes &pixels, size_t image, const Bytes &colour,
                    int tolerance) const {
    for (size_t channel = 0; channel < 3; ++channel)
      for (size_t i = 0; i < size_t(kSize * kSize); ++i)
        ASSERT_NEAR(pixels[(image * 3 + channel) * size_t(kSize * kSize) + i],
                    colour[channel], tolerance);
  }

  ImageFolderOptions options;
};

TEST_F(ImageFolders, ClassesTakeTurns) {
  DataSet set = load();
  EXPECT_EQ(set.train.classes, 2);
  EXPECT_EQ(set.train.labels, (std::vector<Label>{0, 1, 0, 0}));
  EXPECT_EQ(set.test.labels, (std::vector<Label>{1}));
  EXPECT_EQ(set.train.height, kSize);
  EXPECT_TRUE(set.augment);
  Bytes pixels = pixelsOf(set.train, 2);
  expectColour(pixels, 0, {200, 10, 30}, 0);
  expectColour(pixels, 1, {40, 50, 60}, 3);
  expectColour(pixels, 2, {100, 110, 120}, 0);
  limitImages(set.train, 2);
  EXPECT_EQ(set.train.count(), 2);
}

TEST_F(ImageFolders, FingerprintTellsFilesApartWhereverTheyLie) {
  uint32_t whole = load().train.source->fingerprint(4);
  EXPECT_NE(load().train.source->fingerprint(3), whole);
  std::string moved = folder.string() + "-moved";
  std::filesystem::copy(folder, moved,
                        std::filesystem::copy_options::recursive);
  EXPECT_EQ(
      loadDataSet("images:" + moved, options).train.source->fingerprint(4),
      whole);
  std::filesystem::remove_all(moved);
  std::ofstream(pathOf("train/cat/2.png"), std::ios::app) << "x";
  EXPECT_NE(load().train.source->fingerprint(4), whole);
  DataSet set = load();
  std::filesystem::remove(pathOf("train/cat/2.png"));
  try {
    set.train.source->fingerprint(4);
    ADD_FAILURE() << "accepted";
  } catch (const UserError &error) {
    EXPECT_NE(std::string(error.what()).find("cat/2.png"), std::string::npos);
  }
}

TEST_F(ImageFolders, CropsDependOnKeyAloneAndNotOnThreadsOrCache) {
  // Something to see in a crop.
  png_image info{};
  info.version = PNG_IMAGE_VERSION;
  info.height = info.width = 40;
  info.format = PNG_FORMAT_RGB;
  Bytes pixels(40 * 40 * 3);
  for (size_t i = 0; i < pixels.size(); ++i)
    pixels[i] = static_cast<uint8_t>(i / 7);
  ASSERT_TRUE(png_image_write_to_file(&info, pathOf("train/cat/1.png").c_str(),
                                      0, pixels.data(), 0, nullptr));
  AugmentationKey first{3, 0}, second{3, 1};
  options.cacheBytes = 0;
  DataSet uncached = load();
  options.cacheBytes = 40 * 40 * 3 + 10;
  DataSet cached = load();
  Bytes crops = pixelsOf(uncached.train, 1, &first);
  for (int round = 0; round < 2; ++round)
    EXPECT_EQ(pixelsOf(cached.train, 3, &first), crops);
  EXPECT_NE(pixelsOf(cached.train, 1, &second), crops);
  EXPECT_NE(pixelsOf(cached.train, 1), crops);
}

TEST_F(ImageFolders, TheCacheIsBounded) {
  options.cacheBytes = 600; // The first two images take 324 bytes each.
  DataSet set = load();
  int64_t before = memoryUsage().of(MemoryKind::Data);
  for (int round = 0; round < 3; ++round)
    pixelsOf(set.train, 1);
  int64_t held = memoryUsage().of(MemoryKind::Data) - before;
  EXPECT_GT(held, 0);
  EXPECT_LE(held, options.cacheBytes);
}

TEST_F(ImageFolders, GreyAndCmykBecomeColours) {
  writeJpeg("train/dog/1.JPEG", 9, 9, {77});
  Bytes grey = pixelsOf(load().train, 1);
  expectColour(grey, 1, {77, 77, 77}, 2);
  writeJpeg("train/dog/1.JPEG", 9, 9, {255, 128, 0, 200});
  Bytes inks = pixelsOf(load().train, 1);
  expectColour(inks, 1, {200, 100, 0}, 3);
}

/// Values, not light: nothing says that these are linear.
TEST_F(ImageFolders, SixteenBitsKeepTheUpperEight) {
  std::FILE *file = std::fopen(pathOf("train/cat/1.png").c_str(), "wb");
  ASSERT_NE(file, nullptr);
  png_structp png =
      png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  png_init_io(png, file);
  png_set_IHDR(png, info, 9, 9, 16, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_write_info(png, info);
  Bytes row = plainImage(1, 9, {40, 0, 128, 0, 255, 0});
  for (int y = 0; y < 9; ++y)
    png_write_row(png, row.data());
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  std::fclose(file);
  expectColour(pixelsOf(load().train, 1), 0, {40, 128, 255}, 1);
}

TEST_F(ImageFolders, DamagedFilesAreNamed) {
  auto refused = [&](const std::string &name) {
    DataSet set = load();
    try {
      pixelsOf(set.train, 2);
    } catch (const UserError &error) {
      return std::string(error.what()).find(pathOf(name)) == 0;
    }
    return false;
  };
  for (const char *name : {"train/dog/1.JPEG", "train/cat/2.png"}) {
    SCOPED_TRACE(name);
    std::ifstream file(pathOf(name), std::ios::binary);
    Bytes whole((std::istreambuf_iterator<char>(file)), {});
    for (size_t kept : {size_t(0), size_t(2), size_t(20), whole.size() / 2}) {
      write(name, Bytes(whole.begin(), whole.begin() + std::ptrdiff_t(kept)));
      EXPECT_TRUE(refused(name)) << kept;
    }
    std::filesystem::remove(pathOf(name));
    write(name, Bytes(100, 'x'));
    EXPECT_TRUE(refused(name));
    write(name, whole);
  }
}

/// The machine's fault, not that of the file.
TEST_F(ImageFolders, ADecoderThatCannotBeMadeIsAnError) {
  for (const auto &[name, outOfMemory] :
       {std::pair("train/dog/1.JPEG", &jpegOutOfMemory),
        {"train/cat/1.png", &zlibOutOfMemory}}) {
    DataSet set = load();
    *outOfMemory = true;
    std::string text;
    try {
      pixelsOf(set.train, 2);
    } catch (const EnvironmentError &error) {
      text = error.what();
    }
    *outOfMemory = false;
    EXPECT_EQ(text.find(pathOf(name)), 0u) << text;
    EXPECT_NE(text.find("memory"), std::string::npos) << text;
    expectColour(pixelsOf(load().train, 2), 1, {40, 50, 60}, 3);
  }
}

TEST_F(ImageFolders, FoldersThatMakeNoSense) {
  std::filesystem::create_directories(folder / "val/horse");
  expectUserError(spec(), {pathOf("val/horse"), "train"});
  std::filesystem::remove(folder / "val/horse");
  write("train/cat/notes.txt", {1});
  expectUserError(spec(), {pathOf("train/cat/notes.txt")});
  std::filesystem::remove(folder / "train/cat/notes.txt");
  std::filesystem::create_symlink("nothing", folder / "train/cat/4.png");
  expectUserError(spec(), {pathOf("train/cat/4.png"), "a link to nothing"});
  std::filesystem::remove(folder / "train/cat/4.png");
  std::filesystem::remove(folder / "val/dog/1.png");
  expectUserError(spec(), {pathOf("val"), "0 images"});
  std::filesystem::remove_all(folder / "val");
  expectUserError(spec(), {pathOf("val"), "train/CLASS/IMAGE"});
  options.imageSize = 0;
  EXPECT_THROW(load(), UserError);
}

} // namespace
