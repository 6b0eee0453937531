//===- ImageFolder.cpp - A folder of images for each class ----------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ImageFolder.h"

#include "ImageDecoder.h"

#include "lacuna/Runtime/Operators.h"
#include "lacuna/Runtime/Random.h"
#include "lacuna/Support/Crc32.h"
#include "lacuna/Support/Error.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <filesystem>
#include <limits>
#include <mutex>
#include <system_error>
#include <unordered_map>
#include <utility>

namespace lacuna {

namespace {

namespace fs = std::filesystem;

constexpr int64_t kMaxImageSize = 4096;

/// Area and shape of random crops (Szegedy et al., "Going deeper with
/// convolutions", CVPR 2015, as torchvision's RandomResizedCrop).
constexpr double kLeastArea = 0.08;
constexpr double kMostStretch = 4.0 / 3;
constexpr int kAttempts = 10;
/// The share of the shorter side that the centre takes: 224 of 256 pixels.
constexpr double kCentreShare = 0.875;

operators::Rectangle centre(int64_t height, int64_t width, double share) {
  int64_t side = std::max<int64_t>(
      1, std::llround(share * double(std::min(height, width))));
  return {(height - side) / 2, (width - side) / 2, side, side};
}

operators::Rectangle randomCrop(int64_t height, int64_t width,
                                RandomStream &stream) {
  double area = double(height) * double(width);
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    double share = kLeastArea + (1 - kLeastArea) * double(stream.uniform());
    double stretch =
        std::exp((2 * double(stream.uniform()) - 1) * std::log(kMostStretch));
    int64_t cropWidth = std::llround(std::sqrt(area * share * stretch));
    int64_t cropHeight = std::llround(std::sqrt(area * share / stretch));
    if (cropWidth < 1 || cropHeight < 1 || cropWidth > width ||
        cropHeight > height)
      continue;
    auto place = [&](int64_t room) {
      return static_cast<int64_t>(
          stream.below(static_cast<uint32_t>(room + 1)));
    };
    int64_t top = place(height - cropHeight), left = place(width - cropWidth);
    return {top, left, cropHeight, cropWidth};
  }
  return centre(height, width, 1);
}

class ImageFolder : public ImageSource {
public:
  /// `paths` are below `folder`.
  ImageFolder(std::string folder, std::vector<std::string> paths,
              const ImageFolderOptions &options)
      : folder(std::move(folder)), paths(std::move(paths)), options(options) {}

  uint32_t fingerprint(int64_t count) const override {
    uint32_t sum = 0;
    for (int64_t i = 0; i < count; ++i) {
      const std::string &path = paths[size_t(i)];
      std::error_code error;
      uint64_t bytes = fs::file_size(whole(path), error);
      if (error)
        throw UserError("data set: " + whole(path) +
                        " cannot be looked at: " + error.message());
      std::string text = path + "\n" + std::to_string(bytes) + "\n";
      sum = addToCrc32(sum, text.data(), text.size());
    }
    return sum;
  }

  void load(ThreadPool &pool, const uint32_t *index, int64_t count,
            const AugmentationKey *key, uint8_t *pixels) override {
    int64_t size = options.imageSize;
    pool.run(count, [&](int, int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        std::shared_ptr<const DecodedImage> image = decoded(index[i]);
        operators::Rectangle crop;
        if (key) {
          RandomStream stream(key->seed, RandomPurpose::Crop,
                              static_cast<uint32_t>(key->epoch), index[i]);
          crop = randomCrop(image->height, image->width, stream);
        } else {
          crop = centre(image->height, image->width, kCentreShare);
        }
        operators::resizeImage(image->pixels.data(), image->width, crop, size,
                               pixels + i * 3 * size * size);
      }
    });
  }

private:
  /// Every epoch asks for every image once, in another order: whichever images
  /// are kept, the same share of requests finds its image. So the first ones
  /// stay, and nothing is ever thrown out.
  std::shared_ptr<const DecodedImage> decoded(uint32_t number) {
    {
      std::lock_guard<std::mutex> lock(mutex);
      auto found = cache.find(number);
      if (found != cache.end())
        return found->second;
    }
    auto image = std::make_shared<const DecodedImage>(
        decodeImage(whole(paths[size_t(number)])));
    std::lock_guard<std::mutex> lock(mutex);
    if (cachedBytes + image->pixels.size() <= options.cacheBytes &&
        cache.emplace(number, image).second)
      cachedBytes += image->pixels.size();
    return image;
  }

  std::string whole(const std::string &path) const {
    return (fs::path(folder) / path).string();
  }

