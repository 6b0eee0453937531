//===- ImageDecoder.h - JPEG and PNG files ----------------------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_RUNTIME_DATA_IMAGEDECODER_H
#define LACUNA_RUNTIME_DATA_IMAGEDECODER_H

#include "lacuna/Runtime/Memory.h"

#include <cstdint>
#include <string>

namespace lacuna {

/// [height][width][3], red, green and blue.
struct DecodedImage {
  int64_t height = 0;
  int64_t width = 0;
  Buffer<uint8_t> pixels;
};

/// Reads a JPEG or PNG file, told apart by its first bytes: names lie. Grey
/// images, palettes and CMYK become RGB; what is transparent becomes black.
/// Components of 16 bits keep their upper 8. Throws UserError naming the file
/// when it is missing, neither, damaged, cut short or of more than 2^27 pixels,
/// EnvironmentError when memory runs out.
DecodedImage decodeImage(const std::string &path);

} // namespace lacuna

#endif // LACUNA_RUNTIME_DATA_IMAGEDECODER_H