  std::string folder;
  std::vector<std::string> paths;
  ImageFolderOptions options;
  std::mutex mutex;
  std::unordered_map<uint32_t, std::shared_ptr<const DecodedImage>> cache;
  int64_t cachedBytes = 0;
};

/// Names in a folder, sorted, without hidden ones.
std::vector<std::string> namesIn(const fs::path &folder) {
  std::error_code error;
  fs::directory_iterator entries(folder, error);
  if (error == std::errc::no_such_file_or_directory ||
      error == std::errc::not_a_directory)
    throw UserError("data set: the folder " + folder.string() +
                    " cannot be read: " + error.message() +
                    "; give a folder that holds train/CLASS/IMAGE and "
                    "val/CLASS/IMAGE");
  if (error)
    throw EnvironmentError("data set: the folder " + folder.string() +
                           " cannot be read: " + error.message());
  std::vector<std::string> names;
  for (; entries != fs::directory_iterator() && !error;
       entries.increment(error)) {
    std::string name = entries->path().filename().string();
    if (name.front() != '.')
      names.push_back(name);
  }
  if (error)
    throw EnvironmentError("data set: the folder " + folder.string() +
                           " cannot be read to its end: " + error.message());
  std::sort(names.begin(), names.end());
  return names;
}

void verifyImageName(const fs::path &path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  if (extension != ".jpg" && extension != ".jpeg" && extension != ".png")
    throw UserError("data set: " + path.string() +
                    " is not a .jpg, .jpeg or .png file; move it out of the "
                    "class folders");
  std::error_code error;
  if (!fs::is_regular_file(path, error))
    throw UserError("data set: " + path.string() +
                    " is a folder, or a link to nothing; move it out of the "
                    "class folders");
}

ImageSet listImages(const fs::path &folder,
                    const std::vector<std::string> &classes,
                    const ImageFolderOptions &options) {
  std::vector<std::vector<std::string>> imagesOfClass;
  size_t most = 0, total = 0;
  for (const std::string &name : classes) {
    imagesOfClass.push_back(namesIn(folder / name));
    for (const std::string &image : imagesOfClass.back())
      verifyImageName(folder / name / image);
    most = std::max(most, imagesOfClass.back().size());
    total += imagesOfClass.back().size();
  }
  if (total == 0 || total > std::numeric_limits<uint32_t>::max())
    throw UserError("data set: " + folder.string() + " holds " +
                    std::to_string(total) +
                    " images, must hold at least one and less than 2^32");
  ImageSet set;
  set.channels = 3;
  set.height = set.width = options.imageSize;
  set.classes = static_cast<int64_t>(classes.size());
  std::vector<std::string> paths;
  for (size_t number = 0; number < most; ++number)
    for (size_t which = 0; which < classes.size(); ++which)
      if (number < imagesOfClass[which].size()) {
        paths.push_back(
            (fs::path(classes[which]) / imagesOfClass[which][number]).string());
        set.labels.push_back(static_cast<Label>(which));
      }
  set.source =
      std::make_shared<ImageFolder>(folder.string(), std::move(paths), options);
  return set;
}

} // namespace

void ImageFolderOptions::verify() const {
  if (imageSize < 1 || imageSize > kMaxImageSize)
    throw UserError("image-size: is " + std::to_string(imageSize) +
                    ", must be between 1 and " + std::to_string(kMaxImageSize));
  if (cacheBytes < 0)
    throw UserError("image-cache: is " + std::to_string(cacheBytes) +
                    " bytes, must be at least 0");
}

DataSet loadImageFolders(const std::string &folder,
                         const ImageFolderOptions &options) {
  options.verify();
  fs::path root(folder);
  std::vector<std::string> classes = namesIn(root / "train");
  constexpr size_t kMaxClasses = size_t(std::numeric_limits<Label>::max()) + 1;
  if (classes.empty() || classes.size() > kMaxClasses)
    throw UserError("data set: " + (root / "train").string() + " holds " +
                    std::to_string(classes.size()) +
                    " classes, must hold 1 to " + std::to_string(kMaxClasses));
  for (const std::string &name : namesIn(root / "val"))
    if (!std::binary_search(classes.begin(), classes.end(), name))
      throw UserError("data set: the class " + (root / "val" / name).string() +
                      " has no folder in " + (root / "train").string() +
                      "; both need the same classes");
  DataSet set;
  set.name = "images";
  set.train = listImages(root / "train", classes, options);
  set.test = listImages(root / "val", classes, options);
  Normalisation normalisation = normalisationOf(set.name);
  set.mean = std::move(normalisation.mean);
  set.deviation = std::move(normalisation.deviation);
  set.augment = true;
  return set;
}

} // namespace lacuna
